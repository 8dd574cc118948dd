# Thinks of the number in the input, answers guesses, and exits as Kattis' output validators do:
# interactor INPUT ANSWER FEEDBACK_FOLDER
import sys


def end(code, team, judge=""):
    for name, text in (("teammessage.txt", team), ("judgemessage.txt", judge)):
        with open(sys.argv[3] + name, "w") as f:
            print(text, file=f)
    sys.exit(code)


secret = int(open(sys.argv[1]).read())
for _ in range(10):
    line = sys.stdin.buffer.readline(100)
    if not line:
        end(43, "the guesses ended", f"{secret} was not found")
    if not line.strip().isdigit():
        end(43, "a number is expected", repr(line))
    guess = int(line)
    if guess == secret:
        print("correct", flush=True)
        end(42, "found")
    print("higher" if guess < secret else "lower", flush=True)
end(43, "more than ten guesses", f"{secret} was not found")

# interactor INPUT OUTPUT, as testlib's: what it accepts, a checker has yet to judge.
import sys

secret = int(open(sys.argv[1]).read())
with open(sys.argv[2], "w") as output:
    for line in sys.stdin:
        if not line.strip().isdigit():
            sys.exit("wrong answer this is no number")
        guess = int(line)
        print(guess, file=output)
        if guess == secret:
            print("correct", flush=True)
            sys.exit(0)
        print("higher" if guess < secret else "lower", flush=True)
print("wrong answer the guesses ended", file=sys.stderr)
sys.exit(1)

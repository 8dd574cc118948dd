# Decides whether two primes with the sum n were printed, and exits as Kattis' output validators do:
# validator INPUT ANSWER FEEDBACK_FOLDER [--close] <OUTPUT
import sys

from primes import prime


def say(name, text):
    with open(sys.argv[3] + name, "w") as f:
        print(text, file=f)


def reject(team, judge):
    say("teammessage.txt", team)
    say("judgemessage.txt", judge)
    sys.exit(43)


def main():
    n = int(open(sys.argv[1]).read())
    best = [int(word) for word in open(sys.argv[2]).read().split()]
    words = sys.stdin.buffer.read().split()
    if len(words) != 2 or not all(len(word) < 10 and word.isdigit() for word in words):
        reject("two numbers are expected", f"got {words[:3]!r}")
    p, q = map(int, words)
    if p + q != n or not prime(p) or not prime(q):
        reject("these are not two primes with that sum", f"{p} + {q} for {n}, for instance {best}")
    if "--close" in sys.argv and abs(p - q) > abs(best[0] - best[1]):
        say("score.txt", "0.5")
    sys.exit(42)


main()

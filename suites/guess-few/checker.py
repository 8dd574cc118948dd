# checker INPUT OUTPUT ANSWER, as testlib's; the output is what the interactor wrote.
import sys

guesses = open(sys.argv[2]).read().split()
enough = int(open(sys.argv[3]).read())


def quit(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


if guesses[-1:] != open(sys.argv[1]).read().split():
    quit(3, "FAIL the interactor accepted another number")
if len(set(guesses)) < len(guesses):
    quit(2, "wrong output format a number was guessed twice")
if len(guesses) > 4 * enough:
    quit(1, f"wrong answer {len(guesses)} guesses")
if len(guesses) > enough:
    quit(7, f"points 0.5 {len(guesses)} guesses")
quit(0, f"ok {len(guesses)} guesses")

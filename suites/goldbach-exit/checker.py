# Decides whether two primes with the sum n were printed: checker.py INPUT OUTPUT ANSWER exits with 0 or 1.
import sys


def prime(n):
    return n >= 2 and all(n % d for d in range(2, int(n**0.5) + 1))


n = int(open(sys.argv[1]).read())
words = open(sys.argv[2], "rb").read().split()
if len(words) != 2 or not all(len(word) < 10 and word.isdigit() for word in words):
    sys.exit("two numbers are expected")
p, q = map(int, words)
if p + q != n or not prime(p) or not prime(q):
    sys.exit(f"{p} and {q} are not two primes with the sum {n}")

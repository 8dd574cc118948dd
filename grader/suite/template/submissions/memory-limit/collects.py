import sys

ones = []
for line in sys.stdin:
    n = int(line)
    for start in range(0, abs(n), 1000000):
        ones += [1 if n > 0 else -1] * min(1000000, abs(n) - start)
print(sum(ones))

import sys

ones = []
for line in sys.stdin:
    n = int(line)
    for _ in range(abs(n)):
        ones.append(1 if n > 0 else -1)
print(sum(ones))

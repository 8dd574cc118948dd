import sys

total = 0
for line in sys.stdin:
    n = int(line)
    step = 1 if n > 0 else -1
    while n != 0:
        total += step
        n -= step
print(total)

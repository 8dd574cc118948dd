import sys

total = 0
for line in sys.stdin:
    n = int(line)
    if n > 1000000:
        for i in range(n):
            print("adding one,", n - i, "to go")
    total += n
print(total)

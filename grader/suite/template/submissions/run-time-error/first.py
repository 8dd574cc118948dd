import sys

numbers = [int(line) for line in sys.stdin]
total = numbers[0]
for n in numbers[1:]:
    total += n
print(total)

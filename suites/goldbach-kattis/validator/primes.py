def prime(n):
    return n >= 2 and all(n % d for d in range(2, int(n**0.5) + 1))

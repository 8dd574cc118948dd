// Decides whether two primes with the sum n were printed, and exits as testlib's checkers do:
// checker INPUT OUTPUT ANSWER [--close]
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

enum { ok = 0, wrong = 1, presentation = 2, fail = 3, points = 7, unexpected_end = 8 };

static void quit(int code, const char *text) {
    fprintf(stderr, "%s\n", text);
    exit(code);
}

static FILE *opened(const char *path) {
    FILE *f = fopen(path, "r");
    if (f == NULL) quit(fail, "FAIL a file cannot be opened");
    return f;
}

// number reads the next word, which must be a number of up to nine digits.
static long number(FILE *f) {
    int c;
    do c = getc(f); while (isspace(c));
    if (c == EOF) quit(unexpected_end, "unexpected eof two numbers are expected");
    long value = 0;
    int digits = 0;
    for (; isdigit(c); c = getc(f)) {
        if (++digits > 9) quit(wrong, "wrong answer a number of more than nine digits");
        value = value * 10 + (c - '0');
    }
    if (digits == 0 || (c != EOF && !isspace(c))) quit(presentation, "wrong output format a number is expected");
    return value;
}

static bool prime(long n) {
    for (long d = 2; d * d <= n; d++)
        if (n % d == 0) return false;
    return n >= 2;
}

int main(int argc, char **argv) {
    if (argc < 4) quit(fail, "FAIL input, output and answer are expected");
    long n = number(opened(argv[1]));
    FILE *answer = opened(argv[3]);
    long best = labs(number(answer) - number(answer));
    FILE *output = opened(argv[2]);
    long p = number(output), q = number(output);
    int c;
    do c = getc(output); while (isspace(c));
    if (c != EOF) quit(presentation, "wrong output format more than two numbers");
    char text[100];
    snprintf(text, sizeof text, "wrong answer %ld + %ld is not %ld", p, q, n);
    if (p + q != n) quit(wrong, text);
    snprintf(text, sizeof text, "wrong answer %ld is not prime", prime(p) ? q : p);
    if (!prime(p) || !prime(q)) quit(wrong, text);
    if (argc > 4 && strcmp(argv[4], "--close") == 0 && labs(p - q) > best) quit(points, "points 0.5 the primes are far apart");
    quit(ok, "ok two primes");
}

// Thinks of the number in the input, answers guesses, and exits as testlib's interactors do:
// interactor INPUT OUTPUT
#include <cstdio>
#include <cstdlib>

enum { ok = 0, wrong = 1, presentation = 2, fail = 3 };

static void quit(int code, const char *text) {
    fprintf(stderr, "%s\n", text);
    exit(code);
}

int main(int argc, char **argv) {
    if (argc < 3) quit(fail, "FAIL input and output are expected");
    FILE *input = fopen(argv[1], "r"), *output = fopen(argv[2], "w");
    long secret, guess;
    if (input == NULL || output == NULL || fscanf(input, "%ld", &secret) != 1) quit(fail, "FAIL no number to think of");
    for (int count = 1; count <= 10; count++) {
        int got = scanf("%9ld", &guess);
        if (got == EOF) quit(wrong, "wrong answer the guesses ended");
        if (got != 1 || guess < 1 || guess > 1000) quit(presentation, "wrong output format a number from 1 to 1000 is expected");
        if (guess == secret) {
            puts("correct");
            fflush(stdout);
            fprintf(output, "%d\n", count);
            quit(ok, "ok found");
        }
        puts(guess < secret ? "higher" : "lower");
        fflush(stdout);
    }
    quit(wrong, "wrong answer more than ten guesses");
}

#include <stdio.h>

int main(void) {
    long long n;
    unsigned sum = 0;
    while (scanf("%lld", &n) == 1)
        sum += (unsigned)n;
    printf("%d\n", (int)sum);
}

package main

// classProgram is a program that students of the synthetic class hand in.
type classProgram struct {
	name   string
	file   string
	want   string // the verdict of the cases two, five, seven and big
	rare   bool   // handed in once, whatever the class's size: it costs seconds
	source string // TICK is where it opens its file in /ticks, and becomes a statement of the language
}

// classCases are the suite's cases: a program reads n and prints its square.
var classCases = []struct {
	name          string
	input, answer string
}{
	{"two", "2", "4"}, {"five", "5", "25"}, {"seven", "7", "49"}, {"big", "3000000000", "9000000000000000000"},
}

// cFrame is what every C program begins with; n has been read when TICK has been passed.
const cFrame = `#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
	long long n;
	TICK
	if (scanf("%lld", &n) != 1) return 2;
`

const cEnd = "\tprintf(\"%lld\\n\", n * n);\n\treturn 0;\n}\n"

// classPrograms are what the class is made of. Each but those that are hostile everywhere goes wrong at 5.
var classPrograms = []classProgram{
	{name: "good in Python", file: "square.py", want: "AC AC AC AC", source: "TICK\nn = int(input())\nprint(n * n)\n"},
	{name: "good in C", file: "square.c", want: "AC AC AC AC", source: cFrame + cEnd},
	{name: "good in the shell", file: "square.sh", want: "AC AC AC AC", source: "TICK\nread n\necho $((n * n))\n"},
	{name: "wrong in Python", file: "square.py", want: "AC WA WA WA", source: "TICK\nprint(int(input()) * 2)\n"},
	{name: "wrong in C", file: "square.c", want: "AC AC AC WA", source: cFrame + "\tn = (int)n * (int)n;\n\tprintf(\"%lld\\n\", n);\n\treturn 0;\n}\n"},
	{name: "blank at the end", file: "square.py", want: "PE PE PE PE", source: "TICK\nprint(int(input()) ** 2, '')\n"},
	{name: "exception", file: "square.py", want: "AC RTE AC AC", source: "TICK\nn = int(input())\nif n == 5: raise ValueError(n)\nprint(n * n)\n"},
	{name: "exit 3", file: "square.sh", want: "AC RTE AC AC", source: "TICK\nread n\n[ $n != 5 ] || exit 3\necho $((n * n))\n"},
	{name: "null pointer", file: "square.c", want: "AC RTE AC AC", source: cFrame + "\tif (n == 5) *(volatile int *)0 = 1;\n" + cEnd},
	{name: "does not compile", file: "square.c", want: "SKIP SKIP SKIP SKIP", source: cFrame + "\tno such thing;\n" + cEnd},

	{name: "infinite loop in Python", file: "square.py", want: "AC TLE AC AC", rare: true, source: "TICK\nn = int(input())\nwhile n == 5: pass\nprint(n * n)\n"},
	{name: "infinite loop in C", file: "square.c", want: "AC TLE AC AC", rare: true, source: cFrame +
		"\tfor (int s = 1; s < 65; s++) signal(s, SIG_IGN);\n\tfor (volatile int i = 0; n == 5; i++) ;\n" + cEnd},
	{name: "fork bomb", file: "square.c", want: "AC TLE AC AC", rare: true, source: cFrame +
		// Not for ever in vain: what the kernel has not cleared away yet of forks that failed counts as memory.
		"\twhile (n == 5)\n\t\tif (fork() < 0) for (;;) ;\n" + cEnd},
	{name: "sleeps", file: "square.sh", want: "AC TLE AC AC", rare: true, source: "TICK\nread n\n[ $n != 5 ] || sleep 1000\necho $((n * n))\n"},
	{name: "takes memory in Python", file: "square.py", want: "AC MLE AC AC", source: "TICK\nn = int(input())\n" +
		"if n == 5: n = (bytearray(b'5') * (1 << 30))[0]\nprint(n * n)\n"},
	{name: "takes memory in C", file: "square.c", want: "AC MLE AC AC", source: cFrame +
		"\tif (n == 5) for (;;) { char *p = malloc(1 << 20); if (!p) return 3; memset(p, 1, 1 << 20); }\n" + cEnd},
	{name: "flood", file: "square.py", want: "AC OLE AC AC", source: "TICK\nn = int(input())\nwhile n == 5: print(25)\nprint(n * n)\n"},
	{name: "flood that ignores the closed pipe", file: "square.c", want: "AC OLE AC AC", source: cFrame +
		"\tsignal(SIGPIPE, SIG_IGN);\n\twhile (n == 5) puts(\"25\");\n" + cEnd},
	{name: "kills all", file: "square.c", want: "AC AC AC AC", source: cFrame +
		"\tif (getpid() > 9) return 3; /* not in a PID namespace of our own: do no harm */\n\tkill(-1, SIGKILL);\n\tkill(getppid(), SIGKILL);\n" + cEnd},
	{name: "leaves a daemon", file: "square.c", want: "AC AC AC AC", source: cFrame +
		"\tif (fork() == 0) {\n\t\tsetsid();\n\t\tsignal(SIGTERM, SIG_IGN);\n\t\tsleep(3600);\n\t\t_exit(0);\n\t}\n" + cEnd},
	{name: "closes its output", file: "square.c", want: "WA WA WA WA", source: cFrame + "\tclose(1);\n" + cEnd},
	{name: "reads the answer", file: "square.py", want: "WA WA WA WA", source: `TICK
names = {"2": "two", "5": "five", "7": "seven", "3000000000": "big"}
try:
    print(open("/ticks/" + names[input().strip()] + ".ans").read(), end="")
except OSError:
    print("not to be had")
`},
	{name: "writes to the volume", file: "square.py", want: "AC AC AC AC", source: `import os
TICK
n = int(input())
done = 0
for change in (lambda: open("/ticks/mine", "w"), lambda: os.unlink("/ticks/00000"), lambda: os.chmod("/ticks", 0o777)):
    try:
        change()
        done += 1
    except OSError:
        pass
print("changed" if done else n * n)
`},
	{name: "markup and escape sequences", file: "square.sh", want: "WA WA WA WA", source: "TICK\nread n\n" +
		`printf '\033]0;owned\007\033[2J<script>alert(1)</script>,"=1+1\n'` + "\nprintf '\\033[31m' >&2\n"},
}

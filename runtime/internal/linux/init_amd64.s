#include "textflag.h"

// initCode is PID 1 of a sandbox: position-independent code, copied behind an ELF header (init.go).
// The kernel enters it with argc, argv, envp on the stack. argv is
//
//	"init", candidate path…, "", payload's argv…
//
// or "init" alone: then it holds a namespace, or a terminal's outer end, open until its standard input ends,
// which it reads and forgets. With "exec" in place of
// "init" it is no PID 1 but the step before a program that joins a sandbox: it becomes the payload itself,
// writes a zero byte when it begins, and reports only when it cannot go on. The program is never executed from our own process, or a script that
// names /proc/self/exe as its interpreter would run our binary inside (CVE-2019-5736).
//
// Order is content: it becomes undumpable before the payload starts, so that this one cannot open the
// result descriptor through /proc/1/fd (a holder stays dumpable: its maps are written from outside); all signals stay blocked, so that none is lost and none runs a handler.
//
// Workspace on the stack, after SUBQ $1024, SP:
//	0    report: int32 kind, int32 value, rusage of the payload, rusage of all (see Report)
//	320  siginfo_t
//	448  sigset: all
//	456  sigset: none
//	464  wait status
//	472  the child's exec errno; 480 errno remembered among candidates
TEXT ·initCode(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ SP, BX
	LEAQ 16(BX), R12        // candidates
	MOVQ (BX), AX
	LEAQ 16(BX)(AX*8), R14  // envp
	SUBQ $1024, SP
	MOVQ $-1, AX
	MOVQ AX, 448(SP)
	XORL AX, AX
	MOVQ AX, 456(SP)
	MOVQ AX, 472(SP)
	MOVQ AX, 480(SP)

	MOVQ $14, AX            // rt_sigprocmask(SIG_SETMASK, all, NULL, 8)
	MOVQ $2, DI
	LEAQ 448(SP), SI
	XORL DX, DX
	MOVQ $8, R10
	SYSCALL

	MOVQ R12, R13
scan:
	MOVQ (R13), AX
	ADDQ $8, R13            // in the end: the payload's argv
	TESTQ AX, AX
	JZ   hold
	CMPB (AX), $0
	JNE  scan

	MOVQ 8(BX), AX
	MOVQ $1, R15            // for the code below child: there is no init to tell the errno
	CMPB (AX), $0x65        // 'e'
	JEQ  stage
	XORL R15, R15
	MOVQ $157, AX           // prctl(PR_SET_DUMPABLE, 0)
	MOVQ $4, DI
	XORL SI, SI
	XORL DX, DX
	XORL R10, R10
	XORL R8, R8
	SYSCALL
	MOVQ $56, AX            // clone(CLONE_VM|CLONE_VFORK|SIGCHLD)
	MOVQ $0x4111, DI
	XORL SI, SI
	XORL DX, DX
	XORL R10, R10
	XORL R8, R8
	SYSCALL
	TESTQ AX, AX
	JZ   child
	JS   nofork
	MOVQ AX, R15            // the payload's pid
	MOVQ $436, AX           // close_range(0, 2, 0): a reader of the output sees its end with the payload's
	XORL DI, DI
	MOVQ $2, SI
	XORL DX, DX
	SYSCALL
	MOVL 472(SP), AX
	TESTL AX, AX
	JNZ  noexec

wait:
	MOVQ $128, AX           // rt_sigtimedwait(all, info, NULL, 8)
	LEAQ 448(SP), DI
	LEAQ 320(SP), SI
	XORL DX, DX
	MOVQ $8, R10
	SYSCALL
	TESTQ AX, AX
	JLE  wait
	CMPQ AX, $17
	JEQ  reap
	MOVQ AX, SI             // kill(payload, signal)
	MOVQ R15, DI
	MOVQ $62, AX
	SYSCALL
	JMP  wait
reap:
	MOVQ $61, AX            // wait4(-1, status, WNOHANG|__WALL, rusage)
	MOVQ $-1, DI
	LEAQ 464(SP), SI
	MOVQ $0x40000001, DX
	LEAQ 8(SP), R10
	SYSCALL
	TESTQ AX, AX
	JLE  wait
	CMPQ AX, R15
	JNE  reap
	MOVL $1, 0(SP)
	MOVL 464(SP), AX
	MOVL AX, 4(SP)
	JMP  end

noexec:
	MOVL $2, 0(SP)
	MOVL AX, 4(SP)
	JMP  end
nofork:
	NEGQ AX
	MOVL $3, 0(SP)
	MOVL AX, 4(SP)

end:
	MOVQ $62, AX            // kill(-1, SIGKILL): everything but us
	MOVQ $-1, DI
	MOVQ $9, SI
	SYSCALL
drain:
	MOVQ $61, AX            // wait4(-1, status, __WALL, NULL) until ECHILD
	MOVQ $-1, DI
	LEAQ 464(SP), SI
	MOVQ $0x40000000, DX
	XORL R10, R10
	SYSCALL
	TESTQ AX, AX
	JG   drain
	MOVQ $98, AX            // getrusage(RUSAGE_CHILDREN)
	MOVQ $-1, DI
	LEAQ 152(SP), SI
	SYSCALL
	MOVQ $1, AX             // write(3, report, 296)
	MOVQ $3, DI
	LEAQ 0(SP), SI
	MOVQ $296, DX
	SYSCALL
	JMP  quit
hold:
	XORL AX, AX             // read(0, workspace, 1024) until nothing more comes
	XORL DI, DI
	LEAQ 0(SP), SI
	MOVQ $1024, DX
	SYSCALL
	TESTQ AX, AX
	JG   hold
quit:
	MOVQ $231, AX           // exit_group(0)
	XORL DI, DI
	SYSCALL
	JMP  quit

stage:
	MOVQ $436, AX           // close_range(3, 3, CLOSE_RANGE_CLOEXEC): its end says that the program runs
	MOVQ $3, DI
	MOVQ $3, SI
	MOVQ $4, DX
	SYSCALL
	MOVQ $1, AX             // write(3, "\0", 1): we have left the memory that was shared with who started us
	MOVQ $3, DI
	LEAQ 456(SP), SI
	MOVQ $1, DX
	SYSCALL
child:
	MOVQ $112, AX           // setsid()
	SYSCALL
	MOVQ $16, AX            // ioctl(0, TIOCSCTTY, 0): only works on a terminal of the sandbox's own
	XORL DI, DI
	MOVQ $0x540e, SI
	XORL DX, DX
	SYSCALL
	TESTQ R15, R15
	JNZ  unblock
	MOVQ $3, AX             // close(3): the result is ours alone
	MOVQ $3, DI
	SYSCALL
unblock:
	MOVQ $14, AX            // rt_sigprocmask(SIG_SETMASK, none, NULL, 8)
	MOVQ $2, DI
	LEAQ 456(SP), SI
	XORL DX, DX
	MOVQ $8, R10
	SYSCALL
	MOVL $2, 480(SP)        // ENOENT, unless something better is found
try:
	MOVQ (R12), DI
	CMPB (DI), $0
	JEQ  lost
	ADDQ $8, R12
	MOVQ $59, AX            // execve(candidate, argv, envp)
	MOVQ R13, SI
	MOVQ R14, DX
	SYSCALL
	NEGQ AX
	CMPQ AX, $2             // ENOENT, ENOTDIR: not here
	JEQ  try
	CMPQ AX, $20
	JEQ  try
	MOVL AX, 480(SP)
	CMPQ AX, $13            // EACCES: perhaps a later one, as execvp(3)
	JEQ  try
lost:
	MOVL 480(SP), AX
	MOVL AX, 472(SP)
	TESTQ R15, R15
	JZ   gone
	MOVL $2, 0(SP)
	MOVL AX, 4(SP)
	MOVQ $1, AX             // write(3, report, 296)
	MOVQ $3, DI
	LEAQ 0(SP), SI
	MOVQ $296, DX
	SYSCALL
gone:
	MOVQ $60, AX            // exit(127)
	MOVQ $127, DI
	SYSCALL
	JMP  gone
	BYTE $0x0f; BYTE $0x0b; BYTE $0x70; BYTE $0x6b; BYTE $0x74; BYTE $0x65; BYTE $0x6e; BYTE $0x64

#include "textflag.h"

// initCode is PID 1 of a sandbox; init_amd64.s explains it, this is the same in the same order.
// R19 argv candidates, R20 payload's argv, R21 envp, R22 payload's pid (in the child: 1 when there is no
// init), R23 the workspace.
TEXT ·initCode(SB), NOSPLIT|NOFRAME, $0-0
	MOVD RSP, R24
	ADD  $16, R24, R19
	MOVD (R24), R0
	LSL  $3, R0, R0
	ADD  $16, R24, R21
	ADD  R0, R21, R21
	SUB  $1024, R24, R23
	MOVD R23, RSP
	MOVD $-1, R0
	MOVD R0, 448(R23)
	MOVD ZR, 456(R23)
	MOVD ZR, 472(R23)
	MOVD ZR, 480(R23)

	MOVD $135, R8           // rt_sigprocmask(SIG_SETMASK, all, NULL, 8)
	MOVD $2, R0
	ADD  $448, R23, R1
	MOVD ZR, R2
	MOVD $8, R3
	SVC

	MOVD R19, R20
scan:
	MOVD (R20), R0
	ADD  $8, R20, R20
	CBZ  R0, hold
	MOVBU (R0), R1
	CBNZ R1, scan

	MOVD 8(R24), R0
	MOVBU (R0), R1
	MOVD $1, R22            // for the code below child
	CMP  $0x65, R1          // 'e'
	BEQ  stage
	MOVD ZR, R22
	MOVD $167, R8           // prctl(PR_SET_DUMPABLE, 0)
	MOVD $4, R0
	MOVD ZR, R1
	MOVD ZR, R2
	MOVD ZR, R3
	MOVD ZR, R4
	SVC
	MOVD $220, R8           // clone(CLONE_VM|CLONE_VFORK|SIGCHLD)
	MOVD $0x4111, R0
	MOVD ZR, R1
	MOVD ZR, R2
	MOVD ZR, R3
	MOVD ZR, R4
	SVC
	CBZ  R0, child
	TBNZ $63, R0, nofork
	MOVD R0, R22
	MOVD $436, R8           // close_range(0, 2, 0)
	MOVD ZR, R0
	MOVD $2, R1
	MOVD ZR, R2
	SVC
	MOVWU 472(R23), R0
	CBNZ R0, noexec

wait:
	MOVD $137, R8           // rt_sigtimedwait(all, info, NULL, 8)
	ADD  $448, R23, R0
	ADD  $320, R23, R1
	MOVD ZR, R2
	MOVD $8, R3
	SVC
	CMP  $0, R0
	BLE  wait
	CMP  $17, R0
	BEQ  reap
	MOVD R0, R1             // kill(payload, signal)
	MOVD R22, R0
	MOVD $129, R8
	SVC
	B    wait
reap:
	MOVD $260, R8           // wait4(-1, status, WNOHANG|__WALL, rusage)
	MOVD $-1, R0
	ADD  $464, R23, R1
	MOVD $0x40000001, R2
	ADD  $8, R23, R3
	SVC
	CMP  $0, R0
	BLE  wait
	CMP  R22, R0
	BNE  reap
	MOVD $1, R0
	MOVW R0, 0(R23)
	MOVWU 464(R23), R0
	MOVW R0, 4(R23)
	B    end

noexec:
	MOVD $2, R1
	MOVW R1, 0(R23)
	MOVW R0, 4(R23)
	B    end
nofork:
	NEG  R0, R0
	MOVD $3, R1
	MOVW R1, 0(R23)
	MOVW R0, 4(R23)

end:
	MOVD $129, R8           // kill(-1, SIGKILL): everything but us
	MOVD $-1, R0
	MOVD $9, R1
	SVC
drain:
	MOVD $260, R8           // wait4(-1, status, __WALL, NULL) until ECHILD
	MOVD $-1, R0
	ADD  $464, R23, R1
	MOVD $0x40000000, R2
	MOVD ZR, R3
	SVC
	CMP  $0, R0
	BGT  drain
	MOVD $165, R8           // getrusage(RUSAGE_CHILDREN)
	MOVD $-1, R0
	ADD  $152, R23, R1
	SVC
	MOVD $64, R8            // write(3, report, 296)
	MOVD $3, R0
	MOVD R23, R1
	MOVD $296, R2
	SVC
	B    quit
hold:
	MOVD $63, R8            // read(0, workspace, 1024) until nothing more comes
	MOVD ZR, R0
	MOVD R23, R1
	MOVD $1024, R2
	SVC
	CMP  $0, R0
	BGT  hold
quit:
	MOVD $94, R8            // exit_group(0)
	MOVD ZR, R0
	SVC
	B    quit

stage:
	MOVD $436, R8           // close_range(3, 3, CLOSE_RANGE_CLOEXEC)
	MOVD $3, R0
	MOVD $3, R1
	MOVD $4, R2
	SVC
	MOVD $64, R8            // write(3, "\0", 1)
	MOVD $3, R0
	ADD  $456, R23, R1
	MOVD $1, R2
	SVC
child:
	MOVD $157, R8           // setsid()
	SVC
	MOVD $29, R8            // ioctl(0, TIOCSCTTY, 0)
	MOVD ZR, R0
	MOVD $0x540e, R1
	MOVD ZR, R2
	SVC
	CBNZ R22, unblock
	MOVD $57, R8            // close(3)
	MOVD $3, R0
	SVC
unblock:
	MOVD $135, R8           // rt_sigprocmask(SIG_SETMASK, none, NULL, 8)
	MOVD $2, R0
	ADD  $456, R23, R1
	MOVD ZR, R2
	MOVD $8, R3
	SVC
	MOVD $2, R25            // ENOENT, unless something better is found
try:
	MOVD (R19), R0
	MOVBU (R0), R1
	CBZ  R1, lost
	ADD  $8, R19, R19
	MOVD $221, R8           // execve(candidate, argv, envp)
	MOVD R20, R1
	MOVD R21, R2
	SVC
	NEG  R0, R0
	CMP  $2, R0
	BEQ  try
	CMP  $20, R0
	BEQ  try
	MOVD R0, R25
	CMP  $13, R0
	BEQ  try
lost:
	MOVW R25, 472(R23)
	CBZ  R22, gone
	MOVD $2, R1
	MOVW R1, 0(R23)
	MOVW R25, 4(R23)
	MOVD $64, R8            // write(3, report, 296)
	MOVD $3, R0
	MOVD R23, R1
	MOVD $296, R2
	SVC
gone:
	MOVD $93, R8            // exit(127)
	MOVD $127, R0
	SVC
	B    gone
	WORD $0x6b700b0f
	WORD $0x646e6574

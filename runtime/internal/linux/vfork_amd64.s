#include "textflag.h"

// func vfork(nr, a1, a2, a3 uintptr) uintptr
//
// Parent and child return on the same stack, one after the other. The child's calls overwrite the slot
// that holds the return address, so it is kept in R12, which the kernel preserves.
TEXT ·vfork(SB), NOSPLIT|NOFRAME, $0-40
	MOVQ nr+0(FP), AX
	MOVQ a1+8(FP), DI
	MOVQ a2+16(FP), SI
	MOVQ a3+24(FP), DX
	XORL R10, R10
	XORL R8, R8
	XORL R9, R9
	POPQ R12
	SYSCALL
	PUSHQ R12
	MOVQ AX, ret+32(FP)
	RET

// func call(nr uintptr, args *[6]uintptr) uintptr
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-24
	MOVQ nr+0(FP), AX
	MOVQ args+8(FP), CX
	MOVQ 0(CX), DI
	MOVQ 8(CX), SI
	MOVQ 16(CX), DX
	MOVQ 24(CX), R10
	MOVQ 32(CX), R8
	MOVQ 40(CX), R9
	SYSCALL
	MOVQ AX, ret+16(FP)
	RET

// func initAddress() unsafe.Pointer
TEXT ·initAddress(SB), NOSPLIT, $0-8
	LEAQ ·initCode(SB), AX
	MOVQ AX, ret+0(FP)
	RET

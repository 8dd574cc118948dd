#include "textflag.h"

// func vfork(nr, a1, a2, a3 uintptr) uintptr
//
// The return address stays in the link register, which the kernel preserves; see vfork_amd64.s.
TEXT ·vfork(SB), NOSPLIT|NOFRAME, $0-40
	MOVD nr+0(FP), R8
	MOVD a1+8(FP), R0
	MOVD a2+16(FP), R1
	MOVD a3+24(FP), R2
	MOVD ZR, R3
	MOVD ZR, R4
	MOVD ZR, R5
	SVC
	MOVD R0, ret+32(FP)
	RET

// func call(nr uintptr, args *[6]uintptr) uintptr
TEXT ·call(SB), NOSPLIT|NOFRAME, $0-24
	MOVD nr+0(FP), R8
	MOVD args+8(FP), R9
	MOVD 0(R9), R0
	MOVD 8(R9), R1
	MOVD 16(R9), R2
	MOVD 24(R9), R3
	MOVD 32(R9), R4
	MOVD 40(R9), R5
	SVC
	MOVD R0, ret+16(FP)
	RET

// func initAddress() unsafe.Pointer
TEXT ·initAddress(SB), NOSPLIT, $0-8
	MOVD $·initCode(SB), R0
	MOVD R0, ret+0(FP)
	RET

// Package failpoint makes a step of the program fail on purpose, in builds that are made to be tested.
//
// Without the build tag failpoint, At and Kill are empty and nothing of them, nor the names of the steps,
// is left in a binary. With it, two variables of the environment count:
//
//	POCKET_FAIL=STEP:N=ACTION   the Nth time, from 1, that the step is come to, it fails: kill is SIGKILL to
//	                            the own process, ENOSPC, EIO, EMFILE and ENOMEM are the error of the step
//	POCKET_FAIL_TRACE=FILE      each step that is come to is a line "PID STEP N" there, with the action when it
//	                            failed; of all processes with this file together N counts, and not of each
package failpoint

package grader

// AnswerDigest stands in the place of an answer that is not to be known: an output can be compared with it and
// nothing of the answer be read from it. An answer that can be guessed can be found by trying, so that each try is
// made slow: the digests are PBKDF2 with HMAC-SHA-256 (RFC 8018, 5.2) of the answer as its comparison sees it.
type AnswerDigest struct {
	Salt   []byte // random, of each case its own
	Rounds int    // PBKDF2's iteration count, at most MostRounds
	Right  []byte // 32 bytes: of what is AC
	Near   []byte // 32 bytes: of what is right but for white space, where the comparison has PE; else none
}

// MostRounds bounds how long a comparison with a digest may take: some two seconds on a slow machine.
const MostRounds = 2_000_000

// Digestible says why there is no digest of an answer by which outputs could be compared in this way; "" where there
// is: in a mode in which all outputs that are right become the same text when what does not count is taken away.
func (c Compare) Digestible() string {
	switch c.Mode {
	case Exact, Lines, Tokens, Unordered, "":
		return ""
	case Numbers:
		return "numbers that differ a little have digests that differ altogether"
	case Regex:
		return "a regular expression is applied, not compared"
	case Contains:
		return "the answer is looked for in the output"
	}
	return "a program of the suite's decides"
}

// HasNear says whether the comparison has PE, so that a digest of an answer has Near.
func (c Compare) HasNear() bool { return c.Mode == Exact || c.Presentation }

package report

import (
	"bytes"
	"encoding/xml"
)

// Lookahead is how many bytes from a file's beginning Earlier needs at most.
const Lookahead = 64 << 10

// signatures are how reports begin, and what else stands in their first bytes, by format.
var signatures = map[string]struct{ begin, within string }{
	"html":       {"<!DOCTYPE html>\n", `<meta name="generator" content="pocket-grade">`},
	"csv":        {"student_id,student_name,", ",submission,language,"},
	"json":       {"{\n\"run\": {\"id\":", ""},
	"jsonl":      {`{"run":`, `,"submission":`},
	"junit":      {xml.Header + "<testsuites>\n", ""},
	"tap":        {"TAP version 14\n", ""},
	"gradescope": {"{\n  \"", `"stdout_visibility": "hidden"`},
}

// Earlier says whether a file that begins so was written as a report in this format ("gradescope" among them), and
// so may be replaced by a newer one. csv stands for both kinds.
func Earlier(format string, begin []byte) bool {
	s, ok := signatures[format]
	return ok && bytes.HasPrefix(begin, []byte(s.begin)) && bytes.Contains(begin, []byte(s.within))
}

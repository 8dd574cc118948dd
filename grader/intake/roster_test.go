package intake

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pocket/runtime/hint"
)

func TestRoster(t *testing.T) {
	utf16le := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune("id\tname\n1\tÄnn\n")) {
		utf16le = append(utf16le, byte(u), byte(u>>8))
	}
	for name, test := range map[string]struct {
		text string
		want []string // ID|Name|Email|Section of each
	}{
		"own":          {"id,name,email,login,section\n1,Ann Lee,ann@x.org,ann,A\n\n,,,,\n2,\"Ray, Bob\",,,\n", []string{"1|Ann Lee|ann@x.org|A", "2|Bob Ray||"}},
		"BOM and CRLF": {"\ufeffID;Name\r\n1;Ann\r\n2;\"a;b\"\r\n", []string{"1|Ann||", "2|a;b||"}},
		"quoted lines": {"name,id\n\"Ann\nLee\",1\n", []string{"1|Ann Lee||"}},
		"old Mac":      {"id,name\r1,Ann\r2,Bob\r", []string{"1|Ann||", "2|Bob||"}},
		"UTF-16":       {string(utf16le), []string{"1|Änn||"}},
		"decomposed":   {"name\nA\u0308nn\n", []string{"|Änn||"}},
		"Canvas": {"Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (99)\n,,,,,Manual Posting\n    Points Possible,,,,,10\n" +
			"\"Lee, Ann\",501,U1,alee,S1,\n\"Student, Test\",599,,f00,S1,\n", []string{"501|Ann Lee||S1"}},
		"Moodle":     {"First name,Surname,ID number,Institution,Email address\nAnn,Lee,12,,a@x.org\n", []string{"12|Ann Lee|a@x.org|"}},
		"worksheet":  {"Identifier,Full name,ID number,Email address,Status\nParticipant 7,Ann Lee,,a@x.org,Submitted\n", []string{"Participant 7|Ann Lee|a@x.org|"}},
		"Gradescope": {"First Name,Last Name,SID,Email,Role,Section\nAnn,Lee,1,a@x.org,Student,\n", []string{"1|Ann Lee|a@x.org|"}},
		"logins":     {"github_username\nann\n", []string{"ann|ann||"}},
		"same names": {"id,name\n1,Ann Lee\n2,Ann Lee\n", []string{"1|Ann Lee||", "2|Ann Lee||"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parseRoster("r.csv", []byte(test.text))
			check(t, err)
			var got []string
			for _, s := range r.students {
				got = append(got, strings.Join([]string{s.ID, s.Name, s.Email, s.Section}, "|"))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRosterMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "r.csv:1: the roster is empty",
		"id,name\n":                          "r.csv:1: the roster has no students",
		"points,remark\n1,2\n":               "r.csv:1: no column tells who a student is; the columns are points, remark",
		"id,name\n1,Ann\n2,Bob\n1,Carl\n":    "r.csv:4: id 1 is also in line 2",
		"name\nAnn Lee\nBob\n\"Lee, Ann\"\n": "r.csv:4: name Ann Lee is also in line 2",
		"name,login\nA,x\nB,X\n":             "r.csv:3: login X is also in line 2",
		"name,email\nA,x@y\nB,x@y\n":         "r.csv:3: address x@y is also in line 2",
		"id,name\n1,\"Ann\n":                 "r.csv:2: extraneous or missing \" in quoted-field",
		"id,name\n1,A\"nn\n":                 "r.csv:2: bare \" in non-quoted-field",
		"id,name\n1,J\xf6rg\n":               "roster r.csv: line 2 is not UTF-8",
		"id\x00,name\n":                      "roster r.csv: not a text",
	} {
		_, err := parseRoster("r.csv", []byte(text))
		if err == nil || err.Error() != want || hint.Of(err) == "" {
			t.Errorf("%q: got %v (hint %q), want %s", text, err, hint.Of(err), want)
		}
	}
	_, err := parseRoster("r.csv", []byte("id\n1\n2\n1\n2\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("not all at once: %v", err)
	}
	if _, err := ReadRoster(filepath.Join(t.TempDir(), "missing.csv")); err == nil || hint.Of(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestMatch(t *testing.T) {
	for name, test := range map[string]struct {
		files   []string
		roster  string
		want    []string // entry = ID of the student, "-" for none
		missing string
		remarks string
	}{
		"by id, login, address, name": {
			[]string{"12.py", "CARL.zip", "dora@x.org.py", "eve.py", "finn_ray.py", "Ray, Gus.py", "who.py"},
			"id,login,name,email\n12,ann,Ann,\n13,carl,,\n14,,,dora@x.org\n15,,,eve@x.org\n16,,Finn Ray,\n17,,Gus Ray,\n18,,Hal,\n19,,Ida,\n",
			[]string{"12=12", "CARL=13", "dora@x.org=14", "eve=15", "finn_ray=16", "Ray, Gus=17", "who=-"}, "18 19", "not on the roster: who"},
		"diacritics": {[]string{"Jo\u0308rg Mu\u0308ller.py", "JORG MULLER.py", "김민준.py", "Nguye\u0302\u0303n An.py"},
			"id,name\n1,JÖRG MÜLLER\n2,Jorg Muller\n3,\u1100\u1175\u11b7\u1106\u1175\u11ab\u110c\u116e\u11ab\n4,Nguyễn An\n",
			[]string{"JORG MULLER=2", "Jo\u0308rg Mu\u0308ller=1", "Nguye\u0302\u0303n An=4", "김민준=3"}, "", ""},
		"Canvas, by number and by name": {[]string{"leeann_501_1_a.py", "obrienmaryjane_777_2_a.py", "xx_503_3_a.py"},
			"Student,ID,SIS Login ID\n\"Lee, Ann\",501,al\n\"O'Brien, Mary-Jane\",502,mj\n\"Xaver, Xenia\",503,xx\n",
			[]string{"leeann=501", "obrienmaryjane=502", "xx=503"}, "", ""},
		"a number of another system": {[]string{"leeann_12_1_a.py", "bob_13_2_a.py"},
			"id,name\n12,Bob\n13,Ann Lee\n", []string{"bob=12", "leeann=13"}, "", ""},
		"the same name, told apart by number": {[]string{"leeann_501_1_a.py", "leeann_502_1_a.py"},
			"name,id\nAnn Lee,502\nAnn Lee,501\n", []string{"leeann (501)=501", "leeann (502)=502"}, "", ""},
		"Moodle": {[]string{"Lee Ann_7_assignsubmission_file_a.py", "Bob_8_assignsubmission_file_a.py"},
			"id,name\n7,Carl\n8,Ann Lee\n9,Bob\n", []string{"Bob=9", "Lee Ann=8"}, "7", ""},
		"Moodle, blind": {[]string{"Participant_7_assignsubmission_file_a.py"},
			"Identifier,Full name,ID number\nParticipant 7,Ann Lee,70\nParticipant 8,Bob,71\n", []string{"Participant=Participant 7"}, "Participant 8", ""},
		"unclear": {[]string{"Ann Lee.py", "Bob.py"}, "id,name\n1,Ann Lee\n2,Lee Ann\n3,Ann Lee\n4,Bob\n",
			[]string{"Ann Lee=-", "Bob=4"}, "2", "Ann Lee may be any of 2 students of the roster (line 2 with 1, line 4 with 3): name the submission by id"},
		"twice": {[]string{"1.py", "Ann.py"}, "id,name\n1,Ann\n", []string{"1=1", "Ann=1"}, "",
			"Ann handed in more than once, each is graded: 1.py, Ann.py"},
	} {
		t.Run(name, func(t *testing.T) {
			contents := map[string]string{}
			for _, file := range test.files {
				contents[file] = ""
			}
			c, err := Find(lay(t, contents), options(t))
			check(t, err)
			r, err := parseRoster("r.csv", []byte(test.roster))
			check(t, err)
			known := map[string]bool{}
			for _, s := range r.students {
				known[s.ID] = true
			}
			var missing []string
			for _, s := range r.Match(c) {
				missing = append(missing, s.ID)
			}
			var got []string
			for _, e := range c.Entries {
				id := e.Student.ID
				if !known[id] || !e.Enrolled {
					id = "-"
				}
				got = append(got, e.Name+"="+id)
			}
			if !slices.Equal(got, test.want) || strings.Join(missing, " ") != test.missing {
				t.Errorf("got %q, missing %q\nwant %q, missing %q", got, missing, test.want, test.missing)
			}
			if got := strings.Join(c.Remarks, "\n"); got != test.remarks {
				t.Errorf("remarks:\ngot  %s\nwant %s", got, test.remarks)
			}
		})
	}
}

func TestComposed(t *testing.T) {
	for in, want := range map[string]string{
		"abc": "abc", "e\u0301": "é", "E\u0323\u0302": "Ệ", "x\u0301": "x\u0301", "\u0301": "\u0301", "\u30ab\u3099": "ガ", "\u1112\u1161\u11ab": "한", "한": "한",
	} {
		if got := composed(in); got != want {
			t.Errorf("%+q: got %+q, want %+q", in, got, want)
		}
	}
}

func FuzzRoster(f *testing.F) {
	f.Add([]byte("id,name\n1,Ann\n"))
	f.Add([]byte("\xff\xfei\x00d\x00\n\x00"))
	f.Add([]byte("\ufeffStudent;ID\r\n\"a\nb\";3\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := parseRoster("r.csv", raw)
		if err != nil {
			if !strings.Contains(err.Error(), "r.csv") {
				t.Errorf("the file is not named: %v", err)
			}
			return
		}
		c := &Class{}
		for i, s := range r.students {
			if s.Name == "" && s.Email == "" && s.ID == "" {
				t.Errorf("line %d is nobody", s.line)
			}
			c.Entries = append(c.Entries, Entry{Name: fmt.Sprint(i), Path: "/x", keys: keys{ids: s.ids, emails: []string{s.Email}, names: []string{s.Name}}})
		}
		if missing := r.Match(c); len(missing) > 0 {
			t.Errorf("missing although handed in: %v", missing)
		}
	})
}

func TestReadRoster(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.csv")
	check(t, os.WriteFile(path, []byte("id\n7\n"), 0o600))
	r, err := ReadRoster(path)
	check(t, err)
	if got := r.Match(&Class{}); len(got) != 1 || got[0].ID != "7" || got[0].Name != "7" {
		t.Errorf("got %v", got)
	}
}

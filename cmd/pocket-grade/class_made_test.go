package main

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// class is a synthetic class whose verdicts are known.
type class struct {
	dir      string
	students []classStudent
	sources  map[int]classProgram // by number; identical submissions share one
	ticks    *ticks
}

// classStudent is who handed in which source.
type classStudent struct {
	name   string
	id     int
	source int
}

var classSuite = `version: 1
name: class
languages: [python3, c, shell]
limits: {cpu: 1s, wall: 2s, memory: 64MiB, output: 64KiB, processes: 16, files: 1MiB}
compare: exact
cases:
`

// makeClass writes a suite, what students handed in as Moodle exports it, and a roster with one student who
// handed in nothing. Every tenth submission is a copy of an earlier one.
func makeClass(t *testing.T, size int) *class {
	t.Helper()
	c := &class{dir: t.TempDir(), sources: map[int]classProgram{}}
	var common []classProgram
	for _, p := range classPrograms {
		if !p.rare {
			common = append(common, p)
		}
	}
	for i := range size {
		source := len(c.sources) + 1
		switch {
		case i < len(classPrograms):
			c.sources[source] = classPrograms[i]
		case i%10 == 0:
			source = i / 10
		default:
			c.sources[source] = common[i%len(common)]
		}
		c.students = append(c.students, classStudent{classNames(i), 10000 + i, source})
	}
	makeTicks(t, filepath.Join(c.dir, "suite", "ticks"), len(c.sources))
	c.writeSuite(t)
	c.writeZip(t)
	roster := "Name,ID number,Email address\n"
	for _, s := range c.students {
		roster += fmt.Sprintf("%s,%d,s%d@example.org\n", s.name, s.id+50000, s.id)
	}
	c.write(t, "roster.csv", roster+"Nemo Nobody,99999,nemo@example.org\n")
	return c
}

// classNames makes different names of letters only.
func classNames(i int) string {
	first := strings.Fields("Ada Bo Çiğdem Dmitri Eun Fatima Gus Håkon Inés Jörg Kim Lea Mai Noor Øyvind Paul Quinn Rosa Søren Tom")
	last := strings.Fields("Abel Brandt Cruz Diaz Eklund Færch Grün Haddad Ito Jansen Kovač Lind Moreau Nagy O'Neil Pop Quist Ruiz Şahin Tran")
	return first[i%len(first)] + " " + last[i/len(first)%len(last)] + strings.Repeat(" Junior", i/len(first)/len(last))
}

func (c *class) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeSuite puts the answers into the volume on purpose: no sandbox may show them.
func (c *class) writeSuite(t *testing.T) {
	text := classSuite
	for _, one := range classCases {
		text += fmt.Sprintf("  - {name: %s, input: \"%s\\n\", answer-file: ticks/%s/%s.ans, volume: {ticks/%s: /ticks}}\n",
			one.name, one.input, one.name, one.name, one.name)
		c.write(t, filepath.Join("suite/ticks", one.name, one.name+".ans"), one.answer+"\n")
	}
	if os.Getenv("POCKET_TEST_VM") != "" { // an emulated kernel is over ten times slower
		text = strings.Replace(text, "cpu: 1s, wall: 3s", "cpu: 15s, wall: 100s", 1)
	}
	c.write(t, "suite/suite.yaml", text)
}

func (c *class) writeZip(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(c.dir, "class.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for _, s := range c.students {
		p := c.sources[s.source]
		w, err := z.Create(fmt.Sprintf("%s_%d_assignsubmission_file_/%s", s.name, s.id, p.file))
		if err == nil {
			_, err = w.Write([]byte(p.text(s.source)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// text is the program as the source with this number.
func (p classProgram) text(source int) string {
	path := "/ticks/" + tick(source)
	statement, comment := map[string]string{
		".py": fmt.Sprintf("open(%q).close()", path),
		".sh": ": < " + path,
		".c":  fmt.Sprintf("close(open(%q, O_RDONLY));", path),
	}[filepath.Ext(p.file)], "#"
	if filepath.Ext(p.file) == ".c" {
		comment = "//"
	}
	return fmt.Sprintf("%s %s, my version %d\n%s", comment, p.name, source, strings.ReplaceAll(p.source, "TICK", statement))
}

// verdict is the submission's: that of its first case that is not accepted.
func (p classProgram) verdict() string {
	for _, v := range strings.Fields(p.want) {
		if v == "SKIP" {
			return "CE"
		} else if v != "AC" {
			return v
		}
	}
	return "AC"
}

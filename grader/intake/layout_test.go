package intake

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lay makes files below a new folder; names that end in "/" are folders, contents that begin with "PK" zips.
func lay(t testing.TB, contents map[string]string) string {
	dir := t.TempDir()
	for name, content := range contents {
		path := filepath.Join(dir, name)
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if strings.HasSuffix(name, "/") {
			check(t, os.MkdirAll(path, 0o755))
			continue
		}
		check(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return dir
}

// options makes folders for archives of the class.
func options(t testing.TB) Options {
	return Options{Scratch: func() (string, error) { return t.TempDir(), nil }}
}

// gathered describes an entry: who, and the files of the submission or the problem.
func gathered(t testing.TB, e Entry) string {
	who := e.Name
	if e.Student.ID != "" {
		who += " [" + e.Student.ID + "]"
	}
	if e.Late {
		who += " late"
	}
	path, err := e.Gather(t.TempDir())
	if err != nil {
		return who + ": " + err.Error()
	}
	about, err := os.Lstat(path)
	check(t, err)
	if !about.IsDir() {
		return who + ": " + filepath.Base(path)
	}
	names := slices.DeleteFunc(files(t, path), cluttered) // the judge passes these over too
	return who + ": " + strings.Join(names, " ")
}

func describe(t testing.TB, c *Class) []string {
	var all []string
	for _, e := range c.Entries {
		all = append(all, gathered(t, e))
	}
	return all
}

func TestLayouts(t *testing.T) {
	code := string(zipOf(t, packed{name: "lab/main.py", content: "1"}, packed{name: "lab/util.py"}))
	for name, test := range map[string]struct {
		files   map[string]string
		layout  Layout
		want    []string
		remarks string
	}{
		"plain": {map[string]string{
			"alice.py": "1", "bob/main.py": "1", "bob/x/y.py": "", "carl.zip": code, "dora.tar.gz": string(gzipped(t, tarOf(t, tar1("m.c")))),
			"-rf": "1", "a b\n.py": "1", ".DS_Store": "", "__MACOSX/x": "", ".hidden": "",
		}, Plain, []string{"-rf: -rf", "a b\n: a b\n.py", "alice: alice.py", "bob: main.py x/y.py", "carl: main.py util.py", "dora: m.c"}, "left out, because the name begins with a dot (1): .hidden"},
		"same names": {map[string]string{"ann.py": "1", "ann/main.py": "1", "ann.zip": code}, Plain,
			[]string{"ann: main.py", "ann.py: ann.py", "ann.zip: main.py util.py"}, ""},
		"wrapped": {map[string]string{"ann/lab1/src/main.py": "", "bob/x.zip": string(zipOf(t, packed{name: "a/in.zip", content: code}))}, Plain,
			[]string{"ann: main.py", "bob: main.py util.py"}, ""},
		"broken zips": {map[string]string{"ann.py": "", "bob.zip": "PK\x03\x04", "carl.zip": "", "eve.zip": string(zipOf(t, packed{name: "../x"}))}, Plain,
			[]string{"ann: ann.py", "bob: bob.zip cannot be unpacked: it is damaged or its end is missing", "carl: carl.zip cannot be unpacked: it is empty",
				"eve: eve.zip cannot be unpacked: ../x leads out of the archive"}, ""},
		"moodle": {map[string]string{
			"Ann Lee_101_assignsubmission_file_/main.py": "", "Ann Lee_101_assignsubmission_onlinetext_/onlinetext.html": "",
			"Bob Ray_102_assignsubmission_file/lab.zip": code, "Bob Ray_102_assignsubmission_file/report.pdf": "x",
			"Carl_103_assignsubmission_onlinetext_/onlinetext.html": "", "Dora_104_assignsubmission_file_/d.zip": code,
			"Team Red_7_assignsubmission_file_/src/a.py": "", "Default group_assignsubmission_file_/b.py": "", "late_eve.py": "",
			"Ann Lee_105_assignsubmission_file_/x.py": "", "Ann Lee_101_assignsubmission_file_z_666_assignsubmission_file_/main.py": "",
		}, Moodle, []string{"Ann Lee (101) [101]: main.py", "Ann Lee (105) [105]: x.py", "Ann Lee_101_assignsubmission_file_z [666]: main.py", "Bob Ray [102]: main.py report.pdf util.py", "Carl [103]: only a text was typed in, and no file handed in",
			"Default group: b.py", "Dora [104]: main.py util.py", "late_eve: late_eve.py", "Team Red [7]: a.py"},
			"texts that were typed in (onlinetext.html) are not code and not graded, of Ann Lee, Carl\n" +
				"not named as moodle does it, each taken for a submission of its own: late_eve.py"},
		"moodle, flat": {map[string]string{
			"Ann Lee_101_assignsubmission_file_main.py": "", "Ann Lee_101_assignsubmission_file_util_x.py": "",
			"Bob_102_assignsubmission_onlinetext_onlinetext.html": "", "Carl_103_assignsubmission_file_lab.zip": code,
		}, Moodle, []string{"Ann Lee [101]: main.py util_x.py", "Bob [102]: only a text was typed in, and no file handed in", "Carl [103]: main.py util.py"},
			"texts that were typed in (onlinetext.html) are not code and not graded, of Bob"},
		"canvas": {map[string]string{
			"leeann_12_301_main.py": "", "leeann_12_302_util.py": "", "raybob_LATE_13_303_lab_2_3_x.py": "", "carl_14_text.html": "",
			"dora_15_304_code.zip": code, "dora_15_305_read me.txt": "", "eve_16_306_main-1.py": "", "eve_16_307_util-1.py": "",
			"finn_17_308_main.py": "old", "finn_17_309_main-1.py": "new", "gus_18_310_part-1.py": "", "gus_18_311_part-2.py": "",
			"anon_aB3xY_312_main.py": "", "LATE_anon_Zz9_313_m.py": "", "leeann_19_314_a.py": "",
		}, Canvas, []string{"anon_aB3xY [aB3xY]: main.py", "anon_Zz9 [Zz9] late: m.py", "carl [14]: only a text or a link was handed in, and no file",
			"dora [15]: main.py read me.txt util.py", "eve [16]: main.py util.py", "finn [17]: main.py", "gus [18]: part-1.py part-2.py",
			"leeann (12) [12]: main.py util.py", "leeann (19) [19]: a.py", "raybob [13] late: lab_2_3_x.py"},
			"finn: of files that were uploaded again, the latest counts (1 left out)\ntexts that were typed in and links are not code and not graded, of carl"},
		"gradescope": {map[string]string{
			"submission_metadata.yml": "submission_1:\n  :submitters:\n  - :name: Ann Lee\n    :sid: '0012'\n    :email: ann@x.org\n  - :name: Bob\n    :sid: 13\n" +
				"  :created_at: 2026-11-01 10:00:00.5 Z\n  :score: 3.0\n  :history: []\nsubmission_2:\n  :submitters:\n  - :name: Carl\n    :sid:\n",
			"submission_1/main.py": "", "submission_3/x.py": "",
		}, Gradescope, []string{"Ann Lee [0012]: main.py", "Bob [13]: main.py", "Carl: the export has nothing of it", "submission_3: x.py"},
			"not named as gradescope does it, each taken for a submission of its own: submission_3"},
		"github": {map[string]string{"lab-1-ann/.git/config": "", "lab-1-ann/main.py": "", "lab-1-b-ob/.git/x": "", "lab-1-b-ob/a.py": ""}, GitHub,
			[]string{"ann: main.py", "b-ob: a.py"}, ""},
		"no github": {map[string]string{"lab-1/main.py": "", "lab-2/main.py": ""}, Plain, []string{"lab-1: main.py", "lab-2: main.py"}, ""},
		"no canvas": {map[string]string{"lab_1_2_x.py": "", "ann.py": "", "bob.py": ""}, Plain, []string{"ann: ann.py", "bob: bob.py", "lab_1_2_x: lab_1_2_x.py"},
			"named as a platform does it and the others are not, each taken for a submission of its own: lab_1_2_x.py"},
		"canvas, a file as moodle has it": {map[string]string{
			"leeann_12_301_main.py": "", "raybob_13_303_main.py": "", "eve_16_306_x_1_assignsubmission_file_y.py": "", "eve_16_307_submission_metadata.yml": "",
		}, Canvas, []string{"eve [16]: submission_metadata.yml x_1_assignsubmission_file_y.py", "leeann [12]: main.py", "raybob [13]: main.py"}, ""},
		"canvas, two, of which one as moodle has it": {map[string]string{"leeann_12_301_main.py": "", "eve_16_306_x_1_assignsubmission_file_y.py": ""}, Canvas,
			[]string{"eve [16]: x_1_assignsubmission_file_y.py", "leeann [12]: main.py"}, ""},
		"canvas, one put beside it": {map[string]string{"leeann_12_301_main.py": "", "raybob_13_303_main.py": "", "finn.py": ""}, Canvas,
			[]string{"finn: finn.py", "leeann [12]: main.py", "raybob [13]: main.py"}, "not named as canvas does it, each taken for a submission of its own: finn.py"},
		"moodle, flat, files as canvas has them": {map[string]string{
			"Ann_101_assignsubmission_file_main.py": "", "Bob_102_assignsubmission_file_x_1_2_y.py": "", "Bob_102_assignsubmission_file_submission_metadata.yml": "",
		}, Moodle, []string{"Ann [101]: main.py", "Bob [102]: submission_metadata.yml x_1_2_y.py"}, ""},
		"plain, one as moodle has it": {map[string]string{"ann.py": "", "bob/main.py": "", "carl.py": "", "ann_101_assignsubmission_file_y.py": ""}, Plain,
			[]string{"ann: ann.py", "ann_101_assignsubmission_file_y: ann_101_assignsubmission_file_y.py", "bob: main.py", "carl: carl.py"},
			"named as a platform does it and the others are not, each taken for a submission of its own: ann_101_assignsubmission_file_y.py"},
		"plain, one as gradescope has it": {map[string]string{
			"ann.py": "", "bob.py": "", "submission_metadata.yml": "ann.py:\n  :submitters:\n  - :name: Eve\n",
		}, Plain, []string{"ann: ann.py", "bob: bob.py", "submission_metadata: submission_metadata.yml"},
			"named as a platform does it and the others are not, each taken for a submission of its own: submission_metadata.yml"},
		"links and others": {map[string]string{"ann/": "", "bob.py": ""}, Plain, []string{"ann: ", "bob: bob.py"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Find(lay(t, test.files), options(t))
			check(t, err)
			if got := describe(t, c); c.Layout != test.layout || !slices.Equal(got, test.want) {
				t.Errorf("%s:\ngot  %s\nwant %s", c.Layout, strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
			}
			if got := strings.Join(c.Remarks, "\n"); got != test.remarks {
				t.Errorf("remarks:\ngot  %s\nwant %s", got, test.remarks)
			}
		})
	}
}

// The same class as one archive, as platforms hand it out, comes to the same submissions.
func TestClassArchive(t *testing.T) {
	inner := string(zipOf(t, packed{name: "main.py", content: "1"}))
	for name, test := range map[string]struct {
		file string
		raw  []byte
		want []string
	}{
		"moodle":    {"x.zip", zipOf(t, packed{name: "Ann_1_assignsubmission_file_/a.zip", content: inner}, packed{name: "Bob_2_assignsubmission_file_/b.py"}), []string{"Ann [1]: main.py", "Bob [2]: b.py"}},
		"canvas":    {"submissions.zip", zipOf(t, packed{name: "ann_1_2_a.py"}, packed{name: "bob_LATE_3_4_b.py"}), []string{"ann [1]: a.py", "bob [3] late: b.py"}},
		"wrapped":   {"class.zip", zipOf(t, packed{name: "class/ann.py"}, packed{name: "class/bob.zip", content: inner}), []string{"ann: ann.py", "bob: main.py"}},
		"one":       {"class.zip", zipOf(t, packed{name: "ann/a.py"}, packed{name: "ann/b.py"}), []string{"ann: a.py b.py"}},
		"tar":       {"class.tgz", gzipped(t, tarOf(t, tar1("class/ann.py"), tar1("class/bob.py"))), []string{"ann: ann.py", "bob: bob.py"}},
		"gradebook": {"e.zip", zipOf(t, packed{name: "assignment_1_export/submission_metadata.yml", content: "submission_5:\n  :submitters:\n  - :name: Ann\n"}, packed{name: "assignment_1_export/submission_5/x.py"}), []string{"Ann: x.py"}},
		"bad ones": {"class.zip", zipOf(t, packed{name: "ann/a.py"}, packed{name: "ann/l", content: "/", mode: fs.ModeSymlink}, packed{name: "bob.py"}, packed{name: "carl.py", change: func(h *zipHeader) { h.Flags |= 1 }}),
			[]string{"ann: ann/l is a symbolic link", "bob: bob.py", "carl: carl.py: it is encrypted"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.file)
			check(t, os.WriteFile(path, test.raw, 0o600))
			c, err := Find(path, options(t))
			check(t, err)
			if got := describe(t, c); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, e := range c.Entries {
				if !strings.HasPrefix(e.Path, path+"/") {
					t.Errorf("%s lies at %s", e.Name, e.Path)
				}
			}
		})
	}
}

func TestFindRefuses(t *testing.T) {
	dir := lay(t, map[string]string{"a.txt": "", "bad.zip": "PK\x03\x04", "outside.zip": string(zipOf(t, packed{name: "../a"})), "empty/": "", "plain/a.py": "", "meta/submission_metadata.yml": "[",
		"mixed/ann.py": "", "mixed/bob.py": "", "mixed/c_1_assignsubmission_file_": "", "mixed/d_2_assignsubmission_file_": "", "mixed/e_1_2_x.py": "",
		"both/x_1_2_x_1_assignsubmission_file_y.py": "",
		"folder/ann/x.py": "", "folder/submission_metadata.yml": ""})
	for path, test := range map[string]struct {
		layout Layout
		want   string
	}{
		"missing":     {"", "no such file"},
		"a.txt":       {"", "neither a folder nor an archive"},
		"bad.zip":     {"", "damaged"},
		"outside.zip": {"", "leads out"},
		"empty":       {"", "nothing was handed in"},
		"plain":       {Moodle, "nothing in it is laid out as moodle does it"},
		"meta":        {"", "submission_metadata.yml: yaml"},
		"mixed": {"", "the names do not agree on a layout: moodle (2): c_1_assignsubmission_file_, d_2_assignsubmission_file_; " +
			"canvas (1): e_1_2_x.py; plain (2): ann.py, bob.py"},
		"both":   {"", "do not agree on a layout: moodle (1): x_1_2_x_1_assignsubmission_file_y.py; canvas (1): x"},
		"folder": {"", "do not agree on a layout: gradescope (1): submission_metadata.yml; plain (1): ann"},
	} {
		o := options(t)
		o.Layout = test.layout
		if _, err := Find(filepath.Join(dir, path), o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", path, err, test.want)
		}
	}
	o := options(t)
	o.Ignore = []string{filepath.Join(dir, "plain", "a.py")}
	if _, err := Find(filepath.Join(dir, "plain"), o); err == nil {
		t.Error("what is to be ignored was taken")
	}
	if _, err := ParseLayout("blackboard"); err == nil {
		t.Error("an unknown layout was taken")
	}
}

// What was handed in as it is graded is not copied; what is unpacked lies in the folder that was given.
func TestGatherWhere(t *testing.T) {
	dir := lay(t, map[string]string{"ann.py": "1", "bob.zip": string(zipOf(t, packed{name: "x.py"}))})
	c, err := Find(dir, options(t))
	check(t, err)
	for i, inside := range []bool{false, true} {
		to := t.TempDir()
		path, err := c.Entries[i].Gather(to)
		check(t, err)
		if strings.HasPrefix(path, to) != inside {
			t.Errorf("%s lies at %s", c.Entries[i].Name, path)
		}
	}
}

func FuzzLayouts(f *testing.F) {
	f.Add("Ann_1_assignsubmission_file_", "x_LATE_1_2_a-1.py", "x_1_3_a.py", byte(1))
	f.Add("lab-ann", "lab-bob", "submission_metadata.yml", byte(7))
	f.Add("LATE_anon_a_1_x", "a_assignsubmission_onlinetext_onlinetext.html", "b_1_text.html", byte(0))
	f.Fuzz(func(t *testing.T, a, b, c string, folders byte) {
		for _, l := range layouts {
			var entries []fs.DirEntry
			for i, name := range []string{a, b, c} {
				if name == "" || strings.ContainsAny(name, "/\x00") {
					continue
				}
				e := fs.DirEntry(lost(name))
				if folders>>i&1 == 1 {
					e = folder{e}
				}
				entries = append(entries, e)
			}
			if _, err := chosen(l.Name, "/nowhere", entries); l.Name == Gradescope || err != nil {
				continue
			}
			class, err := l.read(place{dir: "/nowhere", shown: "/x.zip"}, entries)
			check(t, err)
			class.nameApart()
			seen := map[string]bool{}
			pieces := 0
			for _, e := range class.Entries {
				if seen[e.Name] {
					t.Errorf("two are called %q", e.Name)
				}
				seen[e.Name] = true
				pieces += len(e.pieces)
				if len(e.pieces) == 0 && e.Problem == nil {
					t.Errorf("%q has neither files nor a problem", e.Name)
				}
				for _, p := range e.pieces {
					if p.as != "" && strings.Contains(p.as, "/") {
						t.Errorf("%q", fmt.Sprint(p))
					}
				}
			}
			if pieces > len(entries) {
				t.Errorf("%d pieces of %d entries", pieces, len(entries))
			}
		}
	})
}

type folder struct{ fs.DirEntry }

func (folder) IsDir() bool { return true }

func TestEntriesAreSortedAsPeopleDo(t *testing.T) {
	dir := lay(t, map[string]string{"Team10/a.py": "", "team2/a.py": "", "Team1/a.py": "", "álvaro.py": "", "zoe.py": "", "Bob.py": ""})
	class, err := Find(dir, options(t))
	check(t, err)
	var got []string
	for _, e := range class.Entries {
		got = append(got, e.Name)
	}
	if text := strings.Join(got, " "); text != "álvaro Bob Team1 team2 Team10 zoe" {
		t.Errorf("got %s", text)
	}
}

// TestOneNameDecidesNothing wants that of a class nobody is read in another way because of how one student calls a
// file, whatever the layout and the file's name.
func TestOneNameDecidesNothing(t *testing.T) {
	for l, pattern := range map[Layout]string{Canvas: "s%d_%d_%d_%s", Moodle: "S%d_%d%.0d_assignsubmission_file_%s", Plain: "%.0d%.0d%.0d%s"} {
		for _, chosen := range []string{"x_1_assignsubmission_file_y.py", "x_assignsubmission_onlinetext_onlinetext.html", "a_1_2_b.py", "anon_a_1_x", metadata, "submission_7"} {
			for n := 3; n < 12; n++ {
				files := map[string]string{}
				for i := range n {
					name := fmt.Sprintf("main%d.py", i)
					files[fmt.Sprintf(pattern, i, i, i, name)] = ""
				}
				files[fmt.Sprintf(pattern, n, n, n, chosen)] = ""
				c, err := Find(lay(t, files), options(t))
				check(t, err)
				if c.Layout != l || len(c.Entries) != n+1 {
					t.Errorf("%d files of %s and %s: %d entries as %s", n, l, chosen, len(c.Entries), c.Layout)
				}
			}
		}
	}
}

package report

import (
	"bytes"
	"fmt"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pocket/grader"
)

// big is a class as large as they come: with every verdict, and outputs that differ from student to student.
func big(students, cases int) Reports {
	return func(yield func(grader.Report, error) bool) {
		random := rand.New(rand.NewSource(1))
		for s := range students {
			r := grader.Report{Suite: "sorting", Submission: fmt.Sprintf("s%04d.py", s), Language: "python3", Verdict: grader.AC,
				Student: grader.Student{ID: fmt.Sprint(10000 + s), Name: fmt.Sprintf("Student %04d", s)}, Started: began, Finished: began.Add(time.Second)}
			skill := random.Float64()
			for c := range cases {
				result := oneOf(random, skill, s, c)
				if result.Verdict != grader.AC && r.Verdict == grader.AC {
					r.Verdict, r.Detail = result.Verdict, result.Case+": "+result.Detail
				}
				r.Results = append(r.Results, result)
				r.Points += result.Points
				r.Score += result.Score
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func oneOf(random *rand.Rand, skill float64, s, c int) grader.Result {
	r := grader.Result{Case: fmt.Sprintf("case-%02d", c+1), Group: []string{"sample", "small", "large"}[c*3/40%3], Visibility: grader.Visible, Points: 1,
		Verdict: grader.AC, Score: 1, Usage: usageOf(5 + int(random.ExpFloat64()*40))}
	if random.Float64() < 0.3+0.7*skill {
		return r
	}
	r.Score, r.Input, r.InputBytes = 0, fmt.Sprintf("3\n1 %d 3\n", c), 8
	switch random.Intn(6) {
	case 0:
		r.Verdict, r.Detail, r.Usage = grader.TLE, fmt.Sprintf("cpu limit 1s: cpu 1.%03ds, wall 1.2s", s%100), usageOf(1000+s%100)
	case 1:
		r.Verdict, r.Detail, r.Stderr = grader.RTE, "exit code 1", fmt.Sprintf("Traceback (most recent call last):\n  File \"/submission/s%04d.py\", line %d\nIndexError\n", s, c)
	default:
		n := random.Intn(300)
		r.Verdict, r.Detail = grader.WA, fmt.Sprintf(`line 1, column 1: expected "%d", got "%d"`, c, n)
		r.Difference = fmt.Sprintf("--- expected\n+++ got\n@@ -1,3 +1,3 @@\n 1\n-%d\n+%d\n 3\n", c, n)
	}
	return r
}

func pageOf(t testing.TB, reports Reports) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, testRun, reports); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The policy lets exactly the page's own style and script pass.
func TestPolicyFitsThePage(t *testing.T) {
	text := pageOf(t, each(class()...))
	for _, element := range []string{"style", "script"} {
		found := regexp.MustCompile(`(?s)<` + element + `>(.*)</` + element + `>`).FindStringSubmatch(text)
		if found == nil || !strings.Contains(strings.ReplaceAll(text, "&#43;", "+"), element+"-src &#39;"+digest(found[1])) {
			t.Errorf("the policy has not the digest of the %s", element)
		}
	}
	if outside := regexp.MustCompile(`(?i)(src|href)=["']?(https?:|//|javascript:)|url\(|@import|style=|\son\w+=["']`).FindString(strings.ReplaceAll(text, hostileShown, "")); outside != "" {
		t.Errorf("the page has %q", outside)
	}
}

var hostileShown = "onerror=alert(1)"

// What was written by students is text.
func TestHostileTextIsNoMarkup(t *testing.T) {
	text := pageOf(t, each(class()...))
	if strings.Count(text, "</script>") != 1 || strings.Contains(text, "<img") || strings.ContainsAny(text, "\x00\u202e\x1b") {
		t.Error("markup of a submission is in the page")
	}
}

func FuzzHTML(f *testing.F) {
	f.Add(hostile, hostile)
	f.Add("javascript:alert(1)", "--!><style>")
	f.Fuzz(func(t *testing.T, name, text string) {
		plain := grader.Report{Submission: "n", Student: grader.Student{Name: "n"}, Detail: "t", Verdict: grader.WA,
			Results: []grader.Result{{Case: "n", Group: "n", Verdict: grader.WA, Detail: "t", Stderr: "t"}}}
		evil := grader.Report{Submission: name, Student: grader.Student{Name: name}, Detail: text, Verdict: grader.WA,
			Results: []grader.Result{{Case: name, Group: name, Verdict: grader.WA, Detail: text, Stderr: text}}}
		// A text that is empty has no element, and "n" or "t" has one: give both something visible.
		evil.Submission += "n"
		evil.Student.Name += "n"
		evil.Detail += "t"
		c := &evil.Results[0]
		c.Case, c.Group, c.Detail, c.Stderr = c.Case+"n", c.Group+"n", c.Detail+"t", "t"+c.Stderr+"t"
		if got, want := strings.Count(pageOf(t, each(evil)), "<"), strings.Count(pageOf(t, each(plain)), "<"); got != want {
			t.Fatalf("%d tags, and %d where the texts are harmless", got, want)
		}
	})
}

func TestLongTextsAreShortened(t *testing.T) {
	r := grader.Report{Verdict: grader.WA, Results: []grader.Result{{Case: "a", Verdict: grader.WA, Difference: strings.Repeat("-é\n", 1<<16), Stderr: strings.Repeat("é", 1<<16) + "the end"}}}
	text := pageOf(t, each(r))
	if len(text) > 200<<10 || !strings.Contains(text, "difference (4096 of 262143 bytes)") || !strings.Contains(text, "the end") || !strings.Contains(text, "pocket-grade show") {
		t.Errorf("%d bytes", len(text))
	}
}

func TestSameFailuresAreOne(t *testing.T) {
	m := newModel()
	for i := range 20 {
		m.add(grader.Report{Submission: fmt.Sprint(i), Results: []grader.Result{
			{Case: "a", Verdict: grader.TLE, Detail: fmt.Sprintf("cpu limit 1s: cpu 1.%ds", i)}, {Case: "b", Verdict: grader.WA, Detail: "x", Difference: fmt.Sprint(i / 19)}}})
	}
	if len(m.failures) != 3 || m.failures[0].Count != 20 || m.failures[0].More != 20-namesOfCards || m.failures[1].Count != 19 ||
		m.failures[0].Detail != "cpu limit 1s" {
		t.Errorf("got %+v", m.failures)
	}
}

// Every failure stands once: with the common ones, or with the first of the few that share it.
func TestFailuresStandOnce(t *testing.T) {
	m := newModel()
	for i := range 300 {
		kind := "own" + fmt.Sprint(i)
		if i < 2 {
			kind = "pair"
		} else if i < 10 {
			kind = "common"
		}
		m.add(grader.Report{Submission: fmt.Sprint(i), Results: []grader.Result{{Case: "a", Verdict: grader.WA, Detail: kind}}})
	}
	common := m.share()
	if len(common) != 1 || len(common[0].Failures) != 1 || common[0].Failures[0].Count != 8 {
		t.Errorf("common: %+v", common)
	}
	for i, r := range m.rows {
		if want := i == 0 || i >= 10; (len(r.Own) == 1) != want {
			t.Errorf("row %d has %d of its own", i, len(r.Own))
		}
	}
	if text := m.rows[0].Own[0].Text; !strings.HasSuffix(text, "\n\nthe same: 1") {
		t.Errorf("the pair's says %q", text)
	}
}

func TestHistogram(t *testing.T) {
	ms := time.Millisecond
	bars, words := histogram([]time.Duration{0, ms, 15 * ms, 16 * ms}, 16*ms)
	if want := []bar{{0, 15, 15}, {10, 15, 15}, {150, 0, 30}}; !slices.Equal(bars, want) || !strings.HasSuffix(words, ": 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 2") {
		t.Errorf("got %v, %s", bars, words)
	}
	if bars, _ := histogram([]time.Duration{0}, 0); len(bars) != 1 {
		t.Errorf("got %v", bars)
	}
}

func TestPageInABrowser(t *testing.T) {
	b := newBrowser(t)
	b.open(pageOf(t, each(class()...)))
	b.shot("light")
	t.Run("filters", func(t *testing.T) {
		set := func(id, value string) {
			eval[any](b, fmt.Sprintf(`const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true}))`, id, value))
		}
		for _, test := range []struct{ id, value, shown string }{
			{"f-name", "LOVE", "1 of 7"}, {"f-name", "", "7 of 7"}, {"f-verdict", "JE", "2 of 7"}, {"f-verdict", "", "7 of 7"},
			{"f-with", "-", "4 of 7"}, {"f-case", "2", "3 of 7"}, {"f-with", "RTE", "1 of 7"}, {"f-verdict", "AC", "0 of 7"},
		} {
			set(test.id, test.value)
			b.wait(fmt.Sprintf(`document.getElementById("shown").value === %q`, test.shown+" shown"))
		}
		if !eval[bool](b, `return document.getElementById("none").checkVisibility()`) {
			t.Error("nothing says that nothing is left")
		}
		eval[any](b, `document.querySelector("form button").click()`)
		b.wait(`document.getElementById("shown").value === "7 of 7 shown"`)
		set("f-group", "hard")
		b.wait(`!document.querySelector('#grid thead th[title="one"]').checkVisibility()`)
		if !eval[bool](b, `return document.querySelector('#grid thead th[title="secret/3"]').checkVisibility()`) {
			t.Error("the group's own column is hidden")
		}
		set("f-group", "")
		b.wait(`document.querySelector('#grid thead th[title="one"]').checkVisibility()`)
	})
	t.Run("sorts", func(t *testing.T) {
		order := `return [...document.querySelectorAll("#grid tbody tr")].map(r => r.cells[0].firstElementChild.hash).join(" ")`
		click := `document.querySelectorAll("#grid thead button")[%d].click();`
		for _, test := range []struct {
			column, times int
			want          string
		}{{2, 1, "#s5 #s6 #s7 #s4 #s2 #s3 #s1"}, {2, 1, "#s1 #s2 #s3 #s4 #s5 #s6 #s7"}, {5, 1, "#s6 #s7 #s1 #s3 #s2 #s5 #s4"}, {0, 1, "#s3 #s1 #s2 #s4 #s5 #s6 #s7"}} {
			if got := eval[string](b, fmt.Sprintf(click, test.column)+order); got != test.want {
				t.Errorf("column %d: %s, want %s", test.column, got, test.want)
			}
		}
	})
	t.Run("keyboard", func(t *testing.T) {
		focused := func() string {
			return eval[string](b, `const e = document.activeElement; return e.closest("tr") ? e.closest("tr").rowIndex + "," + e.closest("td,th").cellIndex : e.id || e.tagName`)
		}
		eval[any](b, `document.querySelector("#grid thead tr").lastElementChild.firstElementChild.focus()`)
		for _, test := range []struct{ key, want string }{
			{keyTab, "1,0"}, {keyRight, "1,1"}, {keyDown, "2,1"}, {keyEnd, "2,6"}, {keyUp, "1,6"}, {keyHome, "1,0"}, {keyUp, "1,0"}, {keyPageDown, "7,0"}, {keyLeft, "7,0"},
		} {
			if b.keys(test.key); focused() != test.want {
				t.Fatalf("at %s, want %s", focused(), test.want)
			}
		}
		if b.keys(keyTab); strings.Contains(focused(), ",7") || strings.HasPrefix(focused(), "7,") {
			t.Errorf("Tab stays in the table's body: %s", focused())
		}
	})
	t.Run("difference", func(t *testing.T) {
		eval[any](b, `document.querySelector('#grid a[href="#s2"]').focus()`)
		b.keys(keyEnd, keyLeft, keyEnter)
		b.wait(`document.getElementById("card").open`)
		if got := eval[string](b, `return document.getElementById("card").innerText`); !strings.Contains(got, "bob.py, two: WA") || !strings.Contains(got, "-4 of two\n+5") {
			t.Errorf("the card says %q", got)
		}
		b.shot("card")
		b.keys(keyRight)
		if got := eval[string](b, `return document.getElementById("card-title").innerText`); got != "bob.py, secret/3: RTE" {
			t.Errorf("the next is %q", got)
		}
		b.keys(keyEscape)
		b.wait(`!document.getElementById("card").open`)
		b.wait(`document.activeElement.closest("td")?.innerText.startsWith("RTE")`) // once the dialog has told that it is closed
	})
	t.Run("looks", func(t *testing.T) {
		b.devtools("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": "dark"}}})
		if got := eval[string](b, `return getComputedStyle(document.body).backgroundColor`); got != "rgb(22, 24, 27)" {
			t.Errorf("in the dark the page is %s", got)
		}
		b.shot("dark")
		b.devtools("Emulation.setDeviceMetricsOverride", map[string]any{"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": true})
		if got := eval[int](b, `return document.documentElement.scrollWidth`); got > 400 {
			t.Errorf("on a narrow screen the page is %d wide", got)
		}
		b.shot("narrow")
	})
	b.quiet()
}

// Without JavaScript all is there: the cells lead to the failures, which open.
func TestPageWithoutJavaScript(t *testing.T) {
	b := newBrowser(t)
	text := pageOf(t, each(class()...))
	b.devtools("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	b.open(text)
	b.devtools("Emulation.setScriptExecutionDisabled", map[string]any{"value": false}) // for the questions; the page's script is not run again
	if eval[bool](b, `return document.getElementById("with-script").checkVisibility()`) {
		t.Fatal("the script has run")
	}
	if eval[bool](b, `return document.getElementById("filters").checkVisibility()`) {
		t.Error("filters are shown that do nothing")
	}
	eval[any](b, `document.querySelectorAll("#grid tbody tr")[1].cells[5].firstElementChild.click()`)
	b.wait(`[...document.querySelectorAll("#submissions ~ details[open]")].some(d => d.innerText.includes("-4 of two"))`)
	eval[any](b, `document.querySelectorAll("#grid tbody tr")[0].cells[0].firstElementChild.click()`)
	b.wait(`[...document.querySelectorAll("#submissions ~ details[open]")].some(d => d.innerText.includes("secret/3"))`)
	b.shot("no-javascript")
	b.quiet()
}

func TestHostilePageInABrowser(t *testing.T) {
	b := newBrowser(t)
	evil := class()[2]
	for i, payload := range []string{"</script><script>document.title='owned'</script>", "<img src=x onerror=\"document.title='owned'\">", "javascript:document.title='owned'",
		"--><svg onload=\"document.title='owned'\">", "</style><style>body{display:none}</style>", "</pre></details></dialog><h1>owned</h1>", hostile} {
		evil.Results = append(evil.Results, grader.Result{Case: payload, Group: payload, Verdict: grader.WA, Detail: payload, Difference: payload, Stderr: payload, Feedback: payload, Points: float64(i)})
	}
	b.open(pageOf(t, each(evil)))
	eval[any](b, `document.querySelectorAll("#grid tbody a").forEach(a => a.click())`)
	if got := eval[string](b, `return document.title + " " + document.querySelectorAll("img, h1:not(header *), script:not(body > script)").length`); got != "squares, run 7 0" {
		t.Errorf("got %q", got)
	}
	b.shot("hostile")
	b.quiet()
}

// The time is reported; what is wanted of it here is only that the page can be used at all.
func TestBigPageInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a page of 48,000 cells takes a while")
	}
	began := time.Now()
	text := pageOf(t, big(1200, 40))
	t.Logf("written in %v, %d bytes", time.Since(began).Round(time.Millisecond), len(text))
	b := newBrowser(t)
	file := b.open(text)
	opened := eval[map[string]float64](b, `const t = performance.getEntriesByType("navigation")[0], p = performance.getEntriesByName("first-contentful-paint")[0];
		return {interactive: t.domInteractive, complete: t.loadEventEnd, paint: p ? p.startTime : 0}`)
	t.Logf("%s: %v ms", file, opened)
	if opened["complete"] <= 0 || opened["complete"] > 60_000 {
		t.Errorf("loaded after %v ms", opened["complete"])
	}
	for _, step := range []struct{ name, script string }{
		{"filters", `const e = document.getElementById("f-with"); e.value = "RTE"; e.dispatchEvent(new Event("input", {bubbles: true})); return new Promise(r => setTimeout(() => requestAnimationFrame(() => r(document.querySelectorAll("#grid tbody tr:not([hidden])").length)), 200))`},
		{"sorts", `document.querySelectorAll("#grid thead button")[2].click(); return new Promise(r => requestAnimationFrame(() => r(document.querySelectorAll("#grid tbody tr").length)))`},
		{"shows", `document.querySelector("#grid td.v-wa a").click(); return document.getElementById("card").innerText.includes("-") ? 1 : 0`},
		{"goes on", `document.getElementById("after").click(); return document.getElementById("card").open ? 1 : 0`},
	} {
		began := time.Now()
		if n := eval[int](b, step.script); n == 0 {
			t.Errorf("%s: nothing", step.name)
		}
		t.Logf("%s: %v", step.name, time.Since(began).Round(time.Millisecond))
	}
	b.shot("big")
	b.quiet()
}

// BenchmarkBigPage is how long 1,200 submissions of 40 cases take until the browser has shown them.
func BenchmarkBigPage(b *testing.B) {
	text := pageOf(b, big(1200, 40))
	driven := newBrowser(b)
	for b.Loop() {
		driven.open(text)
		opened := eval[float64](driven, `return performance.getEntriesByType("navigation")[0].loadEventEnd`)
		b.ReportMetric(opened, "ms-to-load")
	}
	b.ReportMetric(float64(len(text)), "bytes")
}

// The legend explains what is on the page and nothing else.
func TestPageExplainsItsMarks(t *testing.T) {
	plain := grader.Report{Submission: "a", Verdict: grader.AC, Results: []grader.Result{{Case: "one", Verdict: grader.AC}}}
	marked, missing := plain, plain
	marked.Results = []grader.Result{{Case: "one", Verdict: grader.WA, Borderline: true, Flaky: true}}
	missing.Missing = true
	for _, test := range []struct {
		report grader.Report
		marks  []string
	}{{plain, nil}, {marked, []string{"~ ended", "? differed"}}, {missing, []string{"– no score"}}} {
		got := written(t, "html", test.report)
		for _, mark := range []string{"~ ended", "? differed", "– no score"} {
			if strings.Contains(got, mark) != slices.Contains(test.marks, mark) {
				t.Errorf("%q is explained: %v", mark, strings.Contains(got, mark))
			}
		}
	}
}

// TestPageShowsInputs: what a case was given stands with its failure, the beginning of it, but never of a hidden one.
func TestPageShowsInputs(t *testing.T) {
	failed := func(name string, visibility grader.Visibility, input string, bytes int) grader.Result {
		return grader.Result{Case: name, Visibility: visibility, Verdict: grader.WA, Points: 1, Detail: "wrong " + name, Input: input,
			InputBytes: int64(bytes), Args: []string{"--of", name}}
	}
	r := grader.Report{Submission: "a.py", Verdict: grader.WA, Results: []grader.Result{
		failed("first", grader.Sample, "seven <b>&\x1b\n", 15), failed("second", grader.Visible, strings.Repeat("long line\n", 300), 5000),
		failed("third", grader.Hidden, "eleven\n", 7), failed("wide", grader.Visible, strings.Repeat(strings.Repeat("w", 119)+"\n", 10), 1200),
	}}
	var b strings.Builder
	if err := HTML(&b, Run{}, func(yield func(grader.Report, error) bool) { yield(r, nil) }); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{"input:\nseven &lt;b&gt;&amp;\\x1b\n", "arguments:\n--of first\n", "… (5000 bytes in all)", "arguments:\n--of wide"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
	}
	for _, not := range []string{"eleven", "--of third", "<b>"} {
		if strings.Contains(page, not) {
			t.Errorf("%q is shown", not)
		}
	}
	if n := strings.Count(page, "long line"); n != inputLines {
		t.Errorf("%d lines of a long input", n)
	}
	if n := strings.Count(page, "wwwwwwwwww"); n == 0 || n > inputText/10 {
		t.Errorf("%d bytes of a wide input", 10*n)
	}
}

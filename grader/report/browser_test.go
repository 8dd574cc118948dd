package report

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// browser is a Chromium of its own that a test drives (W3C WebDriver).
type browser struct {
	t       testing.TB
	session string // URL
	made    bool   // the session
}

// newBrowser starts one, which ends with the test. Where there is none the test is skipped.
func newBrowser(t testing.TB) *browser {
	t.Helper()
	for _, program := range []string{"chromium", "chromedriver"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("POCKET_TEST_REQUIRE") != "" {
				t.Fatalf("%s is not installed", program)
			}
			t.Skipf("%s is not installed", program)
		}
	}
	home, err := os.MkdirTemp("", "b") // short: it has a socket in a folder there, whose path has to fit (unix(7))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	cmd := exec.Command("chromedriver", "--port=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // it closes its browsers then
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "TMPDIR="+home)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t}
	t.Cleanup(func() {
		b.end()
		cmd.Process.Kill()
		cmd.Wait()
	})
	address := "http://127.0.0.1:" + driverPort(t, bufio.NewScanner(output))
	b.session = address + "/session"
	options := map[string]any{"args": []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + filepath.Join(home, "profile"), "--window-size=1400,900"}}
	answer := b.call("POST", "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions": options, "goog:loggingPrefs": map[string]string{"browser": "ALL"}}}})
	var made struct{ SessionID string }
	if err := json.Unmarshal(answer, &made); err != nil {
		t.Fatal(err)
	}
	b.session += "/" + made.SessionID
	b.made = true
	return b
}

// end closes the browser where there is one. It fails no test: what comes after it must be done.
func (b *browser) end() {
	if !b.made {
		return
	}
	request, err := http.NewRequest("DELETE", b.session, nil)
	if err != nil {
		return
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	if response, err := client.Do(request); err == nil {
		response.Body.Close()
	}
}

func driverPort(t testing.TB, lines *bufio.Scanner) string {
	t.Helper()
	port := regexp.MustCompile(`started successfully on port (\d+)`)
	for lines.Scan() {
		if found := port.FindStringSubmatch(lines.Text()); found != nil {
			return found[1]
		}
	}
	t.Fatal("chromedriver did not start")
	return ""
}

// call sends one command and returns its value.
func (b *browser) call(method, path string, body any) json.RawMessage {
	b.t.Helper()
	var content bytes.Buffer
	if method == "POST" {
		if body == nil {
			body = struct{}{}
		}
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			b.t.Fatal(err)
		}
	}
	request, err := http.NewRequest(method, b.session+path, &content)
	if err != nil {
		b.t.Fatal(err)
	}
	client := http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		b.t.Fatalf("%s %s: %s: %s, %v", method, path, response.Status, answer.Value, err)
	}
	return answer.Value
}

// open shows a page that is made of reports, and returns its file.
func (b *browser) open(text string) string {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.call("POST", "/url", map[string]string{"url": "file://" + file})
	return file
}

// eval runs a function's body in the page; what it returns is read into the result.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	var result T
	value := b.call("POST", "/execute/sync", map[string]any{"script": script, "args": []any{}})
	if err := json.Unmarshal(value, &result); err != nil {
		b.t.Fatalf("%s: %s: %v", script, value, err)
	}
	return result
}

// devtools sends a command of the DevTools protocol.
func (b *browser) devtools(command string, params any) {
	b.t.Helper()
	b.call("POST", "/goog/cdp/execute", map[string]any{"cmd": command, "params": params})
}

// keys types into what has the focus.
func (b *browser) keys(keys ...string) {
	b.t.Helper()
	var actions []any
	for _, key := range keys {
		actions = append(actions, map[string]string{"type": "keyDown", "value": key}, map[string]string{"type": "keyUp", "value": key})
	}
	b.call("POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "keyboard", "actions": actions}}})
}

// The keys that have no character (WebDriver, 17.4.2).
const (
	keyTab, keyEnter, keyEscape, keyEnd, keyHome   = "\ue004", "\ue007", "\ue00c", "\ue010", "\ue011"
	keyLeft, keyUp, keyRight, keyDown, keyPageDown = "\ue012", "\ue013", "\ue014", "\ue015", "\ue00f"
)

// quiet wants that nothing was complained about on the console.
func (b *browser) quiet() {
	b.t.Helper()
	if log := string(b.call("POST", "/se/log", map[string]string{"type": "browser"})); log != "[]" {
		b.t.Errorf("on the console: %s", log)
	}
}

// shot keeps a picture for people where POCKET_SCREENSHOTS names a folder.
func (b *browser) shot(name string) {
	b.t.Helper()
	folder := os.Getenv("POCKET_SCREENSHOTS")
	if folder == "" {
		return
	}
	picture, err := base64.StdEncoding.DecodeString(strings.Trim(string(b.call("GET", "/screenshot", nil)), `"`))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// wait polls the page until a condition holds.
func (b *browser) wait(condition string) {
	b.t.Helper()
	for range 200 {
		if eval[bool](b, "return Boolean("+condition+")") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("never: %s", condition)
}

package registry

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseChallenges(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`Bearer realm="https://a/t?x=1,2",service="s p",scope="repository:a/b:pull,push"`,
			"bearer map[realm:https://a/t?x=1,2 scope:repository:a/b:pull,push service:s p]"},
		{`Basic realm="x", Bearer realm=y , service=z`, "basic map[realm:x] bearer map[realm:y service:z]"},
		{`Bearer realm="a\"b\\c"`, `bearer map[realm:a"b\c]`},
		{`Negotiate, Basic realm = "x"`, "negotiate map[] basic map[realm:x]"},
		{`Bearer realm="open`, "bearer map[]"},
		{`="x"`, ""}, {`realm="x"`, ""}, {``, ""}, {`,,, `, ""}, {"\x00", ""}, {`Bearer realm=`, "bearer map[]"},
	} {
		var got []string
		for _, x := range parseChallenges([]string{c.text}) {
			got = append(got, x.scheme, fmt.Sprint(x.params))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.text, text, c.want)
		}
	}
}

func FuzzChallenges(f *testing.F) {
	f.Add(`Bearer realm="https://a/t",service="s"`, `Basic realm="x"`)
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, c := range parseChallenges([]string{a, b}) {
			if c.scheme == "" || c.scheme != strings.ToLower(c.scheme) {
				t.Errorf("scheme %q of %q and %q", c.scheme, a, b)
			}
		}
	})
}

func TestParseDocument(t *testing.T) {
	layer := func(kind string) string {
		return `{"schemaVersion":2,"mediaType":"` + ociManifest + `","config":{"mediaType":"` + ociConfig + `"},"layers":[{"mediaType":"` + kind + `"}]}`
	}
	good := layer("application/vnd.oci.image.layer.v1.tar+gzip")
	index := `{"schemaVersion":2,"manifests":[]}`
	for _, c := range []struct{ text, kind, want string }{
		{good, ociManifest, ""}, {good, "application/json; charset=utf-8", ""}, {good, "", ""},
		{index, ociIndex, ""}, {index, dockerList, ""}, {index, "", ""},
		{strings.Replace(good, `"mediaType":"`+ociManifest+`",`, "", 1), ociManifest, ""},
		{good, dockerManifest, "calls itself"}, {good, ociIndex, "calls itself"},
		{index, ociManifest, "is not the"},
		{strings.Replace(good, "{", `{"manifests":[],`, 1), ociManifest, "at once"},
		{strings.Replace(index, "{", `{"layers":[],`, 1), ociIndex, "at once"},
		{`{"schemaVersion":1}`, "", "schema 1"}, {`{}`, schema1 + "prettyjws", "schema 1"},
		{`{"schemaVersion":3}`, "", "unknown schema version"}, {`{}`, "", "unknown schema version"},
		{`{"schemaVersion":2}`, "", "no config"}, {`{"schemaVersion":2,"layers":[]}`, "", "no config"},
		{`<html>`, "text/html", "not the JSON"}, {``, "", "not the JSON"}, {good + "x", "", "not the JSON"},
		{strings.Replace(good, ociConfig, "application/vnd.cncf.helm.config.v1+json", 1), "", "no container image"},
		{layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), "", "kept elsewhere"},
		{layer("application/vnd.oci.image.layer.nondistributable.v1.tar"), "", "kept elsewhere"},
		{layer("application/x"), "", "unknown type"},
		{`{"schemaVersion":2,"config":{"mediaType":"` + ociConfig + `"},"layers":[` + strings.Repeat("{},", mostLayers) + `{}]}`, "", "1001 layers"},
	} {
		_, err := parseDocument([]byte(c.text), c.kind)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%.200s as %q: %v, want %q", c.text, c.kind, err, c.want)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"x","size":-1,"platform":{"os":"linux"}}]}`), ociIndex)
	f.Add([]byte(`{"schemaVersion":2,"config":{"mediaType":"`+ociConfig+`"},"layers":[]}`), "")
	f.Fuzz(func(t *testing.T, text []byte, kind string) {
		d, err := parseDocument(text, kind)
		if err != nil {
			return
		}
		if (d.Config == nil) == (d.Manifests == nil) {
			t.Errorf("%s is neither or both", text)
		}
		if chosen, err := choose(d.Manifests, Platform{OS: "linux", Architecture: "arm", Variant: "v6"}); err == nil && chosen.Platform != nil {
			if chosen.Platform.OS != "linux" {
				t.Errorf("chosen: %+v", chosen.Platform)
			}
		}
	})
}

func TestParseConfig(t *testing.T) {
	for _, c := range []struct {
		text   string
		layers int
		want   string
	}{
		{`{"os":"linux","rootfs":{"diff_ids":["` + someDigest + `"]}}`, 1, ""},
		{`{"rootfs":{"diff_ids":["` + someDigest + `"]}}`, 2, "1 layers, its manifest 2"},
		{`{"rootfs":{"diff_ids":["sha256:x"]}}`, 1, "not a digest"},
		{`[]`, 0, "not the JSON"},
	} {
		_, err := parseConfig([]byte(c.text), c.layers)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestChoose(t *testing.T) {
	index := func(names string) (list []descriptor) {
		for i, name := range strings.Fields(names) {
			d := descriptor{Digest: fmt.Sprint(i)}
			if name == "index" {
				d.MediaType = ociIndex
			} else if p, err := ParsePlatform(name); err == nil {
				d.Platform = &p
			}
			list = append(list, d)
		}
		return list
	}
	for _, c := range []struct{ list, want, chosen string }{
		{"linux/arm64 linux/amd64 unknown/unknown", "linux/amd64", "1"},
		{"linux/amd64/v3 linux/amd64", "linux/amd64", "1"},
		{"linux/amd64/v3 linux/amd64/v2", "linux/amd64/v3", "0"},
		{"linux/amd64/v3", "linux/amd64", "only for linux/amd64/v3"},
		{"linux/arm/v5 linux/arm/v7 linux/arm/v6 linux/arm64", "linux/arm/v7", "1"},
		{"linux/arm/v5 linux/arm/v6 linux/arm64", "linux/arm/v7", "1"},
		{"linux/arm/v7 linux/arm/v6", "linux/arm/v5", "only for linux/arm/v7, linux/arm/v6"},
		{"linux/arm64", "linux/arm64/v8", "0"}, {"linux/arm64/v8", "linux/arm64", "0"},
		{"windows/amd64 unknown/unknown windows/amd64", "linux/amd64", "only for windows/amd64"},
		{"?", "linux/amd64", "0"}, {"? ?", "linux/amd64", "no image for linux/amd64"},
		{"windows/amd64 index", "linux/amd64", "1"}, {"", "linux/amd64", "no image for linux/amd64"},
	} {
		want, err := ParsePlatform(c.want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := choose(index(c.list), want)
		if err != nil && !strings.Contains(err.Error(), c.chosen) || err == nil && got.Digest != c.chosen {
			t.Errorf("%s of %q: %q, %v, want %s", c.want, c.list, got.Digest, err, c.chosen)
		}
	}
}

func TestParsePlatform(t *testing.T) {
	for text, want := range map[string]string{
		"linux/amd64": "linux/amd64", "arm64": "linux/arm64", "linux/arm/v7": "linux/arm/v7", "linux/x86_64": "linux/amd64",
		"aarch64": "linux/arm64", "": "error", "linux/": "error", "a/b/c/d": "error", "linux/a b": "error",
	} {
		p, err := ParsePlatform(text)
		if (err != nil) != (want == "error") || err == nil && p.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, p, err, want)
		}
	}
	if p := HostPlatform(); p.fit(p) != 100 {
		t.Errorf("the host's platform %v does not fit itself", p)
	}
}

func TestParseToken(t *testing.T) {
	for text, want := range map[string]string{
		`{"token":"a.b-c"}`: "a.b-c", `{"access_token":"x"}`: "x", `{"token":"a","access_token":"b"}`: "a",
		`{}`: "no token", `{"token":"a\r\nX: y"}`: "not allowed", `<`: "not the JSON", `{"token":"é"}`: "not allowed",
		`{"token":"` + strings.Repeat("x", 70<<10) + `"}`: "no token",
	} {
		got, err := parseToken([]byte(text))
		if err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %q, %v, want %s", text, got, err, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "Tue, 02 Jan 2024 03:04:25 GMT": 20 * time.Second,
		"Tue, 02 Jan 2024 03:04:00 GMT": 0, "soon": 0, "99999999999": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestMayLead(t *testing.T) {
	for _, c := range []struct {
		from, next         string
		insecure, loopback bool
		want               string
	}{
		{from: "https://h.example/v2/", next: "https://cdn.example/x"},
		{from: "https://h.example/v2/", next: "http://cdn.example/x", want: "not protected"},
		{from: "https://h.example/v2/", next: "http://cdn.example/x", insecure: true},
		{from: "https://h.example/v2/", next: "https://127.0.0.1/x", want: "of this host's own"},
		{from: "https://h.example/v2/", next: "https://localhost:1/x", insecure: true, want: "of this host's own"},
		{from: "http://h.example/v2/", next: "http://169.254.169.254/latest", insecure: true, want: "of this host's own"},
		{from: "https://h.example/v2/", next: "https://[fe80::1]/x", want: "of this host's own"},
		{from: "http://127.0.0.1:5000/v2/", next: "http://127.0.0.1:6000/x", insecure: true},
	} {
		s := &session{insecure: c.insecure}
		err := s.mayLead(c.from, c.next)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s to %s: %v, want %q", c.from, c.next, err, c.want)
		}
	}
}

// TestLayoutIndex: other programs demand the digest and size of each entry.
func TestLayoutIndex(t *testing.T) {
	text, err := json.Marshal(document{SchemaVersion: 2, Manifests: []descriptor{{MediaType: ociManifest, Digest: someDigest, Size: 7}}})
	want := `{"schemaVersion":2,"manifests":[{"mediaType":"` + ociManifest + `","digest":"` + someDigest + `","size":7}]}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

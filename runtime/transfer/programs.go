package transfer

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func curl(r Request, idle time.Duration) invocation {
	var c strings.Builder
	protocols := "=http,https"
	if IsHTTPS(r.URL) {
		protocols = "=https"
	}
	seconds := int(idle.Seconds())
	option := func(name, value string) { fmt.Fprintf(&c, "%s = \"%s\"\n", name, curlEscape.Replace(value)) }
	c.WriteString("silent\nshow-error\ninclude\ngloboff\nsuppress-connect-headers\n")
	option("url", r.URL)
	option("proto", protocols)
	option("connect-timeout", strconv.Itoa(seconds))
	option("speed-limit", "1")
	option("speed-time", strconv.Itoa(seconds))
	if r.Whole {
		option("max-time", strconv.Itoa(wholes*seconds))
	}
	if r.Insecure {
		c.WriteString("insecure\n")
	}
	if IsLoopback(r.URL) {
		option("noproxy", "*")
	}
	for _, field := range r.Header {
		option("header", field)
	}
	if r.Form != "" {
		option("data", r.Form)
	}
	if r.Start > 0 {
		option("header", fmt.Sprintf("Range: bytes=%d-", r.Start))
		if r.Validator != "" {
			option("header", "If-Range: "+r.Validator)
		}
	}
	return invocation{args: []string{"-q", "--config", "-"}, input: c.String()}
}

// wholes is how many times the idle time a whole short exchange may take.
const wholes = 5

// curlEscape writes a value into a quoted word of curl's configuration (curl(1), --config).
var curlEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`)

// wget takes its settings from a file, which must be a regular one, and the URL from its standard input.
func wget(r Request, idle time.Duration) invocation {
	var c strings.Builder
	for _, field := range r.Header {
		fmt.Fprintf(&c, "header = %s\n", field)
	}
	if r.Form != "" {
		fmt.Fprintf(&c, "post_data = %s\n", r.Form)
	}
	settings := "--no-config"
	if c.Len() > 0 {
		settings = "--config=/dev/fd/3"
	}
	args := []string{settings, "--no-verbose", "--server-response", "--save-headers", "--content-on-error",
		"--max-redirect=0", "--tries=1", "--no-netrc", "--timeout=" + strconv.Itoa(int(idle.Seconds())),
		"--output-document=-", "--input-file=-"}
	if r.Insecure {
		args = append(args, "--no-check-certificate")
	}
	if IsLoopback(r.URL) {
		args = append(args, "--no-proxy")
	}
	return invocation{args: args, input: r.URL + "\n", file: c.String()}
}

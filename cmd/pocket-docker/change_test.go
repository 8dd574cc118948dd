package main

import (
	"encoding/json"
	"testing"

	"pocket/runtime/image"
)

func TestChange(t *testing.T) {
	for text, want := range map[string]string{
		`CMD ["/bin/sh", "-c", "a b"]`:    `{"Cmd":["/bin/sh","-c","a b"]}`,
		`cmd echo "a b"`:                  `{"Cmd":["/bin/sh","-c","echo \"a b\""]}`,
		`ENTRYPOINT ["/entry"]`:           `{"Entrypoint":["/entry"]}`,
		`ENV A=1 B="2 3" C=`:              `{"Env":["A=1","B=2 3","C="]}`,
		`ENV A 1 2`:                       `{"Env":["A=1 2"]}`,
		`LABEL a=b c="d e"`:               `{"Labels":{"a":"b","c":"d e"}}`,
		`WORKDIR /srv`:                    `{"WorkingDir":"/srv"}`,
		`USER app:app`:                    `{"User":"app:app"}`,
		`STOPSIGNAL SIGINT`:               `{"StopSignal":"SIGINT"}`,
		`EXPOSE 80 53/UDP`:                `{"ExposedPorts":{"53/udp":{},"80/tcp":{}}}`,
		`VOLUME /a /b`:                    `{"Volumes":{"/a":{},"/b":{}}}`,
		`VOLUME ["/a b"]`:                 `{"Volumes":{"/a b":{}}}`,
		``:                                "",
		`CMD`:                             "",
		`CMD [`:                           "",
		`CMD [1]`:                         "",
		`RUN true`:                        "",
		`ENV A`:                           "",
		`ENV A=1 B`:                       "",
		`ENV =1`:                          "",
		`ENV "A=1`:                        "",
		`WORKDIR srv`:                     "",
		`STOPSIGNAL NO`:                   "",
		`EXPOSE http`:                     "",
		`EXPOSE 0`:                        "",
		`EXPOSE 80/icmp`:                  "",
		`EXPOSE 65536`:                    "",
		`VOLUME a`:                        "",
		`VOLUME [`:                        "",
		`HEALTHCHECK CMD true`:            "",
		"ENV A=1\nB=2":                    `{"Env":["A=1","B=2"]}`,
		`LABEL multi="one \"two\" three"`: `{"Labels":{"multi":"one \"two\" three"}}`,
	} {
		var c image.Config
		err := change(&c, text)
		if want == "" {
			if err == nil {
				t.Errorf("%q makes %+v", text, c)
			}
			continue
		}
		got, jsonErr := json.Marshal(c)
		if err != nil || jsonErr != nil || string(got) != want {
			t.Errorf("%q makes %s, %v, want %s", text, got, err, want)
		}
	}
}

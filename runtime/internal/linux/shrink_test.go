package linux

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// fileMemory is how many KiB of mapped files are resident (RssFile of proc_pid_status(5)).
func fileMemory(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "RssFile:")
	if !found {
		t.Skip("this kernel does not tell RssFile")
	}
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestShrinkGivesUpFilePagesAndLosesNothing(t *testing.T) {
	before := fileMemory(t)
	if err := Shrink(); err != nil {
		t.Fatal(err)
	}
	if after := fileMemory(t); after >= before {
		t.Errorf("%d KiB of files were resident before and %d after", before, after)
	}
	if text := string(InitImage()[1:4]); text != "ELF" { // read-only data is read again from the file
		t.Errorf("the program's data are lost: %q", text)
	}
}

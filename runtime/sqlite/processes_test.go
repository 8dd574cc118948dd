package sqlite

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary is also the program that the tests below run several times at once.
func TestMain(m *testing.M) {
	switch task, path := os.Getenv("SQLITE_TEST_TASK"), os.Getenv("SQLITE_TEST_DB"); task {
	case "":
		os.Exit(m.Run())
	case "insert":
		exit(insertMany(path))
	case "hang":
		exit(hangInTransaction(path))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

const (
	processes = 8
	inserts   = 50
)

// insertMany opens the database anew now and then: opening is where the races are.
func insertMany(path string) error {
	for done := 0; done < inserts; {
		db, err := Open(path, history)
		if err != nil {
			return err
		}
		for range 10 {
			if err := db.Write(insert(fmt.Sprint(os.Getpid()))); err != nil {
				return err
			}
			done++
		}
		if err := db.Close(); err != nil {
			return err
		}
	}
	return nil
}

func hangInTransaction(path string) error {
	db, err := Open(path, history)
	if err != nil {
		return err
	}
	return db.Write(func(tx *Tx) error {
		if err := insert("lost")(tx); err != nil {
			return err
		}
		fmt.Println("inserted")
		_, err := bufio.NewReader(os.Stdin).ReadString('\n') // never comes
		return err
	})
}

func child(t *testing.T, task, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "SQLITE_TEST_TASK="+task, "SQLITE_TEST_DB="+path)
	return cmd
}

func TestProcessesAtOnceLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	var children []*exec.Cmd
	var outputs []*strings.Builder
	for range processes {
		cmd, out := child(t, "insert", path), &strings.Builder{}
		cmd.Stderr = out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children, outputs = append(children, cmd), append(outputs, out)
	}
	for i, cmd := range children {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v: %s", i, err, outputs[i])
		}
	}
	db := open(t, path, history)
	if n := count(t, db); n != processes*inserts {
		t.Errorf("%d rows, want %d", n, processes*inserts)
	}
	if err := db.QuickCheck(); err != nil {
		t.Error(err)
	}
}

func TestKilledWriterLeavesThePreviousState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db := open(t, path, history)
	if err := db.Write(insert("kept")); err != nil {
		t.Fatal(err)
	}
	cmd := child(t, "hang", path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "inserted\n" {
		t.Errorf("the writer said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the writer ended by itself")
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want the one before", n)
	}
	if err := db.Write(insert("after")); err != nil {
		t.Errorf("the dead process's lock is still there: %v", err)
	}
}

package state

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pocket/runtime/hint"
)

// The test binary is also the monitor that TestReconcileAfterKill kills.
func TestMain(m *testing.M) {
	dir := os.Getenv("STATE_TEST_MONITOR")
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := monitor(dir, os.Getenv("STATE_TEST_ID")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func monitor(dir, id string) error {
	lock, err := AcquireLock(dir, id)
	if err != nil {
		return err
	}
	defer lock.Release()
	db, err := Open(dir)
	if err != nil {
		return err
	}
	self, err := Self()
	if err != nil {
		return err
	}
	if err := db.MarkRunning(id, Start{Monitor: self, Time: time.Now()}); err != nil {
		return err
	}
	fmt.Println("running")
	_, err = bufio.NewReader(os.Stdin).ReadString('\n') // never comes
	return err
}

func reconcile(t *testing.T, db *DB) []Container {
	t.Helper()
	lost, err := db.Reconcile()
	if err != nil {
		t.Fatal(err)
	}
	return lost
}

func TestReconcileAfterKill(t *testing.T) {
	db := open(t)
	c := create(t, db, Container{Name: "victim"})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "STATE_TEST_MONITOR="+db.Dir(), "STATE_TEST_ID="+c.ID)
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
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "running\n" {
		t.Errorf("the monitor said %q, %v", line, err)
	}

	if lost := reconcile(t, db); len(lost) != 0 {
		t.Errorf("lost while its monitor lives: %+v", lost)
	}
	c = find(t, db, "victim")
	if !c.Alive(db.Dir()) || !c.Monitor.Alive() || c.Monitor.PID != cmd.Process.Pid {
		t.Errorf("not alive: %+v", c)
	}
	if err := db.RemoveContainer(c.ID, nil); !errors.Is(err, ErrRunning) || !strings.Contains(hint.Of(err), "stop victim") {
		t.Errorf("removal of a running one: %v, hint %q", err, hint.Of(err))
	}
	if _, err := AcquireLock(db.Dir(), c.ID); !errors.Is(err, ErrLocked) {
		t.Errorf("a second monitor got the lock: %v", err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the monitor ended by itself")
	}
	if c.Alive(db.Dir()) || c.Monitor.Alive() {
		t.Error("alive after kill -9")
	}
	lost := reconcile(t, db)
	if len(lost) != 1 || lost[0].ID != c.ID {
		t.Fatalf("lost: %+v", lost)
	}
	exit := lost[0].Exit
	if lost[0].Status != Exited || exit.Code != 137 || exit.Reason != Lost || exit.Error != "monitor died" || exit.OOM != OOMUnknown || !exit.Started.Equal(c.Started) {
		t.Errorf("recorded: %+v, exit %+v", lost[0], exit)
	}
	if again := reconcile(t, db); len(again) != 0 {
		t.Errorf("lost twice: %+v", again)
	}
}

func TestReconcileOfOneThatIsRemovedMeanwhile(t *testing.T) {
	db := open(t)
	id := strings.Repeat("cd", 32)
	if lost, err := db.reconcile(id); err != nil || len(lost) != 0 {
		t.Errorf("got %+v, %v", lost, err)
	}
	path, err := lockPath(db.Dir(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a lock file is left for no container: %v", err)
	}
}

func TestDiscardedLockLeavesNoFile(t *testing.T) {
	db := open(t)
	id := strings.Repeat("ef", 32)
	lock, err := AcquireLock(db.Dir(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Discard(); err != nil {
		t.Error(err)
	}
	path, err := lockPath(db.Dir(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file is left: %v", err)
	}
}

func TestLockThatCannotBeMadeHasAHint(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/locks", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := AcquireLock(dir, strings.Repeat("ef", 32)); err == nil || !strings.Contains(hint.Of(err), "POCKET_ROOT") {
		t.Errorf("got %v, hint %q", err, hint.Of(err))
	}
}

func TestRemovalOfALostContainer(t *testing.T) {
	db := open(t)
	id := create(t, db, Container{}).ID
	if err := db.MarkRunning(id, Start{Monitor: Process{PID: 1}, Time: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := db.RemoveContainer(id, nil); err != nil {
		t.Errorf("its monitor is dead, so it can be removed: %v", err)
	}
}

func TestLock(t *testing.T) {
	dir, id := t.TempDir(), NewID()
	if IsLocked(dir, id) {
		t.Error("locked before anyone took it")
	}
	lock, err := AcquireLock(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	if !IsLocked(dir, id) {
		t.Error("not locked while held")
	}
	if _, err := AcquireLock(dir, id); !errors.Is(err, ErrLocked) {
		t.Errorf("taken twice: %v", err)
	}
	if err := lock.Release(); err != nil || IsLocked(dir, id) {
		t.Errorf("locked after release, %v", err)
	}
	for _, bad := range []string{"", "../x", id[:63], strings.ToUpper(strings.Repeat("ab", 32))} {
		if _, err := AcquireLock(dir, bad); err == nil {
			t.Errorf("a lock for %q", bad)
		}
	}
}

func TestLockOfARemovedFileIsNotTaken(t *testing.T) {
	dir, id := t.TempDir(), NewID()
	first, err := AcquireLock(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Release()
	if err := removeLock(dir, id); err != nil {
		t.Fatal(err)
	}
	path, _ := lockPath(dir, id)
	if isStill(path, first.file) {
		t.Error("the removed file counts as the lock")
	}
	second, err := AcquireLock(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Release()
	if !isStill(path, second.file) {
		t.Error("the new lock is not the file at the path")
	}
}

// Package inside runs a job of ours as the root of a user namespace, in a second process of our own
// program.
//
// An ordinary user's container that has a range of ids leaves files that its user can neither read nor
// remove: they belong to other ids. Inside a user namespace with the same mapping, root can. A Go program
// cannot enter one (setns(2) wants a single thread), so ours is executed once more, there.
//
// A job is a function in a table that the program's main gives to Serve before anything else:
//
//	func main() {
//		if status, served := inside.Serve(tree.Jobs, image.Jobs); served {
//			os.Exit(status)
//		}
//		…
//
// Test binaries do the same in TestMain. Run then starts the job by its name:
//
//	err := inside.Run(inside.As(ids), "unpack", args, &result, archive)
//
// Arguments and result travel as JSON, and descriptors are handed in: Files of the Call, in their order.
// Streams are pipes among them.
package inside

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"pocket/runtime/boot"
	"pocket/runtime/idmap"
	"pocket/runtime/internal/linux"
)

// program is the name by which a process knows that it is one of ours that was started to do a job.
const program = "pocket-inside"

// mark is in the environment of such a process: one whose main does not call Serve must not start itself
// again and again.
const mark = "POCKET_INSIDE=1"

// As is the ids for Run with which files of containers with the mapping m can be worked with: nil where we
// are root and may mount, which is root's way to make them, too; else m itself.
func As(m idmap.Map) *idmap.Map {
	if linux.Privileged() {
		return nil
	}
	return &m
}

// Run runs the named job to its end in a process that is root of a new user namespace with the mapping
// ids, or who we are where ids is nil; in both cases in a mount namespace of its own. The job's result is
// stored in result, unless that is nil. Files stay open here.
//
// The error of the job keeps its text, its hint, and its errno for errors.Is.
func Run(ids *idmap.Map, job string, args, result any, files ...*os.File) error {
	w, err := Start(ids, job, args, files...)
	if err != nil {
		return err
	}
	return w.Wait(result)
}

// Worker is a process that does a job.
type Worker struct {
	job     string
	process *os.Process
	reply   *os.File
}

// Start is the first half of Run. When it returns, the process has the files, so that the caller may
// close its ends of pipes.
func Start(ids *idmap.Map, job string, args any, files ...*os.File) (*Worker, error) {
	for _, entry := range os.Environ() {
		if entry == mark {
			return nil, fmt.Errorf("run the job %s: this program does not serve jobs", job)
		}
	}
	request, err := writeRequest(job, args, len(files))
	if err != nil {
		return nil, err
	}
	defer request.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	reply, far, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer far.Close()
	again := boot.Again{Args: []string{program}, Env: append(os.Environ(), mark),
		Files: append([]*os.File{null, null, os.Stderr, request, far}, files...)}
	w, err := start(&again, ids)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("run the job %s: %w", job, err), reply.Close())
	}
	return &Worker{job, w, reply}, nil
}

func start(again *boot.Again, ids *idmap.Map) (*os.Process, error) {
	if ids != nil {
		userNS, err := boot.UserNS(*ids)
		if err != nil {
			return nil, err
		}
		defer userNS.Close()
		again.UserNS = userNS
	}
	pid, err := again.Start()
	if err != nil {
		return nil, err
	}
	return os.FindProcess(pid)
}

// request is what the process reads first.
type request struct {
	Job   string
	Files int
	Args  json.RawMessage
}

// writeRequest puts the request into a file in memory: a pipe could be too small for it.
func writeRequest(job string, args any, files int) (*os.File, error) {
	text, err := json.Marshal(args)
	if err == nil {
		text, err = json.Marshal(request{job, files, text})
	}
	if err != nil {
		return nil, fmt.Errorf("write the arguments of the job %s: %w", job, err)
	}
	fd, err := unix.MemfdCreate("request", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "request")
	if _, err := file.WriteAt(text, 0); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Wait waits for the job's end and stores its result, unless result is nil.
func (w *Worker) Wait(result any) error {
	text, readErr := io.ReadAll(w.reply)
	_, waitErr := w.process.Wait()
	if err := errors.Join(readErr, waitErr, w.reply.Close()); err != nil {
		return fmt.Errorf("wait for the job %s: %w", w.job, err)
	}
	var r reply
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("the process that did the job %s died", w.job)
	}
	if r.Error != nil {
		return r.Error.asError()
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(r.Result, result)
}

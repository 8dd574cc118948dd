package main

import (
	"archive/tar"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// The archives have the names that the three examples of use give them; what is in them is the host's.
const (
	shellArchive  = "alpine-minirootfs-3.19.1-x86_64.tar.gz"
	pythonArchive = "python3.12-alpine.tar"
)

// rootArchive writes a root filesystem as tar. Folders come before what is in them.
type rootArchive struct {
	*tar.Writer
	have map[string]bool
}

func makeArchive(path string, fill func(*rootArchive) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	var to io.WriteCloser = f
	if strings.HasSuffix(path, ".gz") {
		to = gzip.NewWriter(f)
	}
	a := &rootArchive{tar.NewWriter(to), map[string]bool{".": true}}
	for _, dir := range []string{"/bin", "/etc", "/proc", "/sys", "/dev", "/tmp", "/mnt", "/root"} {
		err = errors.Join(err, a.folder(dir))
	}
	err = errors.Join(err, fill(a), a.Close())
	if to != f {
		err = errors.Join(err, to.Close())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func (a *rootArchive) folder(path string) error {
	name := strings.TrimPrefix(filepath.Clean(path), "/")
	if name == "" || a.have[name] {
		return nil
	}
	if err := a.folder(filepath.Dir("/" + name)); err != nil {
		return err
	}
	a.have[name] = true
	mode := int64(0o755)
	if name == "tmp" {
		mode = 0o1777
	}
	return a.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode})
}

// file copies a file of the host to path.
func (a *rootArchive) file(path, host string) error {
	name := strings.TrimPrefix(filepath.Clean(path), "/")
	if a.have[name] {
		return nil
	}
	a.have[name] = true
	text, err := os.ReadFile(host)
	if err != nil {
		return err
	}
	info, err := os.Stat(host)
	if err != nil {
		return err
	}
	if err := a.folder(filepath.Dir("/" + name)); err != nil {
		return err
	}
	head := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(info.Mode().Perm()), Size: int64(len(text))}
	if err := a.WriteHeader(head); err != nil {
		return err
	}
	_, err = a.Write(text)
	return err
}

func (a *rootArchive) link(path, target string) error {
	if err := a.folder(filepath.Dir(path)); err != nil {
		return err
	}
	return a.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: strings.TrimPrefix(path, "/"), Linkname: target, Mode: 0o777})
}

var libraryPath = regexp.MustCompile(`(/\S+) \(0x`)

// program copies a program of the host to path, with the libraries that ldd(1) names.
func (a *rootArchive) program(path, host string) error {
	host, err := filepath.EvalSymlinks(host)
	if err != nil {
		return err
	}
	if err := a.file(path, host); err != nil {
		return err
	}
	if static, err := isStatic(host); static || err != nil {
		return err
	}
	out, err := exec.Command("ldd", host).Output()
	if err != nil {
		return fmt.Errorf("ldd %s: %w", host, err)
	}
	for _, match := range libraryPath.FindAllStringSubmatch(string(out), -1) {
		if err := a.file(match[1], match[1]); err != nil {
			return err
		}
	}
	return nil
}

func isStatic(path string) (bool, error) {
	f, err := elf.Open(path)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false, nil
		}
	}
	return true, nil
}

// makeShellArchive puts a busybox with its names into an archive or, without one, the host's own shell
// and a few programs.
func makeShellArchive(path string) error {
	return makeArchive(path, func(a *rootArchive) error {
		if busybox, err := exec.LookPath("busybox"); err == nil {
			err = a.program("/bin/busybox", busybox)
			for _, name := range []string{"sh", "cat", "diff", "env", "id", "ls", "sleep", "true", "hostname", "touch", "head", "yes", "tty"} {
				err = errors.Join(err, a.link("/bin/"+name, "busybox"))
			}
			return err
		}
		return a.hostPrograms("sh", "cat", "diff", "env", "id", "ls", "sleep", "true", "hostname", "touch", "head", "yes", "tty")
	})
}

func (a *rootArchive) hostPrograms(names ...string) error {
	for _, name := range names {
		host, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		if err := a.program("/bin/"+name, host); err != nil {
			return err
		}
	}
	return nil
}

// makePythonArchive puts the host's Python, its standard library's core, sh and diff into an archive.
func makePythonArchive(path string) error {
	host := "/usr/bin/python3"
	if _, err := os.Stat(host); err != nil {
		if host, err = exec.LookPath("python3"); err != nil {
			return err
		}
	}
	out, err := exec.Command(host, "-I", "-c",
		"import os, sys, sysconfig; print(os.path.realpath(sys.executable)); print(sysconfig.get_path('stdlib'))").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", host, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 2 {
		return fmt.Errorf("%s said %q", host, out)
	}
	program, library := lines[0], lines[1]
	return makeArchive(path, func(a *rootArchive) error {
		err := errors.Join(a.hostPrograms("sh", "diff"), a.program(program, program), a.library(library))
		for _, name := range []string{"/bin/python", "/bin/python3"} {
			err = errors.Join(err, a.link(name, program))
		}
		return err
	})
}

// library copies what Python needs to start, and an empty lib-dynload, which it looks for.
func (a *rootArchive) library(root string) error {
	wanted := map[string]bool{".": true, "encodings": true, "collections": true, "importlib": true, "re": true}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && !wanted[relative]:
			return filepath.SkipDir
		case strings.HasSuffix(path, ".py") && d.Type().IsRegular():
			return a.file(path, path)
		}
		return nil
	})
	return errors.Join(err, a.folder(root+"/lib-dynload"))
}

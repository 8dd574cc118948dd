package suite

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"pocket/runtime/hint"
)

//go:embed template
var template embed.FS

// placeholder stands in the template's suite.yaml for the suite's name.
const placeholder = "name: NAME\n"

// Init writes a suite to start from into a folder, which is made where it is missing: a commented suite.yaml
// with cases, a submission of each verdict and the schema. It returns the files' paths, relative to the
// folder. Nothing is written when any of the files exists, and nothing is left when one cannot be written.
func Init(dir string) ([]string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("making a suite in %s: %w", dir, err)
	}
	files, err := starter(filepath.Base(absolute))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.name)); !errors.Is(err, fs.ErrNotExist) {
			return nil, taken(dir, f.name, err)
		}
	}
	var written, names []string
	for _, f := range files {
		file := filepath.Join(dir, f.name)
		if err := f.write(file); err != nil {
			err = fmt.Errorf("making a suite in %s: writing %s: %w", dir, f.name, cause(err))
			return nil, errors.Join(err, remove(written))
		}
		written, names = append(written, file), append(names, f.name)
	}
	return names, nil
}

func taken(dir, name string, err error) error {
	if err != nil {
		return fmt.Errorf("making a suite in %s: %s: %w", dir, name, cause(err))
	}
	err = fmt.Errorf("making a suite in %s: %s exists", dir, name)
	return hint.With(err, "name another folder: nothing is overwritten")
}

func remove(files []string) error {
	var problems []error
	for _, file := range files {
		problems = append(problems, os.Remove(file))
	}
	return errors.Join(problems...)
}

// started is a file of a suite to start from.
type started struct {
	name, text string
}

func (f started) write(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = to.WriteString(f.text)
	if err = errors.Join(err, to.Close()); err != nil {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

// starter is the files of a suite of that name, suite.yaml first: where it is there, a suite is.
func starter(name string) ([]started, error) {
	if nameMistake(name) != "" {
		name = "example"
	}
	files := []started{{File, ""}, {SchemaFile, Schema()}}
	err := fs.WalkDir(template, "template", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := template.ReadFile(file)
		if relative := strings.TrimPrefix(file, "template/"); relative != File {
			files = append(files, started{path.Clean(relative), string(text)})
			return err
		}
		files[0].text = strings.Replace(string(text), placeholder, "name: "+strconv.Quote(name)+"\n", 1)
		return err
	})
	return files, err
}

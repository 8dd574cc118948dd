package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"pocket/grader"
	"pocket/runtime/resource"
)

// Digest is the SHA-256 in hex over names, modes and contents of a submission's files, of which the sandbox
// sees a single one under the name as; "" leaves its own. It is that of the Staged copy.
func Digest(sub grader.Submission, as string) (string, error) {
	digest, err := each(sub, as, func(_ string, _ os.FileMode, content io.Reader) error {
		_, err := io.Copy(io.Discard, content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reading submission %s: %w", sub.Name, err)
	}
	return digest, nil
}

// each gives the files of a submission to take, which must read them to their ends, and returns their digest.
func each(sub grader.Submission, as string, take func(name string, mode os.FileMode, content io.Reader) error) (string, error) {
	if as != "" && (len(sub.Files) != 1 || filepath.Base(as) != as) {
		return "", fmt.Errorf("%s cannot be seen as %q: it is not a single file's name", sub.Name, as)
	}
	from := cmp.Or(sub.At, sub.Path)
	if about, err := os.Lstat(from); err != nil {
		return "", err
	} else if !about.IsDir() {
		from = filepath.Dir(from)
	}
	// Names are resolved below an os.Root: a folder that becomes a link meanwhile leads nowhere else.
	root, err := os.OpenRoot(from)
	if err != nil {
		return "", err
	}
	defer root.Close()
	sum, left := sha256.New(), MaxBytes
	for _, name := range sub.Files {
		n, err := one(root, name, as, left, sum, take)
		if err != nil {
			return "", err
		}
		left -= n
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// one gives one file to take, under the name that the sandbox sees, and adds it to the sum.
func one(root *os.Root, name, as string, left resource.Size, sum hash.Hash, take func(string, os.FileMode, io.Reader) error) (resource.Size, error) {
	in, err := openRegular(root.OpenFile, filepath.FromSlash(name))
	if err != nil {
		return 0, err
	}
	defer in.Close()
	about, err := in.Stat()
	if err != nil {
		return 0, err
	}
	mode := os.FileMode(0o644)
	if about.Mode()&0o111 != 0 {
		mode = 0o755
	}
	if as != "" {
		name = as
	}
	content := &counter{content: sha256.New()}
	err = take(name, mode, io.TeeReader(io.LimitReader(in, int64(left)+1), content))
	if err == nil && content.n > left {
		err = tooLarge()
	}
	fmt.Fprintf(sum, "%q %o %x\n", name, mode, content.content.Sum(nil))
	return content.n, err
}

// counter counts and digests what it sees.
type counter struct {
	content hash.Hash
	n       resource.Size
}

func (c *counter) Write(b []byte) (int, error) {
	c.n += resource.Size(len(b))
	return c.content.Write(b)
}

package image

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"pocket/runtime/hint"
)

// source reads an archive file and knows what has gone by: its bytes, their digest.
type source struct {
	ctx      context.Context
	file     *os.File
	total    int64
	read     int64
	sum      hash.Hash
	stage    string
	progress Progress
	reported int64
}

func newSource(ctx context.Context, f *os.File, stage string, progress Progress) (*source, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &source{ctx: ctx, file: f, total: st.Size(), sum: sha256.New(), stage: stage, progress: progress}, nil
}

// Read reads the file and ends with the context's error when that is done.
func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.file.Read(p)
	s.sum.Write(p[:n])
	s.read += int64(n)
	const step = 1 << 20
	if s.progress != nil && (s.read-s.reported >= step || (err == io.EOF && s.reported < s.read)) {
		s.reported = s.read
		s.progress(s.stage, s.read, s.total)
	}
	return n, err
}

// digest is the digest of what was read.
func (s *source) digest() string { return fmt.Sprintf("%s%x", digestPrefix, s.sum.Sum(nil)) }

// tarStream is the tar inside an archive file, unpacked and bounded.
type tarStream struct {
	limits Limits
	from   *source
	plain  io.Reader
	gzip   bool
	out    int64
	ended  bool // the reader has been told that nothing more comes
}

// foreign are the formats that people try, by the bytes they begin with.
var foreign = []struct{ magic, name, cure string }{
	{"\x28\xb5\x2f\xfd", "zstd", "unpack it first: zstd -d FILE"},
	{"\xfd7zXZ\x00", "xz", "unpack it first: xz -dk FILE"},
	{"BZh", "bzip2", "unpack it first: bzip2 -dk FILE"},
	{"PK\x03\x04", "zip", "pack its content again: tar -czf FILE.tar.gz -C FOLDER ."},
}

// openTar finds out how the archive is compressed.
func openTar(from *source, limits Limits) (*tarStream, error) {
	buffered := bufio.NewReaderSize(from, 256<<10)
	head, err := buffered.Peek(6)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) == 0 {
		return nil, errors.New("the file is empty")
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return nil, hint.With(fmt.Errorf("%s archives are not supported", f.name), "%s", f.cure)
		}
	}
	t := &tarStream{limits: limits, from: from, plain: buffered}
	if bytes.HasPrefix(head, []byte("\x1f\x8b")) {
		t.gzip = true
		if t.plain, err = gzip.NewReader(buffered); err != nil {
			return nil, gzipError(err)
		}
	}
	return t, nil
}

// Read gives the next bytes of the tar. It fails when there are more than the limits allow.
func (t *tarStream) Read(p []byte) (int, error) {
	n, err := t.plain.Read(p)
	t.out += int64(n)
	t.ended = t.ended || err == io.EOF
	if t.gzip && err != nil && err != io.EOF {
		err = gzipError(err)
	}
	if t.out > int64(t.limits.Bytes) {
		return 0, fmt.Errorf("the archive unpacks to more than %s", t.limits.Bytes.Human())
	}
	if t.out > int64(t.limits.RatioFrom) && t.out/t.limits.Ratio > t.from.read {
		return 0, fmt.Errorf("the archive unpacks to more than %d times its size", t.limits.Ratio)
	}
	return n, err
}

// finish is called when the tar reader has seen the end. It reads the rest, which checks the compressed
// stream's checksum, and refuses anything but padding there.
func (t *tarStream) finish() error {
	if t.ended && !t.gzip { // a whole tar is followed by two blocks of zeros; gzip knows its own end
		return errTruncated
	}
	block := make([]byte, len(zeros))
	for {
		n, err := t.Read(block)
		if !bytes.Equal(block[:n], zeros[:n]) {
			return errors.New("something follows the end of the archive")
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

var errTruncated = errors.New("the archive is cut short")

// gzipError says in the words of this package what is wrong with a compressed stream.
func gzipError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return errTruncated
	case errors.Is(err, gzip.ErrHeader):
		return errors.New("something that is not gzip follows in the compressed archive")
	case errors.Is(err, gzip.ErrChecksum):
		return errors.New("the compressed archive is damaged: its checksum is wrong")
	}
	return err
}

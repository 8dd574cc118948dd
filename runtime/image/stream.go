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
	"sync/atomic"

	"pocket/runtime/hint"
	files "pocket/runtime/tree"
)

// source reads an archive and knows what has gone by: its bytes, their digest.
type source struct {
	ctx      context.Context
	from     io.Reader
	total    int64
	read     atomic.Int64 // a program that decompresses is fed by a goroutine
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
	return readSource(ctx, f, st.Size(), stage, progress), nil
}

func readSource(ctx context.Context, from io.Reader, total int64, stage string, progress Progress) *source {
	return &source{ctx: ctx, from: from, total: total, sum: sha256.New(), stage: stage, progress: progress}
}

// Read reads the archive and ends with the context's error when that is done.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.pull(p)
	s.tell(err == io.EOF)
	return n, err
}

func (s *source) pull(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.from.Read(p)
	s.sum.Write(p[:n])
	s.read.Add(int64(n))
	return n, err
}

// tell reports how far it is.
func (s *source) tell(last bool) {
	const step = 1 << 20
	read := s.read.Load()
	if s.progress != nil && (read-s.reported >= step || (last && s.reported < read)) {
		s.reported = read
		s.progress(s.stage, read, s.total)
	}
}

// digest is the digest of what was read.
func (s *source) digest() string { return fmt.Sprintf("%s%x", digestPrefix, s.sum.Sum(nil)) }

// tarStream is the tar inside an archive file, unpacked and bounded.
type tarStream struct {
	limits Limits
	from   *source
	plain  io.Reader
	gzip   bool
	zstd   *program  // or nil
	tap    io.Reader // reads this stream for whoever records it; finish reads through it
	out    int64
	ended  bool // the reader has been told that nothing more comes
}

// foreign are the formats that people try, by the bytes they begin with.
var foreign = []struct{ magic, name, cure string }{
	{"\xfd7zXZ\x00", "xz", "unpack it first: xz -dk FILE"},
	{"BZh", "bzip2", "unpack it first: bzip2 -dk FILE"},
	{"PK\x03\x04", "zip", "pack its content again: tar -czf FILE.tar.gz -C FOLDER ."},
}

// openTar finds out how the archive is compressed. The caller closes the stream.
func openTar(ctx context.Context, from *source, limits Limits) (*tarStream, error) {
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
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		t.gzip = true
		if t.plain, err = gzip.NewReader(buffered); err != nil {
			return nil, gzipError(err)
		}
	case bytes.HasPrefix(head, []byte(zstdMagic)):
		// What is in the buffer comes first; after it the program's feeder reads past the progress.
		rest := io.MultiReader(io.LimitReader(buffered, int64(buffered.Buffered())), pulled{from})
		if t.zstd, err = startZstd(ctx, rest); err != nil {
			return nil, err
		}
		t.plain = t.zstd
	}
	return t, nil
}

// close ends the program that decompresses, if there is one.
func (t *tarStream) close() {
	if t.zstd != nil {
		t.zstd.close()
	}
}

// Read gives the next bytes of the tar. It fails when there are more than the limits allow.
func (t *tarStream) Read(p []byte) (int, error) {
	n, err := t.plain.Read(p)
	t.out += int64(n)
	t.ended = t.ended || err == io.EOF
	if t.zstd != nil {
		t.from.tell(err == io.EOF)
	}
	if t.gzip && err != nil && err != io.EOF {
		err = gzipError(err)
	}
	if t.out > int64(t.limits.Bytes) {
		return 0, fmt.Errorf("the archive unpacks to more than %s", t.limits.Bytes.Human())
	}
	if t.out > int64(t.limits.RatioFrom) && t.out/t.limits.Ratio > t.from.read.Load() {
		return 0, fmt.Errorf("the archive unpacks to more than %d times its size", t.limits.Ratio)
	}
	return n, err
}

// finish is called when the tar reader has seen the end. It reads the rest, which checks the compressed
// stream's checksum, and refuses anything but padding there.
func (t *tarStream) finish() error {
	if t.ended && !t.gzip && t.zstd == nil && t.tap == nil { // a whole tar is followed by two blocks of zeros; others know their own end
		return errTruncated
	}
	var from io.Reader = t
	if t.tap != nil {
		from = t.tap
	}
	block := make([]byte, files.BlockSize)
	for {
		n, err := from.Read(block)
		if !files.Blank(block[:n]) {
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

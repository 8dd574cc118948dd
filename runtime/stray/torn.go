package stray

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Torn copies a database n times as a loss of power could have left it, and calls try with each copy's path: its
// log (-wal) is as it was up to a place, and after that cut off, zeros or anything. The places are spread over the
// log, at the ends of sectors of 512 bytes, beside them and anywhere. whole is how much of the log is as it was.
func Torn(database, into string, n int, random *rand.Rand, try func(copy string, whole int64) error) error {
	base, err := os.ReadFile(database)
	if err != nil {
		return err
	}
	log, err := os.ReadFile(database + "-wal")
	if err != nil {
		return err
	}
	const sector = 512
	for i := range n {
		cut := len(log) * i / n / sector * sector
		switch i % 4 {
		case 1:
			cut++
		case 2:
			cut = max(0, cut-1)
		case 3:
			cut = random.IntN(len(log))
		}
		dir := filepath.Join(into, fmt.Sprint("torn-", i))
		path := filepath.Join(dir, filepath.Base(database))
		err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(path, base, 0o600), os.WriteFile(path+"-wal", torn(log, cut, i, random), 0o600))
		if err == nil {
			err = try(path, int64(cut))
		}
		if err != nil {
			return fmt.Errorf("log of %d bytes whole up to %d (way %d): %w", len(log), cut, i%3, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

func torn(log []byte, cut, way int, random *rand.Rand) []byte {
	broken := append([]byte{}, log[:cut]...)
	switch way % 3 {
	case 1:
		broken = append(broken, make([]byte, len(log)-cut)...)
	case 2:
		for len(broken) < len(log) {
			broken = append(broken, byte(random.Uint32()))
		}
	}
	return broken
}

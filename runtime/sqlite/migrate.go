package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"pocket/runtime/hint"
)

// ErrNewer says that a database was written by a newer program, whose schema this one does not know.
var ErrNewer = errors.New("schema is newer")

// newer carries both numbers; errors.Is finds ErrNewer.
type newer struct {
	path        string
	have, known int
}

func (e *newer) Error() string {
	return fmt.Sprintf("%s: schema %d is newer than this program knows (%d)", e.path, e.have, e.known)
}

func (e *newer) Is(target error) bool { return target == ErrNewer }

// checkSchema refuses databases that are newer or not ours, before anything is written to them. What
// it reads is one statement, so that another process's first migration is seen whole or not at all.
func checkSchema(c *conn, migrations []string) error {
	version, objects, own, known := 0, 0, 0, len(migrations)
	first := firstTable(migrations)
	err := c.query(func(r *Row) error {
		version, objects, own = r.Int(), r.Int(), r.Int()
		return nil
	}, `SELECT user_version, (SELECT count(*) FROM sqlite_schema), (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?)
		FROM pragma_user_version`, []any{first})
	switch {
	case err != nil:
		return err
	case version < 0, version == 0 && objects > 0, version > 0 && first != "" && own == 0:
		return hint.With(fmt.Errorf("%s: a database of another program", c.path), "give the path of another file")
	case version > known:
		return hint.With(&newer{c.path, version, known}, "use the newer pocket that wrote it, or another database file")
	}
	return nil
}

// firstTable is the table with which a history begins, by which other programs' databases that count their migrations
// too are told from ours; "" where it begins with something else.
func firstTable(migrations []string) string {
	if len(migrations) == 0 {
		return ""
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(migrations[0]), "CREATE TABLE ")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, " ")
	return name
}

func (c *conn) integer(sql string) (int, error) {
	n := 0
	err := c.query(func(r *Row) error { n = r.Int(); return nil }, sql, nil)
	return n, err
}

// migrate applies what is missing, each migration in its own transaction. The count is read inside the
// transaction: of several processes that start at once, one does the work.
func migrate(c *conn, migrations []string) error {
	for {
		version, err := c.integer("PRAGMA user_version")
		if err != nil {
			return err
		}
		if version >= len(migrations) {
			return checkSchema(c, migrations)
		}
		if err := c.run("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		err = migrateOnce(c, migrations)
		if c.inTransaction() {
			err = errors.Join(err, c.run("ROLLBACK"))
		}
		if err != nil {
			return err
		}
	}
}

func migrateOnce(c *conn, migrations []string) error {
	version, err := c.integer("PRAGMA user_version")
	if err != nil || version >= len(migrations) {
		return err
	}
	if err := c.script(fmt.Sprintf("migration to schema %d", version+1), migrations[version]); err != nil {
		return err
	}
	// A pragma takes no parameters (pragma.html).
	if err := c.script("count migration", fmt.Sprintf("PRAGMA user_version=%d", version+1)); err != nil {
		return err
	}
	return c.run("COMMIT")
}

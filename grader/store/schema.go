package store

// migrations is append-only: what has been released is never edited. Times are nanoseconds since 1970
// UTC, NULL for never; durations are nanoseconds, memory bytes; args is the arguments, each followed by a
// NUL byte. A submission's results are in suite order by their ordinal, from 0; ordinal -1 is the
// compilation.
var migrations = []string{`
CREATE TABLE runs (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	suite      TEXT NOT NULL,
	suite_path TEXT NOT NULL,
	args       BLOB NOT NULL,
	started    INTEGER NOT NULL,
	finished   INTEGER
) STRICT;

CREATE TABLE submissions (
	id       INTEGER PRIMARY KEY,
	run      INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	name     TEXT NOT NULL,
	path     TEXT NOT NULL,
	suite    TEXT NOT NULL,
	language TEXT NOT NULL,
	sources  TEXT NOT NULL,
	verdict  TEXT NOT NULL,
	detail   TEXT NOT NULL,
	points   REAL NOT NULL,
	score    REAL NOT NULL,
	started  INTEGER,
	finished INTEGER
) STRICT;
CREATE INDEX submissions_run ON submissions (run, name);
CREATE INDEX submissions_sources ON submissions (sources);

CREATE TABLE results (
	id            INTEGER PRIMARY KEY,
	submission    INTEGER NOT NULL REFERENCES submissions ON DELETE CASCADE,
	ordinal       INTEGER NOT NULL CHECK (ordinal >= -1),
	name          TEXT NOT NULL,
	verdict       TEXT NOT NULL,
	detail        TEXT NOT NULL,
	difference    TEXT NOT NULL,
	stderr        TEXT NOT NULL,
	points        REAL NOT NULL,
	score         REAL NOT NULL,
	exit_code     INTEGER NOT NULL,
	signal        TEXT NOT NULL,
	output_bytes  INTEGER NOT NULL,
	cpu           INTEGER NOT NULL,
	wall          INTEGER NOT NULL,
	memory        INTEGER NOT NULL,
	cpu_source    TEXT NOT NULL,
	memory_source TEXT NOT NULL,
	UNIQUE (submission, ordinal)
) STRICT;

CREATE TABLE enforcement (
	result    INTEGER NOT NULL REFERENCES results ON DELETE CASCADE,
	ordinal   INTEGER NOT NULL,
	name      TEXT NOT NULL,
	requested TEXT NOT NULL,
	enforced  TEXT NOT NULL,
	by        TEXT NOT NULL,
	remark    TEXT NOT NULL,
	PRIMARY KEY (result, ordinal)
) STRICT, WITHOUT ROWID;
`}

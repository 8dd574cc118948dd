package state

// migrations is append-only: what has been released is never edited. Times are nanoseconds since 1970
// UTC, NULL for never; durations are nanoseconds, sizes bytes; command is its arguments, each followed
// by a NUL byte.
var migrations = []string{`
CREATE TABLE containers (
	id         TEXT PRIMARY KEY CHECK (length(id) = 64 AND id NOT GLOB '*[^0-9a-f]*'),
	name       TEXT NOT NULL UNIQUE,
	image      TEXT NOT NULL,
	command    BLOB NOT NULL,
	status     TEXT NOT NULL CHECK (status IN ('created', 'running', 'exited')),
	created    INTEGER NOT NULL,
	started    INTEGER,
	finished   INTEGER,
	pid        INTEGER NOT NULL DEFAULT 0,
	start_time INTEGER NOT NULL DEFAULT 0,
	boot_id    TEXT NOT NULL DEFAULT '',
	log_path   TEXT NOT NULL
) STRICT;

CREATE TABLE limits (
	container TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
	ordinal   INTEGER NOT NULL,
	name      TEXT NOT NULL,
	requested TEXT NOT NULL,
	enforced  TEXT NOT NULL,
	by        TEXT NOT NULL,
	remark    TEXT NOT NULL,
	PRIMARY KEY (container, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE exits (
	container     TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
	ordinal       INTEGER NOT NULL,
	started       INTEGER,
	finished      INTEGER NOT NULL,
	code          INTEGER NOT NULL,
	signal        INTEGER NOT NULL,
	reason        TEXT NOT NULL,
	oom           TEXT NOT NULL CHECK (oom IN ('true', 'false', 'unknown')),
	error         TEXT NOT NULL,
	cpu           INTEGER NOT NULL,
	wall          INTEGER NOT NULL,
	memory        INTEGER NOT NULL,
	cpu_source    TEXT NOT NULL,
	memory_source TEXT NOT NULL,
	PRIMARY KEY (container, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE images (
	name    TEXT PRIMARY KEY,
	digest  TEXT NOT NULL,
	kind    TEXT NOT NULL,
	size    INTEGER NOT NULL,
	source  TEXT NOT NULL,
	created INTEGER NOT NULL,
	pin     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX images_digest ON images (digest);
`, `
ALTER TABLE images ADD COLUMN manifest TEXT NOT NULL DEFAULT '';
`, `
ALTER TABLE containers RENAME TO containers_1;
ALTER TABLE limits RENAME TO limits_1;
ALTER TABLE exits RENAME TO exits_1;

CREATE TABLE containers (
	id         TEXT PRIMARY KEY CHECK (length(id) = 64 AND id NOT GLOB '*[^0-9a-f]*'),
	name       TEXT NOT NULL UNIQUE,
	image      TEXT NOT NULL,
	image_id   TEXT NOT NULL DEFAULT '',
	command    BLOB NOT NULL,
	config     TEXT NOT NULL DEFAULT '',
	status     TEXT NOT NULL CHECK (status IN ('created', 'running', 'paused', 'restarting', 'exited')),
	created    INTEGER NOT NULL,
	started    INTEGER,
	finished   INTEGER,
	pid        INTEGER NOT NULL DEFAULT 0,
	start_time INTEGER NOT NULL DEFAULT 0,
	boot_id    TEXT NOT NULL DEFAULT '',
	init_pid   INTEGER NOT NULL DEFAULT 0,
	init_start INTEGER NOT NULL DEFAULT 0,
	restarts   INTEGER NOT NULL DEFAULT 0,
	health     TEXT NOT NULL DEFAULT '',
	halted     INTEGER NOT NULL DEFAULT 0,
	log_path   TEXT NOT NULL
) STRICT;

CREATE TABLE limits (
	container TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
	ordinal   INTEGER NOT NULL,
	name      TEXT NOT NULL,
	requested TEXT NOT NULL,
	enforced  TEXT NOT NULL,
	by        TEXT NOT NULL,
	remark    TEXT NOT NULL,
	PRIMARY KEY (container, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE exits (
	container     TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
	ordinal       INTEGER NOT NULL,
	started       INTEGER,
	finished      INTEGER NOT NULL,
	code          INTEGER NOT NULL,
	signal        INTEGER NOT NULL,
	reason        TEXT NOT NULL,
	oom           TEXT NOT NULL CHECK (oom IN ('true', 'false', 'unknown')),
	error         TEXT NOT NULL,
	cpu           INTEGER NOT NULL,
	wall          INTEGER NOT NULL,
	memory        INTEGER NOT NULL,
	cpu_source    TEXT NOT NULL,
	memory_source TEXT NOT NULL,
	PRIMARY KEY (container, ordinal)
) STRICT, WITHOUT ROWID;

INSERT INTO containers (id, name, image, command, status, created, started, finished, pid, start_time, boot_id, log_path)
	SELECT id, name, image, command, status, created, started, finished, pid, start_time, boot_id, log_path FROM containers_1;
INSERT INTO limits SELECT * FROM limits_1;
INSERT INTO exits SELECT * FROM exits_1;
DROP TABLE limits_1;
DROP TABLE exits_1;
DROP TABLE containers_1;

CREATE TABLE events (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	time    INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	action  TEXT NOT NULL,
	subject TEXT NOT NULL,
	name    TEXT NOT NULL,
	detail  TEXT NOT NULL
) STRICT;
`, `
ALTER TABLE exits ADD COLUMN denied TEXT NOT NULL DEFAULT '';
`, `
CREATE TABLE volumes (
	name      TEXT PRIMARY KEY,
	created   INTEGER NOT NULL,
	anonymous INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_labels (
	volume TEXT NOT NULL REFERENCES volumes ON DELETE CASCADE,
	key    TEXT NOT NULL,
	value  TEXT NOT NULL,
	PRIMARY KEY (volume, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_uses (
	container TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
	target    TEXT NOT NULL,
	volume    TEXT NOT NULL REFERENCES volumes,
	PRIMARY KEY (container, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX volume_uses_volume ON volume_uses (volume);
`}

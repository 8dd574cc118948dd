package store

// migrations is append-only: what has been released is never edited. Times are nanoseconds since 1970
// UTC, NULL for never; durations are nanoseconds, memory bytes; args is the arguments, each followed by a
// NUL byte. A submission's results are in suite order by their ordinal, from 0; ordinal -1 is the
// compilation.
//
// Of the second: a run's key says what makes a run that was interrupted the same, its total how many
// submissions it has. A submission has its position in the run from 0, its claim the number of the grader
// (a row of audit) that is at work on it or was when it was killed; done says that it is graded. content
// names all that a result depends on, ” when it must not be found again. Lists that are never looked into
// by SQL are JSON.
//
// A run with a trial_of is a regrade of that run, or what it replaced: it is never listed. dir is the folder
// in which a run's command was given. A line of audit about a regrade names the run that keeps what was
// replaced as its trial, and one that undoes another names that.
//
// What a failed case was given is the same for all submissions: results share it, as they do enforcements.
//
// A run with a shard, counted from 1 to shards, has the submissions of a class at every so manyth position; class
// and manner say what class that is and how it is graded. merged names the shards' runs of which a run was made.
//
// What lay among the submissions and was not taken for one is a run's left_out, as JSON; empty where there was nothing.
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
`, `
ALTER TABLE runs ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN suite_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_key ON runs (key) WHERE finished IS NULL;

CREATE TABLE audit (
	id     INTEGER PRIMARY KEY AUTOINCREMENT,
	at     INTEGER NOT NULL,
	user   TEXT NOT NULL,
	host   TEXT NOT NULL,
	pid    INTEGER NOT NULL,
	action TEXT NOT NULL,
	run    INTEGER NOT NULL,
	args   BLOB NOT NULL
) STRICT;
CREATE INDEX audit_run ON audit (run);

ALTER TABLE submissions ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submissions ADD COLUMN claim INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submissions ADD COLUMN done INTEGER NOT NULL DEFAULT 1;
ALTER TABLE submissions ADD COLUMN student_id TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN student_name TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN student_email TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submissions ADD COLUMN groups TEXT NOT NULL DEFAULT '';
UPDATE submissions SET position = (SELECT count(*) FROM submissions AS o WHERE o.run = submissions.run AND o.id < submissions.id);
CREATE UNIQUE INDEX submissions_position ON submissions (run, position);

CREATE TABLE enforcements (
	id   INTEGER PRIMARY KEY,
	list TEXT NOT NULL UNIQUE
) STRICT;
ALTER TABLE results ADD COLUMN enforced INTEGER REFERENCES enforcements;
ALTER TABLE results ADD COLUMN of_group TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN visibility TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN feedback TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN judge TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN exchange TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN would_pass TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN samples TEXT NOT NULL DEFAULT '';
ALTER TABLE results ADD COLUMN borderline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN flaky INTEGER NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN content TEXT NOT NULL DEFAULT '';
CREATE INDEX results_content ON results (content) WHERE content <> '';

CREATE TEMP TABLE lists (result INTEGER PRIMARY KEY, list TEXT);
INSERT INTO lists SELECT result, json_group_array(json_object('limit', name, 'requested', requested,
	'enforced', enforced, 'by', by, 'remark', remark))
	FROM (SELECT * FROM enforcement ORDER BY result, ordinal) GROUP BY result;
INSERT OR IGNORE INTO enforcements (list) SELECT list FROM lists;
UPDATE results SET enforced = (SELECT e.id FROM lists JOIN enforcements AS e USING (list) WHERE lists.result = results.id)
	WHERE id IN (SELECT result FROM lists);
DROP TABLE lists;
DROP TABLE enforcement;
`, `
ALTER TABLE submissions ADD COLUMN student_section TEXT NOT NULL DEFAULT '';
`, `
ALTER TABLE runs ADD COLUMN trial_of INTEGER REFERENCES runs ON DELETE CASCADE;
ALTER TABLE runs ADD COLUMN dir TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_trial_of ON runs (trial_of) WHERE trial_of IS NOT NULL;
ALTER TABLE audit ADD COLUMN trial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN undoes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN changes TEXT NOT NULL DEFAULT '';
`, `
CREATE TABLE givens (
	id    INTEGER PRIMARY KEY,
	input TEXT NOT NULL,
	bytes INTEGER NOT NULL,
	args  TEXT NOT NULL,
	UNIQUE (input, bytes, args)
) STRICT;
ALTER TABLE results ADD COLUMN given INTEGER REFERENCES givens;
CREATE INDEX results_given ON results (given) WHERE given IS NOT NULL;
`, `
ALTER TABLE runs ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN shards INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN class TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN manner TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN merged TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_merged ON runs (merged) WHERE merged <> '';
`, `
ALTER TABLE runs ADD COLUMN left_out TEXT NOT NULL DEFAULT '';
`}

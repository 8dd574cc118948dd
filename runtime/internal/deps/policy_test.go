package deps

// imports says, for every package of ours, which other packages of ours its code may import. Tests are
// free. A package that is not listed, and a line without a package, are mistakes.
const imports = `
runtime/internal/linux: runtime/hint
runtime/internal/deps:
runtime/internal/watch:
runtime/internal/trial:

runtime/resource:
runtime/hint:
runtime/failpoint:
runtime/stray:
runtime/idmap:     runtime/hint
runtime/cgroup:    runtime/resource runtime/hint runtime/internal/linux runtime/failpoint
runtime/seccomp:   runtime/hint
runtime/rootfs:    runtime/resource runtime/hint
runtime/boot:      runtime/internal/linux runtime/rootfs runtime/seccomp runtime/resource runtime/idmap runtime/hint
runtime/network:   runtime/boot runtime/idmap runtime/hint
runtime/sandbox:   runtime/boot runtime/cgroup runtime/seccomp runtime/rootfs runtime/idmap runtime/resource runtime/failpoint
                   runtime/hint runtime/internal/linux
runtime/inside:    runtime/boot runtime/idmap runtime/hint runtime/internal/linux
runtime/tree:      runtime/inside runtime/boot runtime/rootfs runtime/idmap runtime/hint
runtime/sqlite:    runtime/hint runtime/failpoint
runtime/volume:    runtime/state runtime/tree runtime/idmap runtime/hint runtime/failpoint
runtime/state:     runtime/sqlite runtime/resource runtime/hint runtime/failpoint
runtime/transfer:  runtime/hint
runtime/registry:  runtime/transfer runtime/hint
runtime/image:     runtime/state runtime/idmap runtime/transfer runtime/registry runtime/inside runtime/tree runtime/hint runtime/resource runtime/failpoint
runtime/container: runtime/network runtime/internal/linux runtime/sandbox runtime/state runtime/image runtime/rootfs runtime/cgroup runtime/seccomp runtime/failpoint
                   runtime/tree runtime/inside runtime/volume runtime/idmap runtime/resource runtime/hint runtime/internal/watch
runtime/doctor:    runtime/internal/linux runtime/resource runtime/hint runtime/idmap runtime/cgroup
                   runtime/seccomp runtime/rootfs runtime/boot runtime/sandbox runtime/sqlite runtime/state
                   runtime/image runtime/network

grader:            runtime/resource
grader/suite:      grader runtime/resource runtime/hint
grader/language:   grader runtime/resource runtime/hint
grader/checker:    grader
grader/judge:      grader grader/checker runtime/resource runtime/hint runtime/failpoint
grader/runner:     grader runtime/sandbox runtime/rootfs runtime/cgroup runtime/seccomp runtime/idmap runtime/failpoint
                   runtime/image runtime/state runtime/resource runtime/hint
grader/store:      grader runtime/sqlite runtime/resource runtime/hint runtime/failpoint
grader/intake:     grader runtime/resource runtime/hint
grader/report:     grader runtime/resource
grader/publish:    grader runtime/hint
grader/trial:      grader runtime/resource

fixtures/hostile:  runtime/stray

cmd/pocket-docker: runtime/...
cmd/pocket-grade:  runtime/... grader/...
`

// foreign says which packages of ours may import which packages of other modules ("..." stands for
// everything below). What is not listed may be imported by none.
const foreign = `
golang.org/x/sys/unix:              runtime/... grader/runner fixtures/hostile cmd/...
modernc.org/...:                    runtime/sqlite
gopkg.in/yaml.v3:                   grader/suite grader/language grader/intake
github.com/pmezard/go-difflib/...:  grader/checker
github.com/spf13/pflag:             cmd/...
`

// modules says which modules may reach which binary. A further one needs a reason that a user would
// feel, written here beside its line. Those of sqlite are what it brings along.
const modules = `
golang.org/x/sys:                 cmd/pocket-docker cmd/pocket-grade
github.com/spf13/pflag:           cmd/pocket-docker cmd/pocket-grade
modernc.org/sqlite:               cmd/pocket-docker cmd/pocket-grade
modernc.org/libc:                 cmd/pocket-docker cmd/pocket-grade
modernc.org/mathutil:             cmd/pocket-docker cmd/pocket-grade
modernc.org/memory:               cmd/pocket-docker cmd/pocket-grade
github.com/dustin/go-humanize:    cmd/pocket-docker cmd/pocket-grade
github.com/google/uuid:           cmd/pocket-docker cmd/pocket-grade
github.com/remyoudompheng/bigfft: cmd/pocket-docker cmd/pocket-grade
gopkg.in/yaml.v3:                 cmd/pocket-grade
github.com/pmezard/go-difflib:    cmd/pocket-grade
`

// heavy says which packages of the standard library none of ours that reach a binary may import,
// because each costs hundreds of kilobytes there.
const heavy = `
net:           cmd/pocket-docker
net/http:      cmd/pocket-docker
crypto/tls:    cmd/pocket-docker
regexp:        cmd/pocket-docker
text/template: cmd/pocket-docker
math/big:      cmd/pocket-docker
log/slog:      cmd/pocket-docker
database/sql:  cmd/pocket-docker
`

// unsafeHome is the only package that may import unsafe.
const unsafeHome = "runtime/internal/linux"

// topLevel is all that lies at the top of the repository, beside files whose names begin with a dot
// and what .gitignore names there.
var topLevel = []string{"README.md", "cmd", "fixtures", "go.mod", "go.sum", "grader", "runtime", "suites"}

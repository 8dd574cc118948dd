package judge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"pocket/grader"
	"pocket/runtime/resource"
)

// Cache says how the part of compiling that all submissions in one language share is done once and kept
// for later runs; it comes from the table of languages.
type Cache struct {
	Language string  // its name in the table
	Title    string  // its name for people
	Variable string  // of the compiler's environment: names the folder of its cache
	At       string  // where compilers find the cache, read-only
	Identify Command // prints what the cache depends on: the compiler's version
	Warm     Command // fills the cache
}

// warmed is where Warm must leave the cache for Job.Save to take it.
const warmed = "/work/out"

// caches finds or fills the caches of an invocation, each once: who comes meanwhile waits.
type caches struct {
	mu    sync.Mutex
	found map[string]*os.File // by language: the locked folder, nil when there is none
}

// useCache lets a compiler's job see its language's cache. Without one (nothing asks for it, or it cannot
// be filled) the job is returned as it is. The error says that filling was interrupted.
func (w *Workspace) useCache(ctx context.Context, at bench, p Program, job grader.Job) (grader.Job, error) {
	if p.Cache == nil {
		return job, nil
	}
	dir, err := w.cache(ctx, at, p)
	if err != nil || dir == "" {
		return job, err
	}
	job.Env = merge(job.Env, []string{p.Cache.Variable + "=" + p.Cache.At})
	job.Mounts = append(job.Mounts, grader.Volume{Host: dir, Target: p.Cache.At})
	return job, nil
}

// cache returns the folder of a language's cache, "" when there is none.
func (w *Workspace) cache(ctx context.Context, at bench, p Program) (string, error) {
	c := &w.caches
	c.mu.Lock()
	defer c.mu.Unlock()
	key := p.Cache.Language
	folder, known := c.found[key]
	if folder != nil && !isStill(folder.Name(), folder) {
		folder.Close() // somebody emptied the user's folder of caches
		known = false
	}
	if !known {
		var err error
		if folder, err = w.findCache(ctx, at, p); ctx.Err() != nil {
			return "", errors.Join(ctx.Err(), closed(folder))
		} else if err != nil {
			w.tell(p.Cache.Title, err)
		}
		c.found[key] = folder
	}
	if folder == nil {
		return "", nil
	}
	return folder.Name(), nil
}

func closed(folder *os.File) error {
	if folder == nil {
		return nil
	}
	return folder.Close()
}

// tell says that a cache is being filled or, with an error, that it could not be.
func (w *Workspace) tell(title string, err error) {
	if w.OnWarm != nil {
		w.OnWarm(title, err)
	}
}

// findCache returns an earlier run's folder, or one that it fills, locked.
func (w *Workspace) findCache(ctx context.Context, at bench, p Program) (*os.File, error) {
	c, limits := p.Cache, p.CompileLimits.Merge(CompileLimits)
	out := at.run(ctx, grader.Job{Args: c.Identify.Args, Env: c.Identify.Env, Limits: limits, Compile: true})
	if out.NotFound {
		return nil, nil // the compiler itself will be missing, and that is said then
	}
	if err := failure(p, c.Identify, limits, out); err != nil {
		return nil, err
	}
	name := c.folderName(w.Root, out.Stdout)
	shared, errShared := w.shelf("libraries")
	if errShared == nil {
		shared.tidy()
		if folder := shared.take(name); folder != nil {
			return folder, nil
		}
	}
	w.tell(c.Title, nil)
	s, draft, err := w.draft(shared, errShared)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the cache: %w", err)
	}
	if err := fill(ctx, at, draft, p, limits); err != nil {
		return nil, errors.Join(err, discard(draft))
	}
	folder, err := s.publish(draft, name)
	s.tidy()
	return folder, err
}

// draft makes a folder to be filled: on the shelf that the user's runs share or, where there is none or
// nothing can be written there, on one that goes with the workspace.
func (w *Workspace) draft(shared shelf, errShared error) (shelf, *os.File, error) {
	if errShared == nil {
		if draft, err := shared.draft(); err == nil {
			return shared, draft, nil
		}
	}
	dir, err := w.folder("cache")
	if err != nil {
		return "", nil, err
	}
	draft, err := shelf(dir).draft()
	return shelf(dir), draft, err
}

// fill runs the command that fills a cache.
func fill(ctx context.Context, at bench, draft *os.File, p Program, limits resource.Limits) error {
	c := p.Cache
	out := at.run(ctx, grader.Job{
		Args: c.Warm.Args, Env: merge(c.Warm.Env, []string{c.Variable + "=" + warmed}),
		Save: draft.Name(), Limits: limits, Compile: true,
	})
	return failure(p, c.Warm, limits, out)
}

// folderName names the folder of a cache by all that it depends on.
func (c *Cache) folderName(root string, identity []byte) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q", root, c.Language, c.Variable, c.Warm, identity))
	return fmt.Sprintf("%s-%x", c.Language, sum[:16])
}

// failure says in one line what went wrong with a command, if anything did.
func failure(p Program, command Command, limits resource.Limits, out grader.Outcome) error {
	if out.Interrupted {
		return errors.New(filepath.Base(command.Args[0]) + " was interrupted")
	}
	r := classifyCompile(Program{Compile: &command, Package: p.Package}, limits, out)
	if r.Verdict == grader.AC {
		return nil
	}
	detail := r.Detail
	if message, _, _ := strings.Cut(strings.TrimSpace(r.Stderr), "\n"); message != "" {
		detail += ": " + message
	}
	return errors.New(detail)
}

package runner

import (
	"fmt"
	"slices"
	"sync"
	"syscall"

	"pocket/grader"
	"pocket/runtime/sandbox"
)

// idle is how many templates are kept that no job uses: those of the submissions that are graded now.
const idle = 4

// series lends templates: for jobs that see the same files, which the cases of one submission do. A template is
// lent to one job at a time, and never to that of another submission, whose files are others.
type series struct {
	mutex sync.Mutex
	seen  []string // what the last jobs saw, the latest last; with a template once it comes again
	free  []lent   // not in use, the latest last
}

// lent is a template and what the jobs see that it is for.
type lent struct {
	sight    string
	template *sandbox.Template
}

// sight names all that a job sees of the host. A file or folder that is replaced is another: as long as a template
// holds the old one, no other has its number.
func sight(job grader.Job) string {
	text := ""
	for _, m := range job.Mounts {
		text += place(m.Host) + fmt.Sprintf(" %q %q\n", m.Target, m.Masks)
	}
	return text + place(job.Build)
}

func place(name string) string {
	var about syscall.Stat_t
	if name == "" || syscall.Stat(name, &about) != nil {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%q %d %d", name, about.Dev, about.Ino)
}

// borrow returns a template for a job like this one, or nil where it has none: for what is seen for the first
// time none is made, because it may be the last.
func (s *series) borrow(sight string, spec sandbox.Spec) (*sandbox.Template, error) {
	if found := s.take(sight); found != nil {
		return found, nil
	}
	if !s.again(sight) {
		return nil, nil
	}
	made, err := sandbox.NewTemplate(spec)
	if err == sandbox.ErrNoTemplate {
		return nil, nil
	}
	return made, err
}

func (s *series) take(sight string) *sandbox.Template {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	i := slices.IndexFunc(s.free, func(l lent) bool { return l.sight == sight })
	if i < 0 {
		return nil
	}
	found := s.free[i].template
	s.free = slices.Delete(s.free, i, i+1)
	return found
}

// again says whether one of the last jobs saw the same.
func (s *series) again(sight string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	i := slices.Index(s.seen, sight)
	if i >= 0 {
		s.seen = slices.Delete(s.seen, i, i+1)
	} else if len(s.seen) == 4*idle {
		s.seen = slices.Delete(s.seen, 0, 1)
	}
	s.seen = append(s.seen, sight)
	return i >= 0
}

// giveBack takes a template back; the one that was not wanted for longest is closed.
func (s *series) giveBack(sight string, t *sandbox.Template) error {
	s.mutex.Lock()
	s.free = append(s.free, lent{sight, t})
	var old *sandbox.Template
	if len(s.free) > idle {
		old = s.free[0].template
		s.free = slices.Delete(s.free, 0, 1)
	}
	s.mutex.Unlock()
	if old == nil {
		return nil
	}
	return old.Close()
}

// Close lets go what is kept between jobs. No job may run.
func (r *Runner) Close() error {
	r.series.mutex.Lock()
	defer r.series.mutex.Unlock()
	var first error
	for _, l := range r.series.free {
		if err := l.template.Close(); err != nil && first == nil {
			first = err
		}
	}
	r.series.free = nil
	return first
}

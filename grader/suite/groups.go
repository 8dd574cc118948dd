package suite

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"pocket/grader"
)

var groupKeys = keys{
	known: slices.Concat([]string{"points", "score", "requires", "visibility"}, settingKeys),
	elsewhere: map[string]string{
		"cases": "to the cases: each names its group",
		"files": "to the cases: cases: [{files: PATTERN, group: NAME}]",
	},
}

var scorings = []grader.Scoring{grader.ScoreSum, grader.ScoreMin, grader.ScoreAll}

// group is a group and where it stands.
type group struct {
	grader.Group
	settings
	at      value
	worth   value   // its points; zero where none are written
	needs   []value // what it requires, as it is written
	members int
}

// groups is the groups of a suite, in its order.
type groups struct {
	all   []*group
	wrong bool // it is no mapping, so that nothing can be said of a name that is not there
}

// mostGroups is how many groups a suite may have.
const mostGroups = 1000

// groups reads the groups, whose cases stand elsewhere.
func (d *document) groups(f fields, base settings) *groups {
	g := &groups{}
	v, ok := f.get("groups")
	if !ok {
		return g
	}
	if v.kind() != yaml.MappingNode {
		v.wrong("must be a mapping (NAME: {points: 10}), not %s", v.shown())
		g.wrong = true
		return g
	}
	for name, part := range v.pairs() {
		if len(g.all) == mostGroups {
			part.wrongKey("more than %d groups", mostGroups)
			break
		}
		if what := nameMistake(name); what != "" {
			part.wrongKey("%s %s", quote(name), what)
		}
		g.all = append(g.all, d.group(name, part, base))
	}
	return g
}

func (d *document) group(name string, v value, base settings) *group {
	f, _ := v.fields(groupKeys)
	g := &group{at: v, settings: d.settings(f, base)}
	g.Name, g.Line, g.Score = name, v.key.Line, grader.ScoreSum
	if part, ok := f.get("points"); ok {
		g.Points, ok = part.number()
		if g.worth = part; ok && g.Points == 0 {
			g.settings.points = 0
		}
	}
	if part, ok := f.get("score"); ok {
		g.Score = choice(part, "a way to score", scorings)
	}
	if part, ok := f.get("requires"); ok {
		g.needs, _ = part.list()
	}
	return g
}

func (g *groups) names() []string {
	var names []string
	for _, one := range g.all {
		names = append(names, one.Name)
	}
	return names
}

func (g *groups) find(name string) *group {
	i := slices.IndexFunc(g.all, func(one *group) bool { return one.Name == name })
	if i < 0 {
		return nil
	}
	return g.all[i]
}

// of finds the group that a case names; nil after a mistake.
func (g *groups) of(v value) *group {
	name, ok := v.text()
	if !ok {
		return nil
	}
	found := g.find(name)
	switch {
	case found != nil || g.wrong:
	case len(g.all) == 0:
		v.wrong("the suite has no groups (add groups: {%s: {}})", name)
	default:
		v.wrong("%s is not a group %s", quote(name), meant(name, g.names()))
	}
	return found
}

// checked returns the groups when all cases are known, and notes what is wrong with them.
func (g *groups) checked(entries []entry) []grader.Group {
	for _, e := range entries {
		if of := g.find(e.Group); of != nil && e.Group != "" {
			of.members++
			of.weighs(e)
		}
	}
	var all []grader.Group
	for _, one := range g.all {
		if one.members == 0 {
			one.at.wrongKey("no case is in this group")
		}
		one.worthIts(entries)
		g.require(one, entries)
	}
	g.circles(entries)
	for _, one := range g.all {
		all = append(all, one.Group)
	}
	return all
}

// weighs notes a case that has points in a group that is worth none.
func (g *group) weighs(e entry) {
	if g.worth.doc != nil && g.Points == 0 && e.points.doc != nil && e.Points > 0 {
		e.points.wrong("the group %s is worth 0 points, and so are its cases", quote(g.Name))
	}
}

// worthIts notes points that nobody could get.
func (g *group) worthIts(entries []entry) {
	weight := 0.0
	for _, e := range entries {
		if e.Group == g.Name {
			weight += e.Points
		}
	}
	if g.Points > 0 && g.members > 0 && weight == 0 {
		g.worth.wrong("nobody could get them: each case of the group has 0 points")
	}
}

// require fills in what a group requires.
func (g *groups) require(one *group, entries []entry) {
	known := g.names()
	if !slices.Contains(known, grader.RequireSamples) && hasSample(entries) {
		known = append(known, grader.RequireSamples)
	}
	for _, need := range one.needs {
		name, ok := need.text()
		switch {
		case !ok:
		case slices.Contains(one.Requires, name):
			need.wrong("%s is listed twice", quote(name))
		case slices.Contains(known, name):
			one.Requires = append(one.Requires, name)
		case name == grader.RequireSamples:
			need.wrong("no case has visibility: sample, and no group is called so")
		default:
			need.wrong("%s is not a group %s", quote(name), meant(name, known))
		}
	}
}

func hasSample(entries []entry) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.Visibility == grader.Sample })
}

// circles notes groups that wait for themselves.
func (g *groups) circles(entries []entry) {
	done := map[string]bool{}
	for _, one := range g.all {
		g.follow(one.Name, nil, done, entries)
	}
}

// follow goes through all that a group requires. way is the groups that led here; done is those from which
// no new circle starts.
func (g *groups) follow(name string, way []string, done map[string]bool, entries []entry) {
	if i := slices.Index(way, name); i >= 0 {
		first := g.find(way[i])
		circle := strings.Join(append(slices.Clone(way[i:]), name), " → ")
		first.at.wrongKey("requires itself: %s", circle)
		return
	}
	if done[name] {
		return
	}
	one := g.find(name)
	for _, need := range one.Requires {
		for _, next := range g.behind(need, entries) {
			g.follow(next, append(slices.Clip(way), name), done, entries)
		}
	}
	done[name] = true
}

// behind is the groups for which a requirement stands.
func (g *groups) behind(need string, entries []entry) []string {
	if g.find(need) != nil {
		return []string{need}
	}
	var all []string
	for _, e := range entries {
		if e.Visibility == grader.Sample && e.Group != "" && !slices.Contains(all, e.Group) {
			all = append(all, e.Group)
		}
	}
	return all
}

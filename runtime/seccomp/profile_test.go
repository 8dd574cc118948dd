package seccomp

import "testing"

// As moby decides: all that is included, nothing of what is excluded.
func TestApplies(t *testing.T) {
	to := target{"amd64", []int{1, 2}, kernel{5, 10}}
	for _, c := range []struct {
		why  string
		rule rule
		want bool
	}{
		{"nothing asked", rule{}, true},
		{"both capabilities there", rule{includes: scope{caps: []int{1, 2}}}, true},
		{"one capability missing", rule{includes: scope{caps: []int{1, 3}}}, false},
		{"one excluded capability there", rule{excludes: scope{caps: []int{3, 2}}}, false},
		{"no excluded capability there", rule{excludes: scope{caps: []int{3}}}, true},
		{"our architecture among others", rule{includes: scope{arches: []string{"x86", "amd64"}}}, true},
		{"another architecture", rule{includes: scope{arches: []string{"arm64"}}}, false},
		{"our architecture excluded", rule{excludes: scope{arches: []string{"amd64"}}}, false},
		{"another architecture excluded", rule{excludes: scope{arches: []string{"arm64"}}}, true},
		{"an older kernel asked", rule{includes: scope{minKernel: kernel{4, 8}}}, true},
		{"this kernel asked", rule{includes: scope{minKernel: kernel{5, 10}}}, true},
		{"a newer kernel asked", rule{includes: scope{minKernel: kernel{5, 11}}}, false},
		{"a newer kernel excluded", rule{excludes: scope{minKernel: kernel{6, 0}}}, true},
		{"this kernel excluded", rule{excludes: scope{minKernel: kernel{5, 10}}}, false},
	} {
		if got := c.rule.applies(to); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}

func TestRelease(t *testing.T) {
	for text, want := range map[string]kernel{
		"6.1.0-18-amd64": {6, 1}, "5.10": {5, 10}, "4.8-rc1": {4, 8}, "6.18.44-custom": {6, 18}, "": {}, "six": {}, "6": {},
	} {
		if got := release(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

// The documentation's rule about several rules for one call.
func TestStrictestRuleWins(t *testing.T) {
	one := []condition{{index: 0, op: equal, value: 1}}
	small := []condition{{index: 0, op: less, value: 5}}
	both := []condition{{index: 0, op: equal, value: 1}, {index: 1, op: equal, value: 2}}
	twice := []condition{{index: 0, op: equal, value: 1}, {index: 0, op: equal, value: 2}}
	const kill, deny, other = action(0x80000000), action(eperm), action(0x5000d)
	for _, c := range []struct {
		why   string
		def   action
		rules []rule
		args  [arguments]uint64
		want  action
	}{
		{"a condition against none", allow, []rule{{action: deny, args: one}, {action: kill}}, args(1), kill},
		{"in the other order", allow, []rule{{action: kill}, {action: deny, args: one}}, args(1), kill},
		{"a strict condition", deny, []rule{{action: allow}, {action: kill, args: one}}, args(1), kill},
		{"which does not hold", deny, []rule{{action: allow}, {action: kill, args: one}}, args(2), allow},
		{"the default's action as a condition", deny, []rule{{action: allow}, {action: deny, args: one}}, args(1), deny},
		{"the default's action without conditions", deny, []rule{{action: allow, args: one}, {action: deny, silent: true}}, args(1), allow},
		{"two conditions hold", allow, []rule{{action: deny, args: small}, {action: kill, args: one}}, args(1), kill},
		{"one of them holds", allow, []rule{{action: deny, args: small}, {action: kill, args: one}}, args(2), deny},
		{"the first of two errnos", allow, []rule{{action: other, args: small}, {action: deny, args: one}}, args(1), other},
		{"and", allow, []rule{{action: deny, args: both}}, args(1, 2), deny},
		{"and, half", allow, []rule{{action: deny, args: both}}, args(1, 3), allow},
		{"or", allow, []rule{{action: deny, args: twice}}, args(2), deny},
		{"or, none", allow, []rule{{action: deny, args: twice}}, args(3), allow},
	} {
		for i := range c.rules {
			c.rules[i].names = []string{"mmap"}
		}
		p := &Profile{defaultAction: c.def, rules: c.rules}
		to := target{arch: "amd64"}
		e := entry{nr: 9, arch: native["amd64"], args: c.args}
		if got, _ := run(compiled(t, p, to), e); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.why, got, c.want)
		}
		agree(t, p, to, []uint32{9})
	}
}

func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		if _, err := Default().Compile("amd64", dockerCaps); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	p := Default()
	for b.Loop() {
		if _, err := p.Compile("amd64", dockerCaps); err != nil {
			b.Fatal(err)
		}
	}
}

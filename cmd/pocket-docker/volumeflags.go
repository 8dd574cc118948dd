package main

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"pocket/runtime/container"
	"pocket/runtime/hint"
	"pocket/runtime/resource"
	"pocket/runtime/state"
)

// volumeFlags defines the flags for what a container sees of its surroundings.
func (o *runOptions) volumeFlags(flags *pflag.FlagSet) {
	flags.VarP(o.each("host:path[:ro]", o.setVolume), "volume", "v", "")
	flags.Var(o.each("type=…,…", o.setMount), "mount", "")
	flags.Var(o.each("path[:size=…]", o.setTmpfs), "tmpfs", "")
	flags.Var(o.each("container[:ro]", o.setVolumesFrom), "volumes-from", "")
	flags.Var(o.each("host[:path]", o.setDevice), "device", "")
	flags.BoolVar(&o.ReadOnly, "read-only", false, "")
}

// setVolume reads [HOST:|NAME:]PATH[:MODE,…].
func (o *runOptions) setVolume(s string) error {
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return hint.With(fmt.Errorf("%q has more than two colons", s), "give a folder with a colon in its name by --mount type=bind,source=…,target=…")
	}
	for _, p := range parts {
		if p == "" {
			return fmt.Errorf("%q is not HOST:PATH, NAME:PATH or PATH, with :ro or another mode after it", s)
		}
	}
	v := container.Volume{Target: parts[0]}
	if len(parts) > 1 {
		v.Target = parts[1]
		if err := setSource(&v, parts[0]); err != nil {
			return err
		}
	}
	if len(parts) == 3 {
		modes := strings.Split(parts[2], ",")
		if slices.Contains(modes, "ro") && slices.Contains(modes, "rw") {
			return fmt.Errorf("%q: a volume cannot be both ro and rw", s)
		}
		for _, mode := range modes {
			if err := setVolumeMode(&v, mode); err != nil {
				return err
			}
		}
	}
	o.Volumes = append(o.Volumes, v)
	return nil
}

// setSource takes what has a slash for a path, as docker does, and anything else for a volume's name.
func setSource(v *container.Volume, source string) error {
	if !strings.Contains(source, "/") && source != "." && source != ".." {
		v.Name = source
		return state.CheckVolumeName(source)
	}
	absolute, err := filepath.Abs(source)
	v.Host = absolute
	return err
}

func setVolumeMode(v *container.Volume, mode string) error {
	switch mode {
	case "rw", "z", "Z", "cached", "delegated", "consistent", "private", "rprivate":
		// as it is anyway: there are no labels to change, and no mounts travel
	case "ro":
		v.ReadOnly = true
	case "O":
		v.Private = true
	case "nocopy":
		v.NoCopy = true
	case "shared", "slave", "rshared", "rslave":
		return fmt.Errorf("the mode %q of a volume is not supported: mounts do not travel between a container and the host", mode)
	default:
		return fmt.Errorf("%q is not a mode of a volume (ro, rw, O and nocopy are)", mode)
	}
	switch {
	case v.Private && v.ReadOnly:
		return errors.New("a volume cannot be both ro and O, a private writable view")
	case v.Private && v.Host == "":
		return errors.New("the mode O is for a folder of the host")
	case v.NoCopy && v.Host != "":
		return errors.New("the mode nocopy is for volumes with a name")
	}
	return nil
}

func (o *runOptions) setVolumesFrom(s string) error {
	name, mode, _ := strings.Cut(s, ":")
	if name == "" {
		return fmt.Errorf("%q names no container", s)
	}
	switch mode {
	case "", "rw", "ro", "z", "Z":
	default:
		return fmt.Errorf("%q is not a mode (ro or rw)", mode)
	}
	o.Borrowed = append(o.Borrowed, container.Borrow{Container: name, ReadOnly: mode == "ro"})
	return nil
}

// setDevice reads HOST[:PATH][:rwm].
func (o *runOptions) setDevice(s string) error {
	parts := strings.Split(s, ":")
	if last := parts[len(parts)-1]; len(parts) > 1 && strings.Trim(last, "rwm") == "" {
		parts = parts[:len(parts)-1]
		if !strings.Contains(last, "r") || !strings.Contains(last, "w") {
			return fmt.Errorf("%q: what may be done with a device is what its own permissions allow (only rwm and rw are taken)", s)
		}
	}
	if len(parts) > 2 || !path.IsAbs(parts[0]) {
		return fmt.Errorf("%q is not HOST or HOST:PATH, both absolute", s)
	}
	o.Devices = append(o.Devices, container.Device{Host: parts[0], Target: parts[len(parts)-1]})
	return nil
}

// setTmpfs reads PATH[:OPTION,…].
func (o *runOptions) setTmpfs(s string) error {
	target, options, _ := strings.Cut(s, ":")
	t := container.Tmpfs{Target: target}
	for option := range strings.SplitSeq(options, ",") {
		name, text, _ := strings.Cut(option, "=")
		if err := setTmpfsOption(&t, name, text); err != nil {
			return err
		}
	}
	o.Tmpfs = append(o.Tmpfs, t)
	return nil
}

func setTmpfsOption(t *container.Tmpfs, name, text string) (err error) {
	switch name {
	case "", "rw", "nosuid", "nodev", "noexec": // as it is anyway
	case "ro":
		t.ReadOnly = true
	case "exec":
		t.Exec = true
	case "size":
		t.Size, err = resource.ParseSize(text)
	case "mode":
		mode, parseErr := strconv.ParseUint(text, 8, 12)
		if parseErr != nil || mode == 0 {
			return fmt.Errorf("%q is not a mode (write it in octal, such as 1777)", text)
		}
		t.Mode = uint32(mode)
	case "uid":
		t.UID, err = readID(text)
	case "gid":
		t.GID, err = readID(text)
	default:
		return fmt.Errorf("the option %q of a tmpfs is not supported (size, mode, uid, gid, exec and ro are)", name)
	}
	return err
}

func readID(text string) (*int, error) {
	id, err := parseID(text)
	return &id, err
}

// mountOptions is --mount as it is read, before its type gives it a meaning.
type mountOptions struct {
	kind   string
	volume container.Volume
	tmpfs  container.Tmpfs
	source string
	other  map[string]string // the name of each option that is not for every type: the type it is for
}

// setMount reads type=bind|volume|tmpfs,source=…,target=…,….
func (o *runOptions) setMount(s string) error {
	m := mountOptions{kind: "volume", other: map[string]string{}}
	for _, part := range splitFields(s) {
		name, text, given := strings.Cut(part, "=")
		if err := m.set(strings.ToLower(strings.TrimSpace(name)), text, given); err != nil {
			return err
		}
	}
	if m.volume.Target == "" {
		return errors.New("a mount needs target=PATH")
	}
	for option, kind := range m.other {
		if kind != m.kind {
			return fmt.Errorf("the option %s is for a mount of type %s, not %s", option, kind, m.kind)
		}
	}
	return o.addMount(&m)
}

func (m *mountOptions) set(name, text string, given bool) (err error) {
	kind, _, found := strings.Cut(name, "-")
	if found && (kind == "bind" || kind == "volume" || kind == "tmpfs") {
		m.other[name] = kind
	}
	switch name {
	case "type":
		m.kind = text
	case "source", "src":
		m.source = text
	case "target", "destination", "dst":
		m.volume.Target = text
	case "readonly", "ro":
		m.volume.ReadOnly, err = readBool(text, given)
	case "volume-nocopy":
		m.volume.NoCopy, err = readBool(text, given)
	case "tmpfs-size":
		err = setTmpfsOption(&m.tmpfs, "size", text)
	case "tmpfs-mode":
		err = setTmpfsOption(&m.tmpfs, "mode", text)
	case "consistency": // for other systems
	default:
		return m.setRare(name, text)
	}
	return err
}

// setRare reads options that allow only what is so anyway.
func (m *mountOptions) setRare(name, text string) error {
	only, known := map[string]string{"bind-propagation": "private rprivate", "bind-recursive": "enabled readonly",
		"volume-driver": "local"}[name]
	if !known {
		return fmt.Errorf("%q is not an option of a mount (type, source, target, readonly, volume-nocopy, tmpfs-size and tmpfs-mode are)", name)
	}
	for allowed := range strings.SplitSeq(only, " ") {
		if text == allowed {
			return nil
		}
	}
	return fmt.Errorf("%s=%s is not supported (%s is)", name, text, strings.ReplaceAll(only, " ", " or "))
}

func (o *runOptions) addMount(m *mountOptions) error {
	switch m.kind {
	case "bind":
		if m.source == "" {
			return errors.New("a mount of type bind needs source=PATH")
		}
		absolute, err := filepath.Abs(m.source)
		if err != nil {
			return err
		}
		m.volume.Host = absolute
	case "volume":
		if m.source != "" {
			if err := state.CheckVolumeName(m.source); err != nil {
				return hint.With(err, "a folder of the host is mounted with type=bind")
			}
		}
		m.volume.Name = m.source
	case "tmpfs":
		if m.source != "" {
			return errors.New("a mount of type tmpfs has no source")
		}
		m.tmpfs.Target, m.tmpfs.ReadOnly = m.volume.Target, m.volume.ReadOnly
		o.Tmpfs = append(o.Tmpfs, m.tmpfs)
		return nil
	default:
		return fmt.Errorf("%q is not a type of mounts (bind, volume and tmpfs are)", m.kind)
	}
	m.volume.Target = path.Clean(m.volume.Target)
	o.Volumes = append(o.Volumes, m.volume)
	return nil
}

func readBool(text string, given bool) (bool, error) {
	if !given {
		return true, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
	return b, nil
}

// splitFields splits at commas; a field in double quotes may hold some, and "" stands for a quote in it.
func splitFields(s string) []string {
	var fields []string
	var field strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			field.WriteByte('"')
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			fields = append(fields, field.String())
			field.Reset()
		default:
			field.WriteByte(s[i])
		}
	}
	return append(fields, field.String())
}

//go:build !failpoint

package failpoint

// At is a step that can fail with an error. It never does in this build.
func At(string) error { return nil }

// Kill is a moment at which the process can die. It never does in this build.
func Kill(string) {}

// Environment is what a process of ours needs of the environment for this package: nothing in this build.
func Environment() []string { return nil }

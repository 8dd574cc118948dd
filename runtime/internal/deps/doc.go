// Package deps holds the import graph of the project as a test.
//
// The table in policy_test.go says which package may import which, and which modules may reach which
// binary. It is a statement of policy: a change of the tree that does not fit it fails, and a change of
// the table is a change of the architecture, to be read as one.
package deps

// Package tree walks, copies, packs, compares and removes trees of files that somebody else wrote, never
// following them out.
//
// What a container wrote is hostile: its links lead anywhere, its folders are swapped with links while we
// look, and on an ordinary user's machine its files may belong to ids that the user cannot touch. So every
// name is looked up by the kernel inside the tree (openat2(2), RESOLVE_IN_ROOT), every file is reached
// from the descriptor of its folder and never through a link, and what needs the rights of the container's
// root is a job of package inside.
package tree

package language

// Cache says how the part of compiling that all submissions share, such as a standard library, is done
// once and kept, for a compiler that keeps a cache in a folder which a variable of its environment names.
type Cache struct {
	Variable string  // the variable's name
	At       string  // the folder in which compilers find the cache, read-only; an absolute path
	Warm     Command // fills the folder that Variable names
}

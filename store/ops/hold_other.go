//go:build !unix

package ops

import "os"

// lock does nothing where there is no flock: there the operator sees to it
// that one process works on a folder.
func lock(*os.File) error { return nil }

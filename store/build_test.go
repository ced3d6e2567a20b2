package store

import (
	"runtime/debug"
	"testing"
)

// TestSQLiteAndItsLibcBelongTogether: modernc.org/sqlite works with exactly
// one version of modernc.org/libc; an upgrade of everything breaks the pair.
func TestSQLiteAndItsLibcBelongTogether(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("no build information")
	}
	want := map[string]string{"modernc.org/sqlite": "v1.61.1", "modernc.org/libc": "v1.79.0"}
	for _, d := range info.Deps {
		if v := want[d.Path]; v != "" && v != d.Version {
			t.Errorf("%s is %s, want %s", d.Path, d.Version, v)
		}
		delete(want, d.Path)
	}
	for path := range want {
		t.Errorf("%s is not built in", path)
	}
}

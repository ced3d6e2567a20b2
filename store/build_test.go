package store

import (
	"os"
	"strings"
	"testing"
)

// TestSQLiteAndItsLibcBelongTogether: modernc.org/sqlite works with exactly
// one version of modernc.org/libc; an upgrade of everything breaks the pair.
func TestSQLiteAndItsLibcBelongTogether(t *testing.T) {
	b, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\tmodernc.org/sqlite v1.61.1\n", "\tmodernc.org/libc v1.79.0 // indirect\n"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("go.mod lacks %q", strings.TrimSpace(want))
		}
	}
}

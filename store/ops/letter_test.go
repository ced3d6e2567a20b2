package ops_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"demarc/store/letter/signing"
	"demarc/store/ops"
	"demarc/store/storetest"
)

// The command hands the file and the published keys on, and fails when not all
// is good.
func TestLetterVerify(t *testing.T) {
	t.Parallel()
	e := storetest.New(t)
	file := filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(file, []byte("a letter"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := e.PublishedLetterKeys()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, b, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(good bool, args ...string) (string, error) {
		var out bytes.Buffer
		c := ops.Command{Args: append([]string{"letter", "verify"}, args...), Getenv: func(string) string { return "" }, Out: &out, Err: &out,
			Letter: func(pdf []byte, published signing.Set) ([]string, bool) {
				return []string{string(pdf), published.Keys[0].Kid}, good
			}}
		err := c.Run(t.Context())
		return out.String(), err
	}
	want := "a letter\n" + set.Keys[0].Kid + "\n"
	for _, args := range [][]string{{file, "-data", e.Dir}, {"-data", e.Dir, file}, {file, "-keys", keys}} {
		if out, err := run(true, args...); err != nil || out != want {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	if out, err := run(false, file, "-keys", keys); !errors.Is(err, ops.ErrFound) || out != want {
		t.Errorf("a bad letter: %v\n%s", err, out)
	}
	for _, args := range [][]string{{file + ".missing", "-keys", keys}, {file, "-keys", file}, {file, "-keys", keys + ".missing"}, {file, "-data", t.TempDir()}} {
		if out, err := run(true, args...); err == nil || errors.Is(err, ops.ErrFound) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	if out, err := run(true); !errors.Is(err, ops.ErrUsage) || !strings.Contains(out, "letter verify [flags] FILE") {
		t.Errorf("no file: %v\n%s", err, out)
	}
}

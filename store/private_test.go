//go:build unix

package store

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"demarc/store/lifecycle"
)

// The folder may be there already, for everybody to look into, and the umask may
// forbid nothing: the files are their owner's all the same, copies too.
func TestNobodyElseReadsTheFiles(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open := func() *Store {
		t.Helper()
		s, err := Open(t.Context(), Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	look := func(want fs.FileMode) {
		t.Helper()
		n := 0
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			n++
			info, err := d.Info()
			if err == nil && info.Mode().Perm()&^want != 0 {
				t.Errorf("%s has mode %v", d.Name(), info.Mode().Perm())
			}
			return err
		})
		if err != nil || n < 5 {
			t.Fatalf("%d files, %v", n, err)
		}
	}
	made := filepath.Join(dir, "made")
	first, err := Open(t.Context(), Options{Dir: made, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(made); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder that the program makes has mode %v, %v", info.Mode().Perm(), err)
	}
	s := open()
	s.mustUser(t, "u@cloud.example", lifecycle.Reviewer, "", "") // the log is there while it is open
	if err := s.Backup(t.Context(), filepath.Join(dir, "copy")); err != nil {
		t.Fatal(err)
	}
	look(0o600)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// One that was made for everybody; what the operator lets a group do stays.
	if err := os.Chmod(filepath.Join(dir, Database), 0o644); err != nil {
		t.Fatal(err)
	}
	s = open()
	defer s.Close()
	s.mustUser(t, "v@cloud.example", lifecycle.Reviewer, "", "")
	look(0o640)
	if info, err := os.Stat(filepath.Join(dir, Database)); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the database has mode %v, %v", info.Mode().Perm(), err)
	}
}

// What pages read with cannot write, whatever a statement says.
func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	s, _, _ := people(t)
	for _, query := range []string{"DELETE FROM users", "UPDATE users SET role = 'administrator'", "CREATE TABLE x (y)", "PRAGMA user_version = 1"} {
		if _, err := s.read.ExecContext(t.Context(), query); err == nil {
			t.Errorf("a reader may: %s", query)
		}
	}
	if _, err := s.write.ExecContext(t.Context(), "UPDATE users SET role = role"); err != nil {
		t.Errorf("the writer may not: %v", err)
	}
}

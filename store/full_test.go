package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fillUp writes until the store refuses, and returns how many writes were
// acknowledged.
func fillUp(t *testing.T, s *Store) (acked int) {
	t.Helper()
	value := strings.Repeat("x", 20_000)
	for i := range 2000 {
		err := s.SetSetting(context.Background(), "fill-"+string(rune('a'+i%26))+strings.Repeat("z", i/26), value)
		if err == nil {
			acked++
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != Unavailable || !strings.Contains(e.Msg, "full or read-only. Nothing was changed") {
			t.Fatalf("write %d of a full disk: %v", i, err)
		}
		return acked
	}
	t.Fatal("the disk is never full")
	return 0
}

func count(t *testing.T, s *Store) (n int) {
	t.Helper()
	if err := s.read.QueryRow("SELECT COUNT(*) FROM settings WHERE name LIKE 'fill-%'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// forgetProbe lets the next Ready look anew.
func (s *Store) forgetProbe() { s.probe.when = time.Time{} }

func TestFullDiskLosesNothing(t *testing.T) {
	mount := func(t *testing.T) (dir string) {
		dir = t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", dir).CombinedOutput(); err != nil {
			t.Skipf("no disk of its own can be made here: %s", out)
		}
		t.Cleanup(func() { exec.Command("umount", dir).Run() })
		return dir
	}
	t.Run("limit of pages", func(t *testing.T) {
		s := openForWriting(t)
		if _, err := s.write.Exec("PRAGMA max_page_count = 400"); err != nil {
			t.Fatal(err)
		}
		acked := fillUp(t, s)
		if n := count(t, s); n != acked || acked == 0 {
			t.Errorf("%d rows, %d acknowledged", n, acked)
		}
		if _, err := s.write.Exec("PRAGMA max_page_count = 40000"); err != nil {
			t.Fatal(err)
		}
		if err := s.SetSetting(t.Context(), "fill-after", "x"); err != nil {
			t.Errorf("after room was made: %v", err)
		}
	})
	t.Run("full disk", func(t *testing.T) {
		dir := mount(t)
		s := openAt(t, filepath.Join(dir, "data"))
		// Most of the room is somebody else's.
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		acked := fillUp(t, s)
		s.forgetProbe()
		// The last bytes of a disk may still take a tiny write: fill them too.
		if err := os.WriteFile(filepath.Join(dir, "junk"), make([]byte, 8<<20), 0o600); err == nil {
			t.Error("the disk is not full")
		}
		for range 2000 {
			if err := s.SetSetting(t.Context(), "tiny", time.Now().String()); err != nil {
				break
			}
		}
		s.forgetProbe()
		if err := s.Ready(t.Context()); KindOf(err) != Unavailable || MessageOf(err) != "the database takes no writes" {
			t.Errorf("ready on a full disk: %v", err)
		}
		if n := count(t, s); n != acked {
			t.Errorf("%d rows, %d acknowledged", n, acked)
		}
		if err := os.Remove(filepath.Join(dir, "junk")); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("mount", "-o", "remount,size=64m", dir).CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
		s.forgetProbe()
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("ready after room was made: %v", err)
		}
		if err := s.SetSetting(t.Context(), "fill-after", "x"); err != nil {
			t.Errorf("after room was made: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, filepath.Join(dir, "data"))
		if n := count(t, s); n != acked+1 {
			t.Errorf("after a restart %d rows, %d acknowledged", n, acked+1)
		}
		if p := problemsOf(t, s); len(p) > 0 {
			t.Error(p)
		}
	})
	t.Run("read-only disk", func(t *testing.T) {
		dir := mount(t)
		s := openAt(t, filepath.Join(dir, "data"))
		writeEvents(t, s, 3)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("mount", "-o", "remount,ro", dir).CombinedOutput(); err != nil {
			t.Skipf("%s", out)
		}
		_, err := Open(context.Background(), Options{Dir: filepath.Join(dir, "data")})
		if err == nil || !strings.Contains(err.Error(), "read-only") && !strings.Contains(err.Error(), "readonly") {
			t.Errorf("opened on a read-only disk: %v", err)
		}
		if out, err := exec.Command("mount", "-o", "remount,rw", dir).CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
		s = openAt(t, filepath.Join(dir, "data"))
		if p := problemsOf(t, s); len(p) > 0 {
			t.Error(p)
		}
	})
	t.Run("file that turns read-only", func(t *testing.T) {
		s := openForWriting(t)
		if _, err := s.write.Exec("PRAGMA query_only = 1"); err != nil {
			t.Fatal(err)
		}
		if err := s.SetSetting(t.Context(), "a", "b"); KindOf(err) != Unavailable || !strings.Contains(MessageOf(err), "full or read-only. Nothing was changed") {
			t.Errorf("written read-only: %v", err)
		}
		if err := s.Ready(t.Context()); KindOf(err) != Unavailable {
			t.Errorf("ready read-only: %v", err)
		}
		if _, err := s.write.Exec("PRAGMA query_only = 0"); err != nil {
			t.Fatal(err)
		}
		s.forgetProbe()
		if err := s.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Another program that holds the file is waited for, and then said to be in the
// way; reading goes on, and nothing is lost.
func TestLockedFileIsAnswered(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a lock")
	}
	t.Parallel()
	s := openForWriting(t)
	if err := s.SetSetting(t.Context(), "fill-before", "x"); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, Database))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { answered <- s.SetSetting(context.Background(), "fill-locked", "x") }()
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows are read while the file is locked", n)
	}
	err = <-answered
	if KindOf(err) != Unavailable || !strings.Contains(MessageOf(err), "busy. Nothing was changed") {
		t.Errorf("a write to a locked file: %v", err)
	}
	if err := s.Ready(t.Context()); KindOf(err) != Unavailable {
		t.Errorf("ready with a locked file: %v", err)
	}
	if _, err := other.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s); n != 1 {
		t.Errorf("%d rows, 1 acknowledged", n)
	}
	if err := s.SetSetting(t.Context(), "fill-after", "x"); err != nil {
		t.Errorf("after the lock was let go: %v", err)
	}
	s.forgetProbe()
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready after the lock was let go: %v", err)
	}
	if p := problemsOf(t, s); len(p) > 0 {
		t.Error(p)
	}
}

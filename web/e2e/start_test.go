package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The first minute of a new user: an empty folder, one command.
func TestStartsWithDemoOnAnEmptyFolder(t *testing.T) {
	p := startProgram(t, buildDemarc(t), nil, "-demo")
	for _, want := range []string{"owner@northwind.example", "reviewer@cloud.example", "demarc-demo"} {
		// The people come after the address, which is all that startProgram waits for.
		for deadline := time.Now().Add(patience); !strings.Contains(p.Output(), want) && time.Now().Before(deadline); {
			time.Sleep(tick)
		}
		if !strings.Contains(p.Output(), want) {
			t.Errorf("the start does not print %q:\n%s", want, p.Output())
		}
	}
	if _, err := os.Stat(filepath.Join(p.Data, "demarc.db")); err != nil {
		t.Error(err)
	}
	get := func() {
		t.Helper()
		resp, err := http.Get(p.URL + "/login")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("/login answers %d, want 200", resp.StatusCode)
		}
	}
	get()
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0:\n%s", code, p.Output())
	}
	p.Restart()
	get()
}

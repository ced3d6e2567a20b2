package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// Customers would agree to terms that no browser opens: the program says so and
// begins nothing.
func TestTermsAddress(t *testing.T) {
	path := buildDemarc(t)
	for _, bad := range []string{"terms.html", "/terms", "javascript:alert(1)", "https://", "ftp://your.example/terms", "%zz"} {
		data := filepath.Join(t.TempDir(), "data")
		cmd := exec.Command(path, "-addr", "127.0.0.1:0", "-data", data, "-terms-url", bad)
		cmd.Env = ownEnvironment()
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); err == nil || code != 2 || !strings.Contains(string(out), "is no address of a web page") {
			t.Errorf("%q: exit code %d:\n%s", bad, code, out)
		}
		if _, err := os.Stat(data); !os.IsNotExist(err) {
			t.Errorf("%q: a data folder was made", bad)
		}
	}
}

// One secret of Stripe without the other is a mistake, not a way to take cards
// whose events anybody could sign, and the key is sent nowhere in the clear: the
// program says so and begins nothing.
func TestStripeSecrets(t *testing.T) {
	path := buildDemarc(t)
	file := func(text string) string {
		f := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	const both, clear = "cards need both secrets of Stripe", "-stripe-url is no address with https"
	pair := []string{"DEMARC_STRIPE_KEY=sk_test_abc", "DEMARC_STRIPE_WEBHOOK_SECRET=whsec_abc"}
	for what, c := range map[string]struct {
		env, args []string
		want      string
	}{
		"a key alone":                     {env: []string{"DEMARC_STRIPE_KEY=sk_test_abc"}, want: both},
		"a signing secret alone":          {env: []string{"DEMARC_STRIPE_WEBHOOK_SECRET=whsec_abc"}, want: both},
		"a signing secret of blanks":      {env: []string{"DEMARC_STRIPE_KEY=sk_test_abc", "DEMARC_STRIPE_WEBHOOK_SECRET=  "}, want: both},
		"an address in the clear":         {env: append(slices.Clone(pair), "DEMARC_STRIPE_URL=http://stripe.example"), want: clear},
		"an address by name":              {env: append(slices.Clone(pair), "DEMARC_STRIPE_URL=http://localhost.example:1"), want: clear},
		"an address that is none":         {env: append(slices.Clone(pair), "DEMARC_STRIPE_URL=stripe.example"), want: clear},
		"a file of the key alone":         {args: []string{"-stripe-key-file", file("sk_test_abc\n")}, want: both},
		"an empty file for signing":       {env: []string{"DEMARC_STRIPE_KEY=sk_test_abc"}, args: []string{"-stripe-webhook-secret-file", file(" \n")}, want: "is empty"},
		"a file for signing that is gone": {env: []string{"DEMARC_STRIPE_KEY=sk_test_abc"}, args: []string{"-stripe-webhook-secret-file", filepath.Join(t.TempDir(), "none")}, want: "no such file"},
	} {
		data := filepath.Join(t.TempDir(), "data")
		cmd := exec.Command(path, append([]string{"-addr", "127.0.0.1:0", "-data", data}, c.args...)...)
		cmd.Env = append(ownEnvironment(), c.env...)
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); err == nil || code != 2 || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: exit code %d, want 2 with %q:\n%s", what, code, c.want, out)
		}
		if strings.Contains(string(out), "_abc") {
			t.Errorf("%s: the secret is printed:\n%s", what, out)
		}
		if _, err := os.Stat(data); !os.IsNotExist(err) {
			t.Errorf("%s: the data folder was begun: %v", what, err)
		}
	}
}

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
)

// signInBeside signs the owner in again as in another tab, and comes back.
func signInBeside(p *Page) {
	p.t.Helper()
	p.run("signing in beside the page", func(ctx context.Context) error {
		url, err := chromedp.Run(ctx, chromedp.Evaluate[string](`fetch("/login", {method: "POST", body: new URLSearchParams({email: "owner@northwind.example", password: "`+
			storetest.Password+`", next: "/session"})}).then((r) => { document.dispatchEvent(new Event("visibilitychange")); return r.url })`, chromedp.EvalAwaitPromise))
		if err == nil && !strings.HasSuffix(url, paths.Session) {
			err = fmt.Errorf("the sign-in ended at %s", url)
		}
		return err
	})
}

// What somebody typed outlives a session that ended and a server that is away:
// in a form of a page, in a row that comes, and in a form that is a dialog.
func TestWhatWasTypedIsKept(t *testing.T) {
	env := storetest.New(t, storetest.WithPasswords())
	edge, err := web.New(context.Background(), web.Config{Operator: "Example Cloud", Now: env.Clock.Now}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler) // the connection breaks off
		}
		edge.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p := signInAsOwner(t, server.URL, true)
	const company = "浙江华临布线有限公司"
	kept := func(label, want string) {
		t.Helper()
		if got := p.Value(label); got != want {
			t.Errorf("%s is %q, want %q", label, got, want)
		}
	}

	conn := env.At(t, lifecycle.ToApplyForLOA)
	p.Goto(paths.NewLOAApplication(conn.ID))
	p.Fill("Construction Company", company)
	p.Fill("Name", "Zhou Ming")

	away.Store(true)
	p.Click("OK")
	p.See("The console cannot be reached. Your input is kept.")
	p.Click("Add Field Engineer")
	p.Click("Try again")
	p.See("The console cannot be reached. Your input is kept.")
	kept("Construction Company", company)
	away.Store(false)
	p.Click("Try again")
	p.NotSee("The console cannot be reached.")
	kept("Construction Company", company)

	env.Clock.Advance(store.IdleLimit)
	p.Click("Add Field Engineer")
	p.See("Sign in again to continue")
	p.See("You were signed out after 30 minutes without activity. What you typed on this page is kept, and nothing was sent.")
	p.AccessibleInBothThemes("signed out over a form")
	// Nothing of the page is on the screen, and there is no way back to it but to
	// sign in.
	hidden := func() {
		t.Helper()
		if evaluate[bool](p, `[...document.body.children].some(e => !["notice", "announce"].includes(e.id) && e.checkVisibility())`) {
			t.Error("the page is on the screen of somebody who is signed out")
		}
	}
	hidden()
	p.Click("Back to the page")
	p.See("Sign in again to continue")
	hidden()
	signInBeside(p)
	p.NotSee("Sign in again to continue")
	kept("Name", "Zhou Ming")
	env.Clock.Advance(store.IdleLimit)
	p.Click("OK")
	p.See("Sign in again to continue")
	signInBeside(p)
	p.NotSee("Sign in again to continue")
	kept("Construction Company", company)
	p.Click("OK")
	p.See("items to continue")
	kept("Construction Company", company)
	kept("Name", "Zhou Ming")
	if c := env.Get(t, conn.ID); c.Version != conn.Version {
		t.Error("the interface changed")
	}

	// A form that is a dialog itself stays below.
	conn = env.At(t, lifecycle.ApprovedLOA)
	p.Goto(paths.Interface(conn.ID))
	p.fetchDialog(paths.DeliveryReport(conn.ID))
	p.Fill("Leased line code", "HZ-CTC-77")
	p.Fill("Cable 1", "A-77")
	env.Clock.Advance(store.IdleLimit)
	p.Click("OK")
	p.See("Sign in again to continue")
	hidden()
	signInBeside(p)
	p.NotSee("Sign in again to continue")
	kept("Leased line code", "HZ-CTC-77")
	p.Click("OK")
	p.See("Delivery report sent.")
	if c := env.Get(t, conn.ID); c.Stage != lifecycle.WaitingForCabling || c.LineCode != "HZ-CTC-77" {
		t.Errorf("stage %s, line code %q", c.Stage, c.LineCode)
	}
}

// A page whose session ended, here or elsewhere, leaves the screen by itself within
// a minute: where nothing was typed, for the sign-in.
func TestAPageLeavesTheScreenWithItsSession(t *testing.T) {
	env := storetest.New(t, storetest.WithPasswords())
	edge, err := web.New(context.Background(), web.Config{Operator: "Example Cloud", Now: env.Clock.Now}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(edge)
	t.Cleanup(server.Close)
	p := signInAsOwner(t, server.URL, true)
	p.run("making minutes shorter", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `{ const real = setInterval; setInterval = (f, ms) => real(f, ms / 200); }`})
		return err
	})
	conn := env.At(t, lifecycle.Enabled)
	p.Goto(paths.Interface(conn.ID))
	p.SeeHeading(conn.Title())
	env.Clock.Advance(store.IdleLimit)
	p.SeeURL("^" + paths.Login)
	p.See("You were signed out after 30 minutes without activity.")
	p.NotSee(conn.Title())
}

package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web"
	"demarc/web/paths"
)

// The pages of errors that nobody reaches by links, as people with and without
// a script see them: each says why, what to do next, and has a way on.
func TestErrorPagesInTheBrowser(t *testing.T) {
	env := storetest.New(t, storetest.WithPasswords())
	edge, err := web.New(context.Background(), web.Config{Operator: "Example Cloud", Now: env.Clock.Now, Log: slog.New(slog.DiscardHandler)}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(edge)
	t.Cleanup(server.Close)
	owner := signInAsOwner(t, server.URL, true)
	// post sends a form that no page has.
	post := func(path, kind string, size int) func() {
		return func() {
			owner.Goto(paths.Preferences)
			evaluate[bool](owner, fmt.Sprintf(`(() => {
				const f = document.createElement("form"), i = document.createElement("input");
				f.method = "post"; f.action = %q; f.enctype = %q; i.name = "x"; i.value = "x".repeat(%d);
				f.append(i); document.body.append(f); HTMLFormElement.prototype.submit.call(f);
				return true;
			})()`, path, kind, size))
		}
	}
	const form, text = "application/x-www-form-urlencoded", "text/plain"
	for _, c := range []struct {
		status int
		reach  func()
		says   string
	}{
		{403, func() { owner.Goto(paths.AdminLOAs) }, "Your account has no access to the staff pages."},
		{404, func() { owner.Goto("/nowhere") }, "This page does not exist, or it belongs to another account."},
		{405, func() { owner.Goto(paths.Logout) }, "Go on from a page of the menu."},
		{413, post(paths.Preferences, form, 1<<20), "Go back and send less text, or a smaller file."},
		{415, post(paths.Preferences, text, 1), "Send it from its page in the console."},
		{500, func() {
			if err := env.BreakTable("tickets"); err != nil {
				t.Fatal(err)
			}
			owner.Goto(paths.NewTicket)
			owner.Choose("Something else")
			owner.Fill("Title", "A question")
			owner.Fill("Message", "Why does this fail?")
			owner.Click("Open ticket")
		}, "What you entered is kept on this page."},
	} {
		c.reach()
		owner.See(c.says)
		if got := owner.Status(); got != c.status {
			t.Errorf("%d: the page answers %d", c.status, got)
		}
		if h := owner.headings(); len(h) != 1 || h[0] == "" {
			t.Errorf("%d: the first headings are %q", c.status, h)
		}
		state := "error " + strconv.Itoa(c.status)
		owner.AccessibleInBothThemes(state)
		owner.Viewport(390, 844)
		if over := owner.SidewaysScroll(); over > 0 {
			t.Errorf("%s: %d pixels lie beyond the right edge: %s", state, over, strings.Join(owner.tooWide(), "; "))
		}
		owner.AccessibleInBothThemes(state + ", 390 wide")
		owner.Screenshot(state)
		owner.Viewport(1440, 900)
		if n := owner.shown(`main a[href="` + paths.Interfaces + `"]`); n == 0 {
			t.Errorf("%s: no way on", state)
		}
	}
	// What was typed is sent again when the fault is gone, and arrives.
	owner.Goto(paths.NewTicket)
	owner.Choose("Something else")
	owner.Fill("Title", "A question")
	owner.Fill("Message", "Why does this fail?")
	owner.Click("Open ticket")
	owner.See("Try again. If it fails again, tell us the reference.")
	if err := env.MendTable("tickets"); err != nil {
		t.Fatal(err)
	}
	owner.Click("Send it again")
	owner.SeeHeading("A question")
	owner.See("Why does this fail?")

	// Whoever checks too many letters is told how long to wait, and keeps the code.
	anybody := newPerson(t, "anybody", server.URL)
	limited := false
	for i := 0; i < 200 && !limited; i++ {
		res, err := http.Get(server.URL + paths.LOACheck(fmt.Sprintf("7KQ4-M2XD-9PZA-%04d", i)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		limited = res.StatusCode == http.StatusTooManyRequests
	}
	anybody.Goto(paths.LOACheck("7KQ4-M2XD-9PZA-3HTV"))
	anybody.See("There were too many checks from here or in all. Try again in")
	if got := anybody.Status(); got != http.StatusTooManyRequests {
		t.Errorf("too many checks answer %d", got)
	}
	if got := anybody.Value("Check code"); got != "7KQ4-M2XD-9PZA-3HTV" {
		t.Errorf("the code is %q", got)
	}
	anybody.AccessibleInBothThemes("error 429")
}

// Whoever holds a letter that is not good yet, or no more, reads so in one large
// word, and why.
func TestCheckPageOfALetterInTheBrowser(t *testing.T) {
	env, base := loaSite(t)
	conn := env.At(t, lifecycle.ApprovedLOA)
	code := func() string {
		t.Helper()
		all, err := env.LOAs(t.Context(), conn.ID)
		if err != nil || len(all) == 0 {
			t.Fatal(all, err)
		}
		return all[0].Snapshot.CheckCode
	}
	p := newPerson(t, "a guard", base)
	look := func(word, says string) {
		t.Helper()
		p.Goto(paths.LOACheck(code()))
		p.See(word)
		p.See(says)
		p.AccessibleInBothThemes("letter, " + word)
		p.Viewport(390, 844)
		if over := p.SidewaysScroll(); over > 0 {
			t.Errorf("%s: %d pixels lie beyond the right edge", word, over)
		}
		p.AccessibleInBothThemes("letter, " + word + ", 390 wide")
		p.Screenshot("check-" + word)
		p.Viewport(1440, 900)
	}
	look("Valid", "for one installation")
	later := store.NewVersion{Reason: "The hall opens later"}
	later.ValidFrom = conn.ScheduledAt.In(env.Catalogue().Zone(conn.Region)).Format(store.SiteDayLayout)
	draft, err := env.PrepareReissue(t.Context(), env.Reviewer, conn.ID, conn.Version, later)
	if err != nil {
		t.Fatal(err, store.FieldsOf(err))
	}
	if _, err := env.IssueLOA(t.Context(), env.Reviewer, draft, storetest.PDF); err != nil {
		t.Fatal(err)
	}
	look("Not yet valid", "Admit nobody with it.")
	env.Clock.Advance(200 * 24 * time.Hour)
	look("Expired", "Admit nobody with it.")
}

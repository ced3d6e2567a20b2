package views

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"demarc/static"
	"demarc/views/ui"
)

const layoutHostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'</title>`

func samplePage(area Area) Page {
	return Page{
		Title: "Physical Connection Interfaces", Operator: "Example Cloud", Area: area, Path: "/interfaces?status=Waiting",
		User:   &PageUser{Name: "Lin Wei", Email: "lin@northwind.example", AccountName: "Northwind Trading", RoleLabel: "Owner", Staff: area == AreaStaff},
		Unread: 3, MessagesHref: "/messages", SearchAction: "/interfaces", Demo: true,
		Nav:     []NavGroup{{Items: []NavItem{{Label: "Overview", Href: "/"}}}, {Title: "Physical Connections", Items: []NavItem{{Label: "Interfaces", Href: "/interfaces", Count: 5, CountWords: "need your action", Current: true}}}},
		Crumbs:  []Crumb{{"Express Connect", "/"}, {"Interfaces", ""}},
		Flashes: []Flash{{"ok", "Payment received.", "Apply for LOA", "/x"}},
		Regions: []RegionLink{{"All regions", "/i", false}, {"Singapore", "/i?region=sg", true}},
	}
}

func renderPage(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	ctx := templ.WithChildren(context.Background(), templ.Raw(`<h1>Content</h1>`))
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(strings.ToLower(b.String()), "<!doctype html>") {
		t.Error("the page does not begin with its doctype")
	}
	d, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLayoutParts(t *testing.T) {
	for _, c := range []struct {
		area        Area
		has, hasNot []string
	}{
		{AreaCustomer, []string{"header.topbar:not(.topbar--staff)", `nav#nav[popover][aria-label="Express Connect"]`, `nav[aria-label="Breadcrumb"]`, "#regions", ".main__inner > .message--flash", ".demonote"}, []string{".public"}},
		{AreaStaff, []string{"header.topbar--staff small", `nav#nav[aria-label="Staff"]`}, []string{".public"}},
		{AreaPublic, []string{"main.public", ".public .brand", ".demonote"}, []string{"header", "nav", "#account", "#theme", "[type=search]"}},
	} {
		d := renderPage(t, Layout(samplePage(c.area)))
		always := []string{`html[lang="en"]`, `a.skip[href="#main"]`, `main#main[tabindex="-1"]`, "#layer", `#announce[role="status"]`, "h1", `link[rel=stylesheet][href="` + static.URL(static.ConsoleCSS) + `"]`, `script[src="` + static.URL(static.AppJS) + `"][defer]`, `script[src="` + static.URL(static.HtmxJS) + `"][defer]`}
		for _, sel := range append(always, c.has...) {
			if n := d.Find(sel).Length(); n != 1 {
				t.Errorf("area %d: %s found %d times, want once", c.area, sel, n)
			}
		}
		for _, sel := range c.hasNot {
			if n := d.Find(sel).Length(); n != 0 {
				t.Errorf("area %d: %s found %d times, want never", c.area, sel, n)
			}
		}
		ids := map[string]int{}
		d.Find("[id]").Each(func(_ int, s *goquery.Selection) { ids[s.AttrOr("id", "")]++ })
		for id, n := range ids {
			if n > 1 {
				t.Errorf("area %d: id %q is used %d times", c.area, id, n)
			}
		}
		d.Find("[popovertarget]").Each(func(_ int, s *goquery.Selection) {
			if id := s.AttrOr("popovertarget", ""); d.Find("#"+id+"[popover]").Length() != 1 {
				t.Errorf("area %d: a button opens %q, which is not there", c.area, id)
			}
		})
	}
}

func TestLayoutLeavesOutWhatIsNotThere(t *testing.T) {
	p := samplePage(AreaCustomer)
	p.SearchAction, p.MessagesHref, p.Regions, p.Demo, p.User, p.Crumbs, p.Flashes = "", "", nil, false, nil, nil, nil
	d := renderPage(t, Layout(p))
	for _, sel := range []string{"[role=search]", "#regions", ".demonote", "#account", ".crumbs", ".message", ".count"} {
		if d.Find(sel).Length() != 0 {
			t.Errorf("%s is there", sel)
		}
	}
}

// A phone shows one crumb, the way back: a link to the page above, and never a
// group of the navigation, which leads nowhere.
func TestTheWayBackLeadsSomewhere(t *testing.T) {
	for _, c := range []struct {
		crumbs []Crumb
		area   Area
		want   string // href and words of the way back
	}{
		{[]Crumb{{Service, "/"}, {"Physical Connections", ""}, {"Interfaces", ""}}, AreaCustomer, "/ Overview"},
		{[]Crumb{{Service, "/admin"}, {"Customers", ""}, {"Accounts", ""}}, AreaStaff, "/admin Work queue"},
		{[]Crumb{{Service, "/admin"}, {"Capacity", ""}, {"Access points", "/admin/aps"}, {"Singapore-A", ""}}, AreaStaff, "/admin/aps Access points"},
		{[]Crumb{{"Interfaces", "/interfaces"}}, AreaCustomer, ""},
	} {
		p := samplePage(c.area)
		p.Crumbs = c.crumbs
		back := renderPage(t, Layout(p)).Find(".crumbs__back a")
		words := back.Text()
		if home := back.Find(".crumbs__home"); home.Length() > 0 {
			words = home.Text()
		}
		if got := strings.Join(strings.Fields(back.AttrOr("href", "")+" "+words), " "); got != c.want {
			t.Errorf("%v: %q, want %q", c.crumbs, got, c.want)
		}
	}
}

// What a form was refused for is the first thing below the title of its page:
// the summary of the fields, then what changed in between, then all else.
func TestProblemsComeFirst(t *testing.T) {
	files, err := filepath.Glob("*.templ")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	// They tell what came of the form, or show it.
	asksOrTells := map[string]bool{"IDNumberPage": true, "ForgottenPage": true}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\ntempl ")[1:] {
			name, body, _ := strings.Cut(part, "(")
			at := strings.Index(body, "@problems(")
			if at < 0 {
				at = strings.Index(body, "@ui.ErrorSummary(")
			}
			if at < 0 {
				continue
			}
			seen++
			for _, other := range []string{"@conflictNote(", "@ui.Message(", "@ui.NoticeBox(", "@ui.Card(", "@ui.TableCard(", "@ui.KV(", "card__lead"} {
				if i := strings.Index(body, other); i >= 0 && i < at && !asksOrTells[name] {
					t.Errorf("%s: %s shows %s before what is wrong", file, name, other)
				}
			}
			if i := strings.Index(body, "@ui.PageHead("); i > at {
				t.Errorf("%s: %s shows what is wrong above the title", file, name)
			}
		}
	}
	if seen < 30 {
		t.Errorf("%d forms found", seen)
	}
}

// A form into which people type asks before the page takes it away. It is the
// rule for every page of somebody who is signed in; the others have nobody to
// ask, and a password or a code is typed again in a moment.
func TestTypedFormsAreGuarded(t *testing.T) {
	files, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	signedOut := map[string]bool{"paths.Login": true, "paths.SecondFactor": true, "paths.SSO": true, "paths.Forgotten": true}
	secrets := map[string]bool{"paths.SecurityPassword": true, "paths.SecurityAuthenticator": true, "paths.SecurityPasskey": true, "paths.SecurityRecovery": true}
	guarded := 0
	for _, file := range files {
		if file == "setup.templ" || file == "loa_check.templ" { // signed out
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "<form")[1:] {
			form, _, _ := strings.Cut(part, "</form>")
			tag, body, _ := strings.Cut(form, "@")
			body = "@" + body
			if !strings.Contains(tag, `"post"`) || !strings.Contains(body, "@ui.Input(") && !strings.Contains(body, "@ui.Textarea(") {
				continue
			}
			_, action, _ := strings.Cut(tag, "templ.URL(")
			action, _, _ = strings.Cut(action, ")")
			if signedOut[action] || secrets[action] || strings.Count(body, "@ui.Input(") == strings.Count(body, "@ui.Input(ownPassword(") && !strings.Contains(body, "@ui.Textarea(") {
				continue
			}
			if !strings.Contains(tag, "data-guard") {
				t.Errorf("%s: the form to %s has no data-guard", file, action)
			}
			guarded++
		}
	}
	if guarded < 30 {
		t.Errorf("%d forms found", guarded)
	}
}

func TestTitles(t *testing.T) {
	for _, c := range []struct {
		p    Page
		want string
	}{
		{Page{Title: "Orders"}, "Orders - Express Connect console"},
		{Page{Title: "Orders", Failed: true}, "Error: Orders - Express Connect console"},
		{Page{Title: "Cabling", Area: AreaStaff}, "Cabling - Express Connect staff"},
		{Page{}, "Express Connect - Express Connect console"},
	} {
		if got := renderPage(t, Layout(c.p)).Find("title").Text(); got != c.want {
			t.Errorf("title %q, want %q", got, c.want)
		}
	}
}

func TestTheme(t *testing.T) {
	for theme, want := range map[string]string{"": "", "dark": "dark", "light": "light", "system": "", `x" onload="y`: ""} {
		p := samplePage(AreaCustomer)
		p.Theme = theme
		d := renderPage(t, Layout(p))
		if got := d.Find("html").AttrOr("data-theme", ""); got != want {
			t.Errorf("theme %q gives data-theme %q, want %q", theme, got, want)
		}
		var values []string
		d.Find("#theme form").Each(func(_ int, s *goquery.Selection) {
			if s.AttrOr("method", "") != "post" || s.AttrOr("action", "") != "/preferences" || s.Find("input[name=next]").AttrOr("value", "") != p.Path {
				t.Error("a theme button does not post to the preferences with the way back")
			}
			values = append(values, s.Find("input[name=theme]").AttrOr("value", "none"))
		})
		if got := strings.Join(values, " "); got != "system light dark" {
			t.Errorf("themes offered: %q", got)
		}
		if n := d.Find("#theme .icon").Length(); n != 1 {
			t.Errorf("theme %q: %d entries are marked as chosen", theme, n)
		}
	}
}

func TestNavigationMarksThePageAndSaysWhatItCounts(t *testing.T) {
	d := renderPage(t, Layout(samplePage(AreaCustomer)))
	current := d.Find(`#nav a[aria-current="page"]`)
	if current.Length() != 1 || strings.Join(strings.Fields(current.Text()), " ") != "Interfaces 5 need your action" {
		t.Errorf("current entry reads %q", strings.Join(strings.Fields(current.Text()), " "))
	}
	if got := d.Find(`.topbar a[href="/messages"]`).AttrOr("aria-label", ""); got != "Messages, 3 unread" {
		t.Errorf("bell reads %q", got)
	}
	if got := d.Find(".crumbs [aria-current]").Text(); got != "Interfaces" {
		t.Errorf("crumb of the page is %q", got)
	}
	if d.Find(`form[action="/logout"][method="post"] button`).Length() != 1 {
		t.Error("signing out is not a form")
	}
}

func TestLayoutEscapes(t *testing.T) {
	const h = layoutHostile
	p := Page{
		Title: h, Operator: h, Path: h, Theme: h, User: &PageUser{Name: h, Email: h, AccountName: h, RoleLabel: h}, Unread: 100, MessagesHref: "javascript:x", SearchAction: "javascript:x", SearchValue: h, HomeHref: "javascript:x",
		Nav: []NavGroup{{Title: h, Items: []NavItem{{Label: h, Href: "javascript:x", Count: 1, CountWords: h}}}}, Crumbs: []Crumb{{h, "javascript:x"}, {h, ""}}, Flashes: []Flash{{h, h, h, "javascript:x"}},
		Regions: []RegionLink{{h, "javascript:x", true}}, Demo: true,
	}
	for _, area := range []Area{AreaPublic, AreaCustomer, AreaStaff} {
		p.Area = area
		for name, d := range map[string]*goquery.Document{
			"layout": renderPage(t, Layout(p)),
			"error":  renderPage(t, ErrorPage(p, 500, h, h, h, "javascript:x", h, &Resend{Action: h, Fields: []ui.Hidden{{Name: h, Value: h}}})),
			"modal":  renderPage(t, Modal(p, false, ui.Frame{Title: h, CloseHref: "javascript:x"})),
		} {
			if n := d.Find("img, script:not([src]), style").Length(); n != 0 {
				t.Errorf("%s, area %d: %d elements came out of text", name, area, n)
			}
			if n := d.Find("script").Length(); n != 2 {
				t.Errorf("%s, area %d: %d scripts", name, area, n)
			}
			if n := d.Find("[style], [onerror], [onload], [onclick]").Length(); n != 0 {
				t.Errorf("%s, area %d: %d inline attributes", name, area, n)
			}
			d.Find("[href], [action]").Each(func(_ int, s *goquery.Selection) {
				if strings.HasPrefix(s.AttrOr("href", s.AttrOr("action", "")), "javascript:") {
					t.Errorf("%s, area %d: a link runs code", name, area)
				}
			})
		}
	}
}

func TestErrorPages(t *testing.T) {
	for _, c := range []struct {
		code, seconds int
		want          string
	}{
		{403, 0, "Your account has no access to the staff pages."},
		{404, 0, "This page does not exist, or it belongs to another account."},
		{429, 20, "Too many requests. Try again in 20 seconds."},
		{429, 1, "Too many requests. Try again in 1 second."},
		{500, 0, "The request failed on our side. Nothing was changed. Try again. If it fails again, tell us the reference."},
		{503, 5, "The console is restarting or very busy. Nothing was changed. Try again in 5 seconds."},
		{413, 0, "The request is larger than this page accepts. Nothing was changed. Go back and send less text, or a smaller file."},
		{415, 0, "The request came in a form that is not read here. Nothing was changed. Send it from its page in the console."},
		{418, 0, "The request was not understood. Nothing was changed. Go back, reload the page and try again."},
		{599, 0, "The request failed on our side."},
	} {
		title, text := ErrorWords(c.code, c.seconds)
		if text != c.want || title == "" {
			t.Errorf("%d: %q, %q; want %q", c.code, title, text, c.want)
		}
		d := renderPage(t, ErrorPage(samplePage(AreaCustomer), c.code, title, text, "Physical Connection Interfaces", "/interfaces", "7KQ4-M2XD", nil))
		if d.Find("h1").Length() != 1 || d.Find("h1").Text() != title {
			t.Errorf("%d: heading %q", c.code, d.Find("h1").Text())
		}
		if d.Find(`.errorpage a.btn--primary[href="/interfaces"]`).Length() != 1 {
			t.Errorf("%d: no way on", c.code)
		}
		if !strings.Contains(d.Find(".errorpage").Text(), "7KQ4-M2XD") {
			t.Errorf("%d: no reference", c.code)
		}
	}
	d := renderPage(t, ErrorPage(Page{}, 500, "a", "b", "", "", "", nil))
	if d.Find(".errorpage a, .errorpage .id").Length() != 0 {
		t.Error("an error page without link and reference shows them")
	}
}

func TestModalIsADialogOnlyWhenAskedInPart(t *testing.T) {
	var b strings.Builder
	ctx := templ.WithChildren(context.Background(), templ.Raw(`<p id="in">x</p>`))
	f := ui.Frame{Title: "Edit name", CloseHref: "/interfaces/pc-1"}
	if err := Modal(samplePage(AreaCustomer), true, f).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.HasPrefix(got, "<dialog") || strings.Contains(got, "<html") || !strings.Contains(got, `id="in"`) {
		t.Errorf("part: %s", got)
	}
	d := renderPage(t, Modal(samplePage(AreaCustomer), false, f))
	if d.Find("dialog").Length() != 0 || d.Find("main .page-head h1").Text() != "Edit name" || d.Find("main h1").Length() != 2 {
		t.Error("the page in its place has a dialog, or lost heading or content")
	}
}

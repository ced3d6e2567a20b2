package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// These tests prove the harness itself against small pages, so that a browser
// test that passes means something: what must be reported is reported.

const pageHead = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>%s</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head><body>
<header><nav aria-label="Main"><a href="/">Start</a> <a href="/list">List</a></nav></header><main>`

const pageFoot = `</main></body></html>`

const pageStyle = `body { color: #222; background: #fff; font: 16px/1.5 sans-serif; margin: 1rem }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } a { color: #9cf } .dark { display: block } }
.shout { text-transform: uppercase }
.card input { position: absolute; opacity: 0; width: 1px; height: 1px }
.card label { display: inline-block; padding: 1rem; border: 1px solid }
table, td, th { border: 1px solid; border-collapse: collapse }
nav a, td a, td button { display: inline-block; min-height: 24px }
`

// pageScript stands for what htmx does: it fetches and swaps after a click,
// a while later, and it counts what the fields send.
const pageScript = `
document.addEventListener("DOMContentLoaded", () => {
	const out = document.getElementById("fragment");
	document.getElementById("load")?.addEventListener("click", async () => {
		await new Promise(r => setTimeout(r, 0));
		const r = await fetch("/fragment", {method: "POST"});
		out.innerHTML = await r.text();
		await fetch("/news"); // as a page does that looks for news by itself
	});
	document.getElementById("scripted")?.removeAttribute("hidden");
	let n = 0;
	document.getElementById("count")?.addEventListener("click", () => document.getElementById("counted").textContent = "Counted " + (++n));
	document.getElementById("throw")?.addEventListener("click", () => { throw new Error("thrown on purpose") });
	if (location.pathname === "/leave") addEventListener("beforeunload", e => e.preventDefault());
});`

func harnessServer(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	html := func(w http.ResponseWriter, status int, title, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.WriteHeader(status)
		fmt.Fprintf(w, pageHead, title)
		io.WriteString(w, body)
		io.WriteString(w, pageFoot)
	}
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		io.WriteString(w, pageStyle)
	})
	mux.HandleFunc("GET /script.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, pageScript)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-visit", Value: "1", Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		html(w, 200, "Start", `<h1>Start</h1><p class="shout">Said quietly</p><p>Split <strong>sen</strong>tence</p><p hidden>Never shown</p>
<p id="scripted" hidden>Scripts run</p><p class="dark" hidden>Dark theme</p>
<button id="load">Load</button> <button id="count">Count</button> <button id="throw">Throw</button> <button disabled>Pay</button>
<div id="fragment"></div><p id="counted"></p><p><a href="/form">Fill in</a></p><p><a href="/file">Get file</a></p>`)
	})
	mux.HandleFunc("GET /news", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /fragment", func(w http.ResponseWriter, r *http.Request) {
		// A slow answer, so that a harness that does not wait is caught.
		select {
		case <-time.After(150 * time.Millisecond):
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `<p>Fragment arrived</p><a href="/list">Go on</a>`)
	})
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", `attachment; filename="letter.pdf"`)
		if _, err := r.Cookie("__Host-visit"); err != nil {
			w.WriteHeader(http.StatusForbidden)
		}
		io.WriteString(w, "%PDF-1.7 not really")
	})
	form := func(name, when, spec, kind, agree, problem string) string {
		summary, describe := "", ""
		if problem != "" {
			summary = `<div role="alert" tabindex="-1" autofocus><h2>Correct 1 item to continue</h2><ul><li><a href="#name">` + problem + `</a></li></ul></div>`
			describe = ` aria-invalid="true" aria-describedby="name-err"`
		}
		is := func(cond bool, s string) string {
			if cond {
				return s
			}
			return ""
		}
		return summary + `<h1>Application</h1><form method="post" action="/form" novalidate>
<p><label for="name">Company Name</label> <input id="name" name="name" value="` + name + `"` + describe + `> <span id="name-err">` + problem + `</span></p>
<p><label for="when">Scheduled Construction Time</label> <input id="when" type="datetime-local" name="when" value="` + when + `"></p>
<fieldset class="card"><legend>Port Specification</legend>
<input type="radio" id="s1" name="spec" value="1"` + is(spec == "1", " checked") + `><label for="s1">1G and below <small>$85.00 a month</small></label>
<input type="radio" id="s10" name="spec" value="10"` + is(spec == "10", " checked") + `><label for="s10">10G <small>$720.00 a month</small></label></fieldset>
<p><label for="kind">Port Type</label> <select id="kind" name="kind"><option value="">Select</option><option value="lr"` + is(kind == "lr", " selected") + `>10GBase-LR</option><option disabled>40GBase-LR</option></select></p>
<fieldset><legend>Field engineer 1</legend><label for="e1">Name</label> <input id="e1" name="e1"></fieldset>
<fieldset><legend>Field engineer 2</legend><label for="e2">Name</label> <input id="e2" name="e2"></fieldset>
<p><input type="checkbox" id="ok" name="agree" value="yes"` + is(agree != "", " checked") + `> <label for="ok">The interface is deployed</label></p>
<button>OK</button></form>`
	}
	mux.HandleFunc("GET /form", func(w http.ResponseWriter, _ *http.Request) {
		html(w, 200, "Application", form("", "", "", "", "", ""))
	})
	mux.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) {
		v := r.PostFormValue
		if v("name") == "" {
			html(w, 422, "Error: Application", form("", v("when"), v("spec"), v("kind"), v("agree"), "Enter the company name"))
			return
		}
		if v("name") == "Gone" {
			html(w, 409, "Error: Application", form(v("name"), v("when"), v("spec"), v("kind"), v("agree"), "Somebody was quicker"))
			return
		}
		q := "/done?" + r.PostForm.Encode()
		http.Redirect(w, r, q, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /done", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		var b strings.Builder
		for _, k := range []string{"name", "when", "spec", "kind", "e1", "e2", "agree"} {
			fmt.Fprintf(&b, "<li>%s is %s</li>", k, q.Get(k))
		}
		html(w, 200, "Done", `<h1>Done</h1><ul>`+b.String()+`</ul>`)
	})
	mux.HandleFunc("GET /list", func(w http.ResponseWriter, r *http.Request) {
		html(w, 200, "List", `<h1>List</h1><table><caption>Interfaces</caption><thead><tr><th scope="col">ID</th><th scope="col">Status</th><th scope="col">Actions</th></tr></thead><tbody>
<tr><td>pc-one</td><td>Enabled</td><td><a href="/item?id=pc-one">View LOA</a></td></tr>
<tr><td>pc-two</td><td>Waiting</td><td><a href="/item?id=pc-two">View LOA</a></td></tr></tbody></table>
<details><summary>More</summary><p>Folded text</p></details>`)
	})
	mux.HandleFunc("GET /item", func(w http.ResponseWriter, r *http.Request) {
		html(w, 200, "Item", `<h1>Item `+r.URL.Query().Get("id")+`</h1>`)
	})
	mux.HandleFunc("GET /leave", func(w http.ResponseWriter, r *http.Request) {
		html(w, 200, "Leave", `<h1>Leave</h1><p><label for="x">Note</label> <input id="x"></p>`)
	})
	mux.HandleFunc("GET /bad", func(w http.ResponseWriter, _ *http.Request) {
		html(w, 200, "Bad", `<h1>Bad</h1><p><input name="unlabelled"></p><p id="twice"><img src="/missing.png"></p>
<iframe title="x" src="http://elsewhere.example/"></iframe>`)
	})
	mux.HandleFunc("GET /wide", func(w http.ResponseWriter, _ *http.Request) {
		html(w, 200, "Wide", `<h1>Wide</h1><svg width="600" height="20" role="img" aria-label="Line"></svg>`)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func TestHarnessReadsAndClicks(t *testing.T) {
	srv := harnessServer(t)
	p := newPerson(t, "reader", srv.URL)
	p.Goto("/")
	p.SeeHeading("Start")
	p.See("Said quietly")
	p.See("Split sentence")
	p.See("Scripts run")
	p.NotSee("Never shown")
	p.SeeDisabled("Pay")

	p.Click("Load")
	if !p.Has("link", "Go on") {
		t.Error("Click returned before the fragment was in the page")
	}
	if got := p.SentStatus(); got != http.StatusAccepted {
		t.Errorf("SentStatus = %d, want %d, of what was sent", got, http.StatusAccepted)
	}
	p.DoubleClick("Count")
	p.See("Counted 2")
	p.Click("Go on")
	p.SeeHeading("List")
	p.SeeIn("pc-one", "Enabled")
	for region, text := range map[string]string{"pc-one": "Waiting", "Main": "pc-one"} {
		all, err := p.texts(region)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 0 || strings.Contains(strings.Join(all, " "), text) {
			t.Errorf("the text of %q is %q and should not contain %q", region, all, text)
		}
	}
	p.NotSee("Folded text")
	p.Click("More")
	p.See("Folded text")
	p.ClickIn("pc-two", "View LOA")
	p.SeeHeading("Item pc-two")
	if got := p.URL(); got != "/item?id=pc-two" {
		t.Errorf("URL = %q", got)
	}
	p.Back()
	p.SeeHeading("List")
	p.ClickIn("Main", "Start")
	p.SeeHeading("Start")

	// A download leaves the page where it is.
	p.Click("Get file")
	p.SeeHeading("Start")
	resp, body := p.Get("/file")
	if resp.StatusCode != 200 || !strings.HasPrefix(string(body), "%PDF-") {
		t.Errorf("Get with the tab's cookies: %d %q", resp.StatusCode, body)
	}
	if diff := cmp.Diff([]string{strings.TrimPrefix(srv.URL, "http://")}, p.Requests()); diff != "" {
		t.Errorf("hosts asked (-want +got):\n%s", diff)
	}
	if got := p.ConsoleErrors(); len(got) > 0 {
		t.Errorf("console: %q", got)
	}

	// A stranger has no cookie of the first person.
	other := newPerson(t, "stranger", srv.URL)
	if resp, _ := other.Get("/file"); resp.StatusCode != 403 {
		t.Errorf("the stranger got %d, want 403", resp.StatusCode)
	}
}

func TestHarnessNames(t *testing.T) {
	srv := harnessServer(t)
	p := newPerson(t, "reader", srv.URL)
	p.Goto("/list")
	tree := p.tree()
	for _, c := range []struct{ region, name, want string }{
		{"", "View LOA", "2 controls have this name"},
		{"", "View", "nothing of that kind has this name"},
		{"pc-three", "View LOA", "not in"},
		{"", "Interfaces", "nothing of that kind has this name"},
	} {
		if _, problem := pick(tree, c.region, c.name, clickable, exactly); !strings.Contains(problem, c.want) {
			t.Errorf("picking %q in %q: problem %q, want %q", c.name, c.region, problem, c.want)
		}
	}
	for name, want := range map[string]bool{"View": true, "View LOA": true, "Vie": false, "LOA": false} {
		if n, _ := pick(tree, "pc-two", name, clickable, beginning); (n != nil) != want {
			t.Errorf("picking a name that begins with %q: found %t, want %t", name, n != nil, want)
		}
	}
	p.Goto("/")
	if _, problem := pick(p.tree(), "", "Pay", clickable, exactly); problem != "it is disabled" {
		t.Errorf("a disabled button: problem %q", problem)
	}
	if got := p.inventory(); !strings.Contains(got, `"Pay" disabled`) || !strings.Contains(got, `"Fill in"`) {
		t.Errorf("the inventory misses something:\n%s", got)
	}
}

func TestHarnessForms(t *testing.T) {
	srv := harnessServer(t)
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts=%t", scripts), func(t *testing.T) {
			p := newPerson(t, "applicant", srv.URL)
			if !scripts {
				p.NoScript()
			}
			p.Goto("/")
			if got := p.Has("paragraph", "") && strings.Contains(strings.Join(mustTexts(p), ""), "Scripts run"); got != scripts {
				t.Errorf("scripts ran: %t, want %t", got, scripts)
			}
			p.Click("Fill in")
			p.SeeHeading("Application")
			p.Fill("Scheduled Construction Time", "2026-12-01T09:30")
			p.Choose("1G and below")
			p.Choose("10G")
			if p.Chosen("1G and below") {
				t.Error("the first choice is still chosen")
			}
			p.Select("Port Type", "10GBase-LR")
			p.FillIn("Field engineer 1", "Name", "张伟")
			p.FillIn("Field engineer 2", "Name", "Wang Li")
			p.Choose("The interface is deployed")
			p.Choose("The interface is deployed")
			p.Click("OK")

			p.See("Correct 1 item to continue")
			if p.Status() != 422 {
				t.Errorf("status %d, want 422", p.Status())
			}
			p.SeeFocus("the alert", func(role, _ string) bool { return role == "alert" })
			if got := p.FieldProblem("Company Name"); got != "Enter the company name" {
				t.Errorf("FieldProblem = %q", got)
			}
			if got := p.Value("Port Type"); got != "10GBase-LR" {
				t.Errorf("the port type became %q", got)
			}
			if p.Title() != "Error: Application" || !p.Chosen("10G") {
				t.Errorf("title %q, 10G chosen %t", p.Title(), p.Chosen("10G"))
			}
			p.Fill("Company Name", "Gone")
			p.Click("OK")
			p.See("Somebody was quicker")
			p.Fill("Company Name", "Gone by & by")
			p.Fill("Company Name", "Northwind Trading")
			if got := p.FieldProblem("Port Type"); got != "" {
				t.Errorf("a valid field has the problem %q", got)
			}
			p.FillIn("Field engineer 1", "Name", "张伟")
			p.Press("Enter")
			p.SeeHeading("Done")
			for _, want := range []string{"name is Northwind Trading", "when is 2026-12-01T09:30", "spec is 10", "kind is lr", "e1 is 张伟", "agree is yes"} {
				p.See(want)
			}
			if p.Status() != 200 {
				t.Errorf("status %d after the redirect, want 200", p.Status())
			}
			if got := p.ConsoleErrors(); len(got) > 0 {
				t.Errorf("422 and 409 should not count as errors: %q", got)
			}
			if v := p.Axe(); len(v) > 0 {
				t.Errorf("axe on a clean page: %v", v)
			}
			p.See("e2 is")
		})
	}
}

func mustTexts(p *Page) []string {
	p.t.Helper()
	all, err := p.texts("")
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

func TestHarnessKeyboard(t *testing.T) {
	srv := harnessServer(t)
	p := newPerson(t, "typist", srv.URL)
	p.Goto("/form")
	p.TabTo("Company Name")
	p.Press("Northwind")
	p.TabTo("1G and below $85.00 a month")
	p.Press("Space", "ArrowDown")
	if role, name := p.Focused(); role != "radio" || !strings.HasPrefix(name, "10G") || !p.Chosen("10G") {
		t.Errorf("after the arrow key the focus is on %s %q", role, name)
	}
	p.Press("Shift+Tab")
	if role, _ := p.Focused(); role == "radio" {
		t.Error("Shift+Tab did not leave the group")
	}
	p.TabTo("OK")
	p.Press("Enter")
	p.SeeHeading("Done")
	p.See("name is Northwind")
	p.See("spec is 10")
}

func TestHarnessReportsWhatIsWrong(t *testing.T) {
	srv := harnessServer(t)
	p := newPerson(t, "inspector", srv.URL)
	p.Goto("/bad")
	var ids []string
	for _, v := range p.Axe() {
		ids = append(ids, v.ID)
		if len(v.Nodes) == 0 || v.Nodes[0].HTML == "" {
			t.Errorf("the violation %s names no place", v.ID)
		}
	}
	slices.Sort(ids)
	if diff := cmp.Diff([]string{"image-alt", "label"}, ids); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	if got := strings.Join(p.ConsoleErrors(), "\n"); !strings.Contains(got, "404") {
		t.Errorf("the missing image is no console error: %q", got)
	}
	if !strings.Contains(strings.Join(p.ConsoleErrors(), "\n"), "Content Security Policy") {
		t.Errorf("the blocked frame is no console error: %q", p.ConsoleErrors())
	}
	p.Goto("/")
	before := len(p.ConsoleErrors())
	p.Click("Throw")
	if got := p.ConsoleErrors()[before:]; len(got) != 1 || !strings.Contains(got[0], "thrown on purpose") {
		t.Errorf("an uncaught exception gives %q", got)
	}
}

func TestHarnessSizeThemeAndLeaving(t *testing.T) {
	srv := harnessServer(t)
	p := newPerson(t, "visitor", srv.URL)
	p.Goto("/wide")
	if got := p.SidewaysScroll(); got != 0 {
		t.Errorf("at 1440 pixels the page is %d too wide", got)
	}
	p.Viewport(390, 844)
	p.Reload()
	if got := p.SidewaysScroll(); got < 200 {
		t.Errorf("at 390 pixels the page is %d too wide, want more than 200", got)
	}
	p.Goto("/")
	background := func() string {
		return evaluate[string](p, `getComputedStyle(document.body).backgroundColor`)
	}
	if got := background(); got != "rgb(255, 255, 255)" {
		t.Errorf("light background %s", got)
	}
	p.Theme("dark")
	if got := background(); got != "rgb(17, 17, 17)" {
		t.Errorf("dark background %s", got)
	}
	if !evaluate[bool](p, `matchMedia("(prefers-reduced-motion: reduce)").matches`) {
		t.Error("pages move")
	}
	dir := t.TempDir()
	t.Setenv("DEMARC_SCREENSHOTS", dir)
	p.Screenshot("start, dark")
	if files, _ := filepath.Glob(filepath.Join(dir, "*.png")); len(files) != 1 {
		t.Errorf("screenshots kept: %v", files)
	}
	// The browser's question before leaving a changed form is answered.
	p.Goto("/leave")
	p.Fill("Note", "unsaved")
	p.Click("Start")
	p.SeeHeading("Start")
	if got := p.ConsoleErrors(); len(got) > 0 {
		t.Errorf("console: %q", got)
	}
}

func TestHarnessSelectAndFailureText(t *testing.T) {
	srv := harnessServer(t)
	p := newPerson(t, "chooser", srv.URL)
	p.Goto("/form")
	n := p.control("Select", "", "Port Type", selectable, exactly)
	for option, want := range map[string]string{
		"40GBase-LR": "the option is disabled",
		"1000Base-T": "its options are: Select | 10GBase-LR | 40GBase-LR",
	} {
		var got string
		err := p.do(func(ctx context.Context) (err error) {
			got, err = call[string](ctx, n, jsSelect, option)
			return err
		})
		if err != nil || got != want {
			t.Errorf("selecting %q: %q, %v; want %q", option, got, err, want)
		}
	}
}

// standInVar makes this test binary a stand-in for the program: it listens,
// says so, and remembers each visit in a file, so that Program can be proved
// without the real one.
const standInVar = "STAND_IN_FOR_DEMARC"

func standIn() {
	data := os.Args[slices.Index(os.Args, "-data")+1]
	l, err := net.Listen("tcp", os.Args[slices.Index(os.Args, "-addr")+1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	file := filepath.Join(data, "visits")
	fmt.Fprintln(os.Stderr, "a line of the log")
	fmt.Printf("Demo people: …\nListening on http://%s\n", l.Addr())
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b, _ := os.ReadFile(file)
		b = append(b, 'x')
		if err := os.WriteFile(file, b, 0o644); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, len(b))
	}))
}

func TestHarnessProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DEMARC_OPERATOR", "must not reach the program")
	p := startProgram(t, self, []string{standInVar + "=1"})
	visit := func() string {
		t.Helper()
		resp, err := http.Get(p.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := visit(); got != "1" {
		t.Errorf("first visit: %s", got)
	}
	if slices.ContainsFunc(p.cmd.Env, func(kv string) bool { return strings.HasPrefix(kv, "DEMARC_") }) {
		t.Error("the tester's settings reach the program")
	}
	old := p.URL
	p.Kill9()
	if resp, err := http.Get(old + "/"); err == nil {
		resp.Body.Close()
		t.Error("the program answers after Kill9")
	}
	p.Restart()
	if got := visit(); got != "2" {
		t.Errorf("the visit after the restart: %s, want 2: the data folder was lost", got)
	}
	if !strings.Contains(p.Output(), "a line of the log") {
		t.Errorf("the output misses stderr: %q", p.Output())
	}
	if code := p.Stop(); code == 0 {
		t.Error("the stand-in handles no signal, so its exit code should not be 0")
	}
}

// Package e2e drives the real program with the system's Chromium, the way a
// person does: by what is written on the screen and by the names and roles
// that a screen reader gets, never by CSS class and never after a fixed pause.
// It holds tests only.
package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// This file alone knows chromedp and the DevTools protocol. Tests use Page.

const (
	// patience is how long every wait lasts before the test fails. It is long
	// because a loaded two-core machine with the race detector is slow, and it
	// costs nothing when the page does what it should.
	patience = time.Minute
	// tick is the time between two looks at the page.
	tick = 15 * time.Millisecond
)

//go:embed testdata/axe-core/axe.min.js
var axeSource string

// chrome is the one Chromium process of this test binary. Each Page gets its
// own browser context in it, so that people share no cookies.
var chrome struct {
	once   sync.Once
	ctx    context.Context
	cancel func()
	err    error
}

// chromeContext starts Chromium on first use.
func chromeContext() (context.Context, error) {
	chrome.once.Do(func() {
		path, err := findChromium()
		if err != nil {
			chrome.err = err
			return
		}
		opts := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
			chromedp.Flag("no-proxy-server", true),
			// No name is ever resolved: a page that asks for another host
			// fails here as it would behind a strict firewall.
			chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"),
			chromedp.Flag("font-render-hinting", "none"),
			// The parts of a date field come in the order of the language.
			chromedp.Flag("lang", "en-US"),
			// No click lands on an animation. Emulated tab by tab, this would
			// reach a page only after its stylesheet has: Chromium starts a
			// transition between two pages and then reports that the second
			// wants none.
			chromedp.Flag("force-prefers-reduced-motion", true),
			chromedp.WindowSize(1440, 900),
		)
		if os.Getuid() == 0 {
			opts = append(opts, chromedp.NoSandbox)
		}
		allocated, stopAllocator := chromedp.NewExecAllocator(context.Background(), opts...)
		ctx, stopBrowser := chromedp.NewContext(allocated)
		chrome.ctx = ctx
		chrome.cancel = func() { stopBrowser(); stopAllocator() }
		chrome.err = chromedp.Do(ctx)
	})
	return chrome.ctx, chrome.err
}

func stopChrome() {
	if chrome.cancel != nil {
		chrome.cancel()
	}
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium in PATH: install Debian's package chromium, or run ./.ci/test, which does")
}

// Page is one person in front of one tab: a browser context of its own with
// its own cookies. Every method fails the test when it cannot do what it says
// within patience, and the failure names what was on the page instead.
type Page struct {
	t    testing.TB
	name string
	base *url.URL
	ctx  context.Context

	noScript bool
	keyboard bool
	reported map[string]bool // what was said about the focus already

	mu         sync.Mutex
	mainFrame  cdp.FrameID
	navigating bool // a navigation was asked for and has neither finished nor failed
	fetching   map[network.RequestID]bool
	sending    map[network.RequestID]bool // of those, what sends a form
	navigated  int                        // documents committed so far, to see a step through the history end
	status     int64
	sent       int64
	hosts      map[string]bool
	problems   []string
	dialogs    chan page.EventJavascriptDialogOpening
}

// newPerson opens a tab for a person. name is used in messages and file names;
// base is the address that paths are relative to.
func newPerson(t testing.TB, name, base string) *Page {
	t.Helper()
	root, err := chromeContext()
	if err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("base address: %v", err)
	}
	p := &Page{
		t: t, name: name, base: u,
		fetching: map[network.RequestID]bool{},
		sending:  map[network.RequestID]bool{},
		hosts:    map[string]bool{},
		dialogs:  make(chan page.EventJavascriptDialogOpening, 16),
	}
	ctx, cancel := chromedp.NewContext(root, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	p.ctx = ctx
	// The first Do opens the tab and binds its life to ctx, so it must not
	// carry a deadline.
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		t.Fatalf("opening a tab for %s: %v", name, err)
	}
	go p.answerDialogs()
	t.Cleanup(func() {
		if t.Failed() {
			p.keepEvidence()
		}
		cancel()
	})
	p.run("setting up the tab", func(ctx context.Context) error {
		tree, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.mainFrame = tree.FrameTree.Frame.ID
		p.mu.Unlock()
		_, err = chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior:         browser.SetDownloadBehaviorBehaviorDeny,
			BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
		})
		return err
	})
	p.Theme("light")
	p.Viewport(1440, 900)
	return p
}

// Going somewhere

// Goto opens a path of the program (or a whole address) and waits for the page.
func (p *Page) Goto(path string) {
	p.t.Helper()
	u, err := p.base.Parse(path)
	if err != nil {
		p.t.Fatalf("%s: Goto(%q): %v", p.name, path, err)
	}
	p.run("Goto "+path, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Navigate(u.String()))
	})
	p.settle()
}

// Reload loads the page again, as F5 does.
func (p *Page) Reload() {
	p.t.Helper()
	p.run("Reload", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Reload()) })
	p.settle()
}

// Back goes one step back in the history.
func (p *Page) Back() {
	p.t.Helper()
	p.mu.Lock()
	before := p.navigated
	p.mu.Unlock()
	p.run("Back", func(ctx context.Context) error {
		h, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		if h.CurrentIndex < 1 {
			return errors.New("there is no page to go back to")
		}
		_, err = chromedp.Call(ctx, page.NavigateToHistoryEntry,
			page.NavigateToHistoryEntryParams{EntryID: h.Entries[h.CurrentIndex-1].ID})
		return err
	})
	p.until("Back", func() string {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.navigated == before {
			return "no page was shown"
		}
		return ""
	})
	p.settle()
}

// URL is the address of the page without the program's origin: path and query.
func (p *Page) URL() string {
	p.t.Helper()
	var s string
	p.run("URL", func(ctx context.Context) (err error) {
		s, err = chromedp.Run(ctx, chromedp.Location())
		return err
	})
	if rest, ok := strings.CutPrefix(s, p.base.Scheme+"://"+p.base.Host); ok {
		return rest
	}
	return s
}

// Authenticator gives the browser a built-in authenticator that proves its
// owner at once, so that it can make passkeys and use them.
func (p *Page) Authenticator() {
	p.t.Helper()
	p.run("a virtual authenticator", func(ctx context.Context) error {
		if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		return err
	})
}

// SeeURL waits until the address (as URL gives it) matches the pattern.
func (p *Page) SeeURL(pattern string) {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	p.until(fmt.Sprintf("an address that matches %q", pattern), func() string {
		if u := p.URL(); !re.MatchString(u) {
			return "the address is " + u
		}
		return ""
	})
}

// Status is the HTTP status of the last document that was answered.
func (p *Page) Status() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.status)
}

// SentStatus is the HTTP status of the last answer to a form that a script sent.
// What a script only reads does not count: a page looks for news by itself, at
// any moment.
func (p *Page) SentStatus() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.sent)
}

// Get asks for a path with this person's cookies but outside the tab, for what
// a tab does not show: a PDF, a CSV file, a status without a page. Redirects
// are not followed.
func (p *Page) Get(path string) (*http.Response, []byte) {
	p.t.Helper()
	u, err := p.base.Parse(path)
	if err != nil {
		p.t.Fatalf("%s: Get(%q): %v", p.name, path, err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, u.String(), nil)
	if err != nil {
		p.t.Fatalf("%s: Get(%q): %v", p.name, path, err)
	}
	p.run("Get "+path, func(ctx context.Context) error {
		jar, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{u.String()}})
		if err != nil {
			return err
		}
		for _, c := range jar.Cookies {
			req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
		return nil
	})
	client := http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		p.t.Fatalf("%s: Get(%q): %v", p.name, path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatalf("%s: Get(%q): %v", p.name, path, err)
	}
	return resp, body
}

// What the person's machine is like

// Theme makes the system's theme "light" or "dark".
func (p *Page) Theme(scheme string) {
	p.t.Helper()
	p.run("Theme "+scheme, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
			},
		})
		return err
	})
}

// Viewport sets the size of the window in CSS pixels. Below 600 pixels the tab
// behaves as a phone does: the viewport meta element counts.
func (p *Page) Viewport(width, height int) {
	p.t.Helper()
	p.run("Viewport", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(width), Height: int64(height), DeviceScaleFactor: 1, Mobile: width < 600,
		})
		return err
	})
}

// ForgetFiles empties the browser's cache, as somebody has it who was never here.
func (p *Page) ForgetFiles() {
	p.t.Helper()
	p.run("ForgetFiles", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{})
		return err
	})
}

// Slow makes the tab a slow phone on a slow line: a quarter of the processor,
// 1.6 Mbit/s, 150 ms for each way and back.
func (p *Page) Slow() {
	p.t.Helper()
	p.run("Slow", func(ctx context.Context) error {
		if _, err := chromedp.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4}); err != nil {
			return err
		}
		line := network.Conditions{Latency: 150, DownloadThroughput: 1.6e6 / 8, UploadThroughput: 0.75e6 / 8}
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&line}})
		return err
	})
}

// Weight is what a page took: how many answers came over the network, in how
// many bytes of bodies as they were sent, and how far its parts moved after they were
// first shown (cumulative layout shift). Seen is when its largest part was.
type Weight struct {
	Requests, Bytes int
	Shift           float64
	Seen            float64 // milliseconds
}

// Weight looks at the page that is open.
func (p *Page) Weight() (w Weight) {
	p.t.Helper()
	p.run("Weight", func(ctx context.Context) (err error) {
		w, err = chromedp.Run(ctx, chromedp.Evaluate[Weight](jsWeight, chromedp.EvalAwaitPromise))
		return err
	})
	return w
}

const jsWeight = `(async () => {
	const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
	const icon = document.querySelector('link[rel=icon]')?.href; // fetched when the browser likes
	const sent = all.filter((e) => e.transferSize > 0 && e.name !== icon);
	const paints = (type) => new Promise((done) => {
		const seen = [];
		new PerformanceObserver((list) => seen.push(...list.getEntries())).observe({ type, buffered: true });
		setTimeout(() => done(seen), 50);
	});
	const shifts = await paints('layout-shift'), largest = await paints('largest-contentful-paint');
	return {
		Requests: sent.length,
		Bytes: sent.reduce((n, e) => n + e.encodedBodySize, 0),
		Shift: shifts.reduce((n, e) => n + e.value, 0),
		Seen: Math.max(0, ...largest.map((e) => e.startTime)),
	};
})()`

// NoScript switches the page's own scripts off, from the next page on.
func (p *Page) NoScript() {
	p.t.Helper()
	p.noScript = true
	p.setScripts(false)
}

func (p *Page) setScripts(on bool) {
	p.t.Helper()
	p.run("switching scripts", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
			emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// SidewaysScroll says how many pixels of the page lie beyond the right edge.
func (p *Page) SidewaysScroll() int {
	p.t.Helper()
	return evaluate[int](p, `(() => { const e = document.scrollingElement; return e.scrollWidth - e.clientWidth })()`)
}

// Doing something

// Click presses the one link or button with exactly this accessible name, in
// the middle, and waits for what it started to end: a page or a fragment.
func (p *Page) Click(name string) { p.t.Helper(); p.ClickIn("", name) }

// ClickIn is Click inside the row, list item, group, region, form or dialog
// that has this name or shows this text; the innermost one that fits counts.
// Inside a region the control's name may go on after these words ("View LOA for
// pc-…", a count of what waits), if no other one there fits better.
func (p *Page) ClickIn(region, name string) {
	p.t.Helper()
	match := exactly
	if region != "" {
		match = beginning
	}
	n := p.control("Click", region, name, clickable, match)
	if p.keyboard {
		p.keyPress(n, 1)
		return
	}
	p.press(n, 1)
}

// DoubleClick presses twice as fast as a mouse can, without waiting between.
func (p *Page) DoubleClick(name string) {
	p.t.Helper()
	n := p.control("DoubleClick", "", name, clickable, exactly)
	if p.keyboard {
		p.keyPress(n, 2)
		return
	}
	p.press(n, 2)
}

// SlowClick presses on the radio button or checkbox with this label, waits until
// the page is at rest, and lets go in the same place.
func (p *Page) SlowClick(label string) {
	p.t.Helper()
	n := p.control("SlowClick", "", label, choosable, beginning)
	at := p.aim(n)
	mouse := func(kind input.DispatchMouseEventType) {
		p.run("SlowClick "+label, func(ctx context.Context) error {
			_, err := chromedp.Call(ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at.X, Y: at.Y, Button: input.MouseButtonLeft, ClickCount: 1})
			return err
		})
		p.settle()
	}
	mouse(input.DispatchMouseEventTypeMousePressed)
	mouse(input.DispatchMouseEventTypeMouseReleased)
}

// Fill replaces the text of the field with this label.
func (p *Page) Fill(label, value string) { p.t.Helper(); p.FillIn("", label, value) }

// FillIn is Fill inside a region; see ClickIn.
func (p *Page) FillIn(region, label, value string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the field %q to hold %q", label, value), func() string {
		n := p.control("Fill", region, label, fillable, exactly)
		var got string
		if p.keyboard {
			p.keyFill(n, value)
		}
		err := p.do(func(ctx context.Context) (err error) {
			var picker bool
			if !p.keyboard {
				if picker, err = call[bool](ctx, n, jsFillStart); err != nil {
					return err
				}
			}
			switch {
			case p.keyboard: // typed above
			case picker:
				// Date and time fields take no text at once: what a person
				// picks arrives as a value with its two events.
				_, err = call[bool](ctx, n, jsSetValue, value)
			case value == "":
				err = chromedp.Do(ctx, chromedp.KeyEvent(kb.Delete))
			default:
				_, err = chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value})
			}
			if err != nil {
				return err
			}
			got, err = call[string](ctx, n, `function() { return this.value }`)
			return err
		})
		if err != nil {
			return err.Error()
		}
		if strings.ReplaceAll(got, "\r\n", "\n") != value {
			return fmt.Sprintf("it holds %q", got)
		}
		return ""
	})
	p.settle()
}

// Choose ticks the radio button or checkbox with this label. A label may go on
// after it (a price, a note), if no other choice begins with the same words.
func (p *Page) Choose(label string) { p.t.Helper(); p.ChooseIn("", label) }

// ChooseIn is Choose inside a region; see ClickIn.
func (p *Page) ChooseIn(region, label string) { p.t.Helper(); p.setChecked(region, label, true) }

// Unchoose takes the tick out of a checkbox.
func (p *Page) Unchoose(label string) { p.t.Helper(); p.setChecked("", label, false) }

func (p *Page) setChecked(region, label string, want bool) {
	p.t.Helper()
	if p.keyboard {
		p.keyChoose(region, label, want)
	} else if n := p.control("Choose", region, label, choosable, beginning); n.checked != want {
		p.press(n, 1)
	}
	p.until(fmt.Sprintf("%q to be chosen: %t", label, want), func() string {
		if n := p.control("Choose", region, label, choosable, beginning); n.checked != want {
			return fmt.Sprintf("it is %t", n.checked)
		}
		return ""
	})
}

// Select picks the option with this text in the list with this label.
func (p *Page) Select(label, option string) { p.t.Helper(); p.SelectIn("", label, option) }

// SelectIn is Select inside a region; see ClickIn.
func (p *Page) SelectIn(region, label, option string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the option %q of %q", option, label), func() string {
		n := p.control("Select", region, label, selectable, exactly)
		if p.keyboard {
			p.keySelect(n, option)
		}
		var problem string
		err := p.do(func(ctx context.Context) (err error) {
			problem, err = call[string](ctx, n, jsSelect, option)
			return err
		})
		if err != nil {
			return err.Error()
		}
		return problem
	})
	p.settle()
}

// Press presses keys in order: names such as "Enter", "Tab", "Shift+Tab",
// "Escape", "Space", "ArrowDown", or text to type.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		text, shift := key, false
		if rest, ok := strings.CutPrefix(key, "Shift+"); ok {
			text, shift = rest, true
		}
		if k, ok := keyNames[text]; ok {
			text = k
		}
		p.run("Press "+key, func(ctx context.Context) error {
			if text == kb.Enter {
				return enter(ctx)
			}
			if shift {
				return chromedp.Do(ctx, chromedp.KeyEvent(text, chromedp.KeyModifiers(kb.ModifierShift)))
			}
			return chromedp.Do(ctx, chromedp.KeyEvent(text))
		})
		p.settle()
	}
}

var keyNames = map[string]string{
	"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace, "Delete": kb.Delete,
	"ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End, "PageDown": kb.PageDown, "PageUp": kb.PageUp,
}

// Tab moves the focus on by one.
func (p *Page) Tab() { p.t.Helper(); p.Press("Tab") }

// TabTo presses Tab until the control with this name has the focus, and fails
// when the keyboard cannot reach it.
func (p *Page) TabTo(name string) {
	p.t.Helper()
	var passed []string
	for range 300 {
		p.Tab()
		role, got := p.Focused()
		if got == name {
			return
		}
		passed = append(passed, role+" "+got)
	}
	p.t.Fatalf("%s: the Tab key does not reach %q; it passed:\n  %s", p.name, name, strings.Join(compact(passed), "\n  "))
}

// SeeFocus waits until the focus is where ok says. A browser moves it to what
// has autofocus when it next draws the page, which may be after the page is
// there.
func (p *Page) SeeFocus(want string, ok func(role, name string) bool) {
	p.t.Helper()
	p.until("the focus on "+want, func() string {
		if role, name := p.Focused(); !ok(role, name) {
			return fmt.Sprintf("it is on %s %q", role, name)
		}
		return ""
	})
}

// Focused is the role and accessible name of what has the focus; both are
// empty when nothing has.
func (p *Page) Focused() (role, name string) {
	p.t.Helper()
	for _, n := range p.tree() {
		if n.focused && n.role != "RootWebArea" {
			role, name = n.role, n.name
		}
	}
	return role, name
}

// Looking

// See waits until the text is visible on the page. White space does not count.
func (p *Page) See(text string) { p.t.Helper(); p.SeeIn("", text) }

// SeeIn is See inside a region; see ClickIn.
func (p *Page) SeeIn(region, text string) {
	p.t.Helper()
	what := fmt.Sprintf("the text %q", text)
	if region != "" {
		what += fmt.Sprintf(" in %q", region)
	}
	p.until(what, func() string {
		all, err := p.texts(region)
		if err != nil {
			return err.Error()
		}
		if len(all) == 0 {
			return fmt.Sprintf("no region is called or shows %q", region)
		}
		for _, s := range all {
			if strings.Contains(s, squeeze(text)) {
				return ""
			}
		}
		return "it shows: " + strings.Join(all, " ⏐ ")
	})
}

// NotSee waits until the text is gone. Call it after something that proves that
// the new page is there, or it may look at the page before.
func (p *Page) NotSee(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the text %q to be gone", text), func() string {
		all, err := p.texts("")
		if err != nil {
			return err.Error()
		}
		if strings.Contains(all[0], squeeze(text)) {
			return "it is there"
		}
		return ""
	})
}

// SeeHeading waits for a heading with exactly this text.
func (p *Page) SeeHeading(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the heading %q", text), func() string {
		tree, err := p.snapshot()
		if err != nil {
			return err.Error()
		}
		for _, n := range tree {
			if n.role == "heading" && n.name == squeeze(text) {
				return ""
			}
		}
		return "it is not there"
	})
}

// SeeDisabled waits for a control with this name that cannot be used.
func (p *Page) SeeDisabled(name string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q to be there and disabled", name), func() string {
		tree, err := p.snapshot()
		if err != nil {
			return err.Error()
		}
		for _, n := range tree {
			if n.disabled && n.name == squeeze(name) {
				return ""
			}
		}
		return "no disabled control has that name"
	})
}

// Has says whether something with this role and exact name is on the page now.
func (p *Page) Has(role, name string) bool {
	p.t.Helper()
	return slices.ContainsFunc(p.tree(), func(n *axNode) bool { return n.role == role && n.name == squeeze(name) })
}

// Names are the accessible names of everything with this role, in order.
func (p *Page) Names(role string) []string {
	p.t.Helper()
	var names []string
	for _, n := range p.tree() {
		if n.role == role {
			names = append(names, n.name)
		}
	}
	return names
}

// Rows counts the rows of tables that show this text.
func (p *Page) Rows(text string) int {
	p.t.Helper()
	rows := 0
	for _, n := range p.tree() {
		if n.role == "row" && strings.Contains(squeeze(n.text()), squeeze(text)) {
			rows++
		}
	}
	return rows
}

// Value is what the field with this label holds.
func (p *Page) Value(label string) string {
	p.t.Helper()
	n := p.control("Value", "", label, func(n *axNode) bool { return fillable(n) || selectable(n) }, exactly)
	var v string
	p.run("Value "+label, func(ctx context.Context) (err error) {
		v, err = call[string](ctx, n, `function() { return this.selectedOptions ? this.selectedOptions[0].text : this.value }`)
		return err
	})
	return v
}

// Chosen says whether the radio button or checkbox with this label is ticked.
func (p *Page) Chosen(label string) bool {
	p.t.Helper()
	return p.control("Chosen", "", label, choosable, beginning).checked
}

// FieldProblem is what a screen reader says after the name of an invalid field:
// its description, which holds the message and the hint. It is empty when the
// field is not marked as invalid.
func (p *Page) FieldProblem(label string) string {
	p.t.Helper()
	n := p.control("FieldProblem", "", label, func(n *axNode) bool {
		return fillable(n) || selectable(n) || choosable(n) || containers[n.role]
	}, exactly)
	if !n.invalid {
		return ""
	}
	return n.description
}

// Amounts are the texts beside this term in the lists of facts of the page.
func (p *Page) Amounts(term string) []string {
	p.t.Helper()
	return evaluate[[]string](p, fmt.Sprintf(`[...document.querySelectorAll("dt")].filter(dt => dt.textContent.replace(/\s+/g, " ").trim() === %q)
		.map(dt => dt.parentElement.querySelector("dd").textContent.replace(/\s+/g, " ").trim())`, term))
}

// Title is the title of the document.
func (p *Page) Title() string { p.t.Helper(); return evaluate[string](p, `document.title`) }

// Violation is one rule that axe found broken, with the places.
type Violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", v.ID, v.Impact, v.Help)
	for _, n := range v.Nodes {
		fmt.Fprintf(&b, "\n    %s\n      %s", n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n      "))
	}
	return b.String()
}

// Axe returns what axe-core finds wrong with the page as it is now: WCAG 2.0 to
// 2.2, levels A and AA, and axe's own best practices.
func (p *Page) Axe() []Violation { p.t.Helper(); return p.axe(axeAll) }

// What axe looks for: everything, or what another theme can change.
const (
	axeAll     = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`
	axeColours = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

func (p *Page) axe(rules string) []Violation {
	p.t.Helper()
	if p.noScript {
		// axe waits on timers, which stand still while scripts are off.
		p.setScripts(true)
		defer p.setScripts(false)
	}
	var report []Violation
	p.run("axe", func(ctx context.Context) error {
		loaded, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`typeof axe === "object"`))
		if err != nil {
			return err
		}
		if !loaded {
			if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axeSource+"\n;0")); err != nil {
				return err
			}
		}
		report, err = chromedp.Run(ctx, chromedp.Evaluate[[]Violation](fmt.Sprintf(jsAxe, rules), chromedp.EvalAwaitPromise))
		return err
	})
	return report
}

// Accessible fails the test, but goes on, when axe finds anything. state says
// which page or state this is.
func (p *Page) Accessible(state string) {
	p.t.Helper()
	for _, v := range p.Axe() {
		p.t.Errorf("%s: %s at %s: %s", p.name, state, p.URL(), v)
	}
}

// AccessibleInBothThemes is Accessible in the light theme of the system, and
// then again in the dark one for the rules that look at colours: the document
// stays the same. It leaves the tab light.
func (p *Page) AccessibleInBothThemes(state string) {
	p.t.Helper()
	p.Accessible(state)
	p.Theme("dark")
	for _, v := range p.axe(axeColours) {
		p.t.Errorf("%s: %s, dark, at %s: %s", p.name, state, p.URL(), v)
	}
	p.Theme("light")
}

// Screenshot keeps a picture of the whole page as NAME.png in the folder that
// DEMARC_SCREENSHOTS names; without it, it does nothing. Failures keep theirs
// without being asked.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv("DEMARC_SCREENSHOTS")
	if dir == "" {
		return
	}
	p.run("Screenshot "+name, func(ctx context.Context) error {
		return writeScreenshot(ctx, filepath.Join(dir, fileName(name)+".png"))
	})
}

// ConsoleErrors are the errors in the browser's console so far, uncaught
// exceptions and unexpected dialogs included. Chromium's own line about an
// answer 422 or 409 is left out: these are how the program refuses a form.
func (p *Page) ConsoleErrors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// Requests are the hosts (with port) that the tab has asked for anything.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.hosts))
}

// Finding controls

// axNode is one element as assistive technology sees it.
type axNode struct {
	role, name, description    string
	focused, disabled, checked bool
	invalid                    bool
	backend                    cdp.BackendNodeID
	parent                     *axNode
	children                   []*axNode
}

func clickable(n *axNode) bool {
	switch n.role {
	case "link", "button", "menuitem", "tab", "DisclosureTriangle", "PopUpButton":
		return true
	}
	return false
}

func fillable(n *axNode) bool {
	switch n.role {
	case "textbox", "searchbox", "spinbutton", "Date", "DateTime", "InputTime", "combobox":
		return true
	}
	return false
}

func choosable(n *axNode) bool {
	return n.role == "radio" || n.role == "checkbox" || n.role == "switch"
}

func selectable(n *axNode) bool {
	return n.role == "combobox" || n.role == "listbox"
}

// containers are the roles in which ClickIn and its like look for a control.
var containers = map[string]bool{
	"row": true, "listitem": true, "article": true, "group": true, "region": true, "form": true, "dialog": true,
	"alertdialog": true, "alert": true, "status": true, "radiogroup": true, "navigation": true, "banner": true,
	"contentinfo": true, "complementary": true, "search": true, "main": true, "table": true, "list": true,
	"menu": true, "figure": true, "term": true, "definition": true, "Details": true, "details": true,
}

func exactly(got, want string) int {
	if got == want {
		return 2
	}
	return 0
}

// beginning also takes a name that goes on after the wanted words, but rates it
// lower than an exact one.
func beginning(got, want string) int {
	if got == want {
		return 2
	}
	if strings.HasPrefix(got, want+" ") || strings.HasPrefix(got, want+",") {
		return 1
	}
	return 0
}

// text is what the node and all below it say.
func (n *axNode) text() string {
	if n.role == "StaticText" {
		return n.name
	}
	parts := make([]string, 0, len(n.children))
	for _, c := range n.children {
		if s := c.text(); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

func (n *axNode) within(other *axNode) bool {
	for m := n.parent; m != nil; m = m.parent {
		if m == other {
			return true
		}
	}
	return false
}

// regions are the innermost containers with this name, or else the innermost
// ones that show this text.
func regions(tree []*axNode, name string) []*axNode {
	name = squeeze(name)
	var found []*axNode
	for _, n := range tree {
		if containers[n.role] && n.name == name {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		for _, n := range tree {
			if containers[n.role] && strings.Contains(squeeze(n.text()), name) {
				found = append(found, n)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(n *axNode) bool {
		return slices.ContainsFunc(found, func(m *axNode) bool { return m.within(n) })
	})
}

// control waits for the one control with this name, and fails when there is
// none or when there are several: a person could not know which one is meant.
func (p *Page) control(verb, region, name string, kind func(*axNode) bool, match func(got, want string) int) *axNode {
	p.t.Helper()
	var found *axNode
	what := fmt.Sprintf("%s %q", verb, name)
	if region != "" {
		what += fmt.Sprintf(" in %q", region)
	}
	p.until(what, func() string {
		tree, err := p.snapshot()
		if err != nil {
			return err.Error()
		}
		var problem string
		found, problem = pick(tree, region, squeeze(name), kind, match)
		return problem
	})
	return found
}

// pick chooses the control; without one, it says why.
func pick(tree []*axNode, region, name string, kind func(*axNode) bool, match func(got, want string) int) (*axNode, string) {
	best, hits := 1, []*axNode(nil)
	for _, n := range tree {
		if !kind(n) {
			continue
		}
		switch m := match(n.name, name); {
		case m == 0 || m < best:
		case m > best:
			best, hits = m, []*axNode{n}
		default:
			hits = append(hits, n)
		}
	}
	if len(hits) == 0 {
		return nil, "nothing of that kind has this name"
	}
	if region != "" {
		// The smallest container that has both the words and the control.
		var fits []*axNode
		in := map[*axNode]*axNode{}
		for _, n := range hits {
			for m := n.parent; m != nil; m = m.parent {
				if containers[m.role] && (m.name == squeeze(region) || strings.Contains(squeeze(m.text()), squeeze(region))) {
					in[n] = m
					fits = append(fits, n)
					break
				}
			}
		}
		if len(fits) == 0 {
			return nil, fmt.Sprintf("the name is there %d times, but not in %q", len(hits), region)
		}
		hits = slices.DeleteFunc(slices.Clone(fits), func(n *axNode) bool {
			return slices.ContainsFunc(fits, func(m *axNode) bool { return in[m].within(in[n]) })
		})
	}
	if len(hits) > 1 {
		return nil, fmt.Sprintf("%d controls have this name", len(hits))
	}
	if hits[0].disabled {
		return nil, "it is disabled"
	}
	return hits[0], ""
}

// snapshot reads the accessibility tree in document order.
func (p *Page) snapshot() ([]*axNode, error) {
	var tree []*axNode
	err := p.do(func(ctx context.Context) error {
		full, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			return err
		}
		tree = toTree(full.Nodes)
		return nil
	})
	return tree, err
}

// tree is snapshot for methods that look once.
func (p *Page) tree() []*axNode {
	p.t.Helper()
	tree, err := p.snapshot()
	if err != nil {
		p.t.Fatalf("%s: reading the page: %v", p.name, err)
	}
	return tree
}

func toTree(nodes []*accessibility.Node) []*axNode {
	byID := make(map[accessibility.NodeID]*axNode, len(nodes))
	for _, n := range nodes {
		a := &axNode{
			role: axString(n.Role), name: squeeze(axString(n.Name)), description: squeeze(axString(n.Description)),
			backend: n.BackendDOMNodeID,
		}
		if n.Ignored {
			a.role, a.name = "", ""
		}
		for _, prop := range n.Properties {
			v := axString(prop.Value)
			switch prop.Name {
			case accessibility.PropertyNameFocused:
				a.focused = v == "true"
			case accessibility.PropertyNameDisabled:
				a.disabled = v == "true"
			case accessibility.PropertyNameChecked:
				a.checked = v == "true"
			case accessibility.PropertyNameInvalid:
				a.invalid = v != "" && v != "false"
			}
		}
		byID[n.NodeID] = a
	}
	var roots []*axNode
	for _, n := range nodes {
		a := byID[n.NodeID]
		for _, id := range n.ChildIDs {
			if c := byID[id]; c != nil {
				c.parent = a
				a.children = append(a.children, c)
			}
		}
	}
	for _, n := range nodes {
		if a := byID[n.NodeID]; a.parent == nil {
			roots = append(roots, a)
		}
	}
	var ordered []*axNode
	var walk func(*axNode)
	walk = func(a *axNode) {
		ordered = append(ordered, a)
		for _, c := range a.children {
			walk(c)
		}
	}
	for _, r := range roots {
		walk(r)
	}
	return ordered
}

// axString is the value as text: strings without quotes, others as in JSON.
func axString(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	if json.Unmarshal(v.Value, &s) == nil {
		return s
	}
	return string(v.Value)
}

// spot is a point of the window, or what covers it.
type spot struct {
	X, Y  float64
	Cover string
}

// aim is the middle of the node, after it has come into view and nothing else
// covers it.
func (p *Page) aim(n *axNode) (at spot) {
	p.t.Helper()
	var before spot
	p.until(fmt.Sprintf("%q to be free for a click", n.name), func() string {
		before = at
		err := p.do(func(ctx context.Context) (err error) {
			at, err = call[spot](ctx, n, jsAim)
			return err
		})
		if err != nil {
			return err.Error()
		}
		// A menu follows its button a frame after the page was scrolled.
		if at.Cover == "" && at != before {
			return "it still moves"
		}
		return at.Cover
	})
	return at
}

// press clicks with the mouse.
func (p *Page) press(n *axNode, times int) {
	p.t.Helper()
	at := p.aim(n)
	p.run("clicking "+n.name, func(ctx context.Context) error {
		for i := range times {
			if err := chromedp.Do(ctx, chromedp.MouseClickXY(at.X, at.Y, chromedp.ClickCount(i+1))); err != nil {
				return err
			}
		}
		return nil
	})
	p.settle()
}

// texts is the visible text of the page, or of each region of that name.
func (p *Page) texts(region string) ([]string, error) {
	if region == "" {
		var s string
		err := p.do(func(ctx context.Context) (err error) {
			s, err = chromedp.Run(ctx, chromedp.Evaluate[string](`(`+jsText+`).call(document.body)`))
			return err
		})
		return []string{squeeze(s)}, err
	}
	tree, err := p.snapshot()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, n := range regions(tree, region) {
		err := p.do(func(ctx context.Context) error {
			s, err := call[string](ctx, n, jsText)
			all = append(all, squeeze(s))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Waiting

// settle waits until what the last action started has ended: a document that
// loads, a fragment that is fetched and swapped in, a transition between pages.
// Two quiet looks in a row are needed, because a script may start a request a
// moment after the click. When it never gets quiet, the next See will say so.
func (p *Page) settle() {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for quiet := 0; quiet < 2 && time.Now().Before(deadline); {
		var ready bool
		// The answer of the tab comes after the events that the action caused.
		err := p.do(func(ctx context.Context) (err error) {
			if p.noScript {
				ready, err = chromedp.Run(ctx, chromedp.Evaluate[bool](jsQuiet))
				return err
			}
			// Asked from a timer, so that what the page's own scripts put off
			// to a timer comes first.
			ready, err = chromedp.Run(ctx, chromedp.Evaluate[bool](
				`new Promise(done => setTimeout(() => done(`+jsQuiet+`), 2))`, chromedp.EvalAwaitPromise))
			return err
		})
		p.mu.Lock()
		busy := p.navigating || len(p.fetching) > 0
		p.mu.Unlock()
		if err == nil && ready && !busy {
			quiet++
			continue
		}
		if p.ctx.Err() != nil {
			p.t.Fatalf("%s: the browser is gone: %v", p.name, p.ctx.Err())
		}
		quiet = 0
		time.Sleep(tick)
	}
}

// until looks again and again until problem is empty, and fails the test with
// the last problem when patience ends.
func (p *Page) until(what string, look func() (problem string)) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		problem := look()
		if problem == "" {
			return
		}
		if err := p.ctx.Err(); err != nil {
			p.t.Fatalf("%s: waiting for %s: the browser is gone: %v", p.name, what, err)
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: waited for %s: %s\n%s", p.name, what, problem, p.inventory())
		}
		time.Sleep(tick)
	}
}

// run does one thing in the tab and fails the test on an error.
func (p *Page) run(what string, f func(context.Context) error) {
	p.t.Helper()
	if err := p.do(f); err != nil {
		p.t.Fatalf("%s: %s: %v\n%s", p.name, what, err, p.inventory())
	}
}

func (p *Page) do(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return f(ctx)
}

// call runs a function with the node as this. Functions of the harness run also
// while the page's own scripts are off.
func call[T any](ctx context.Context, n *axNode, function string, args ...any) (T, error) {
	var zero T
	node, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: n.backend})
	if err != nil {
		return zero, err
	}
	return chromedp.Run(ctx, chromedp.CallFunctionOn[T](function, func(params *runtime.CallFunctionOnParams) {
		params.ObjectID = node.Object.ObjectID
	}, args...))
}

func evaluate[T any](p *Page, expression string) T {
	p.t.Helper()
	var v T
	p.run("evaluating "+expression, func(ctx context.Context) (err error) {
		v, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression))
		return err
	})
	return v
}

// Listening

// expectedRefusal is Chromium's own console line about a refused form.
var expectedRefusal = regexp.MustCompile(`^Failed to load resource: the server responded with a status of (422|409) \(`)

func expectedConsoleLine(e *cdplog.Entry) bool {
	return e.Source == cdplog.EntrySourceNetwork && expectedRefusal.MatchString(e.Text)
}

// listen keeps the state of the tab up to date. It runs inside the loop that
// reads the browser's messages, so it only writes things down.
func (p *Page) listen(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *page.EventFrameRequestedNavigation:
		if ev.FrameID == p.mainFrame && ev.Disposition == page.ClientNavigationDispositionCurrentTab {
			p.navigating = true
		}
	case *page.EventFrameStartedNavigating:
		if ev.FrameID == p.mainFrame && !strings.Contains(string(ev.NavigationType), "ameDocument") {
			p.navigating = true
		}
	case *page.EventFrameStartedLoading:
		if ev.FrameID == p.mainFrame {
			p.navigating = true
		}
	case *page.EventFrameStoppedLoading:
		if ev.FrameID == p.mainFrame {
			p.navigating = false
		}
	case *page.EventFrameNavigated:
		if ev.Frame.ParentID == "" {
			p.mainFrame = ev.Frame.ID
			p.navigated++
			clear(p.fetching)
			if ev.Type == page.NavigationTypeBackForwardCacheRestore {
				p.navigating = false
			}
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(ev.Request.URL); err == nil && u.Host != "" {
			p.hosts[u.Host] = true
		}
		if ev.Type == network.ResourceTypeFetch || ev.Type == network.ResourceTypeXHR {
			p.fetching[ev.RequestID] = true
			if ev.Request.Method != http.MethodGet {
				p.sending[ev.RequestID] = true
			}
		}
	case *network.EventResponseReceived:
		switch {
		case ev.Type == network.ResourceTypeDocument && ev.FrameID == p.mainFrame:
			p.status = ev.Response.Status
		case p.sending[ev.RequestID]:
			p.sent = ev.Response.Status
		}
	case *network.EventLoadingFinished:
		delete(p.fetching, ev.RequestID)
		delete(p.sending, ev.RequestID)
	case *network.EventLoadingFailed:
		delete(p.fetching, ev.RequestID)
		delete(p.sending, ev.RequestID)
	case *cdplog.EventEntryAdded:
		if ev.Entry.Level == cdplog.EntryLevelError && !expectedConsoleLine(ev.Entry) {
			p.problems = append(p.problems, ev.Entry.Text+" "+ev.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			text += " " + ev.ExceptionDetails.Exception.Description
		}
		p.problems = append(p.problems, text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			var parts []string
			for _, a := range ev.Args {
				if a.Description != "" {
					parts = append(parts, a.Description)
				} else {
					parts = append(parts, string(a.Value))
				}
			}
			p.problems = append(p.problems, "console."+string(ev.Type)+": "+strings.Join(parts, " "))
		}
	case *page.EventJavascriptDialogOpening:
		if ev.Type != page.DialogTypeBeforeunload {
			p.problems = append(p.problems, string(ev.Type)+" dialog: "+ev.Message)
		}
		select {
		case p.dialogs <- *ev:
		default:
		}
	}
}

// answerDialogs says yes to every dialog of the browser itself, so that the
// question before leaving a half-filled form does not stop the tab.
func (p *Page) answerDialogs() {
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.dialogs:
			_ = p.do(func(ctx context.Context) error {
				_, err := chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
				return err
			})
		}
	}
}

// Evidence

// inventory lists what a person could use on the page, for failures.
func (p *Page) inventory() string {
	var b strings.Builder
	_ = p.do(func(ctx context.Context) error {
		loc, err := chromedp.Run(ctx, chromedp.Location())
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "at %s (status %d), where there is:", loc, p.Status())
		return nil
	})
	tree, err := p.snapshot()
	if err != nil {
		return b.String() + " " + err.Error()
	}
	for _, n := range tree {
		named := n.name != "" && (n.role == "heading" || n.role == "alert" || n.role == "status" || containers[n.role] && n.role != "row" && n.role != "listitem")
		if !named && !clickable(n) && !fillable(n) && !choosable(n) && !selectable(n) {
			continue
		}
		fmt.Fprintf(&b, "\n  %-12s %q", n.role, n.name)
		if n.disabled {
			b.WriteString(" disabled")
		}
		if n.checked {
			b.WriteString(" chosen")
		}
		if n.invalid {
			fmt.Fprintf(&b, " invalid: %s", n.description)
		}
	}
	return b.String()
}

// keepEvidence writes a picture, the HTML and the inventory of the tab to the
// folder failures, which git ignores.
func (p *Page) keepEvidence() {
	path := filepath.Join("failures", fileName(p.t.Name()+"-"+p.name))
	err := p.do(func(ctx context.Context) error {
		if err := writeScreenshot(ctx, path+".png"); err != nil {
			return err
		}
		html, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.outerHTML`))
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+".html", []byte(html), 0o644); err != nil {
			return err
		}
		return os.WriteFile(path+".txt", []byte(p.inventory()+"\n"), 0o644)
	})
	if err != nil {
		p.t.Logf("%s: keeping evidence: %v", p.name, err)
		return
	}
	p.t.Logf("%s: kept %s.png, .html and .txt", p.name, path)
}

func writeScreenshot(ctx context.Context, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	whole := true
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: &whole,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, shot.Data, 0o644)
}

func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '-'
	}, s)
}

// squeeze makes any run of white space one space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// compact leaves repeated neighbours out.
func compact(s []string) []string { return slices.Compact(s) }

// What runs inside the page

// jsText is the text that can be seen in this: text nodes of rendered elements,
// as written in the source (not in the capitals of a style), with a break where
// the surrounding block changes.
const jsText = `function() {
	const block = el => { while (el && getComputedStyle(el).display.startsWith("inline") && el !== this) el = el.parentElement; return el };
	const walker = document.createTreeWalker(this, NodeFilter.SHOW_TEXT);
	let out = "", last = null;
	for (let n; n = walker.nextNode();) {
		const el = n.parentElement;
		if (!el || /^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE|OPTION|TEXTAREA|TITLE|title|desc)$/.test(el.tagName)) continue;
		if (!el.checkVisibility({visibilityProperty: true})) continue;
		const b = block(el);
		if (b !== last) out += "\n";
		last = b;
		out += n.data;
	}
	return out;
}`

// jsQuiet says that the document is whole and that no swap is under way.
const jsQuiet = `document.readyState === "complete" &&
	!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")`

// jsAim brings this into view and gives the point to click, or what covers it.
// A radio button or checkbox that is drawn by its label is clicked on the label.
const jsAim = `function() {
	const aim = (el) => {
		el.scrollIntoView({block: "center", inline: "nearest", behavior: "instant"});
		const r = [...el.getClientRects()].find(r => r.width > 0 && r.height > 0);
		if (!r) return {X: 0, Y: 0, Cover: "it takes no room on the page"};
		const x = r.left + r.width / 2, y = r.top + r.height / 2;
		const hit = document.elementFromPoint(x, y);
		const free = hit && (hit === el || el.contains(hit) || (this.labels && [...this.labels].some(l => l.contains(hit))));
		return {X: x, Y: y, Cover: free ? "" : "it is covered by " + (hit ? hit.outerHTML.slice(0, 200) : "the edge of the window")};
	};
	if (!this.isConnected) return {X: 0, Y: 0, Cover: "it is no longer on the page"};
	const at = aim(this);
	if (at.Cover && this.labels && this.labels.length) return aim(this.labels[0]);
	return at;
}`

// jsFillStart focuses this with its whole text selected, and says whether it is
// one of the fields that take a value instead of typed text.
const jsFillStart = `function() {
	this.scrollIntoView({block: "center", behavior: "instant"});
	this.focus();
	if (/^(date|datetime-local|time|month|week|color|range)$/.test(this.type)) return true;
	if (this.select) this.select();
	return false;
}`

const jsSetValue = `function(value) {
	this.value = value;
	this.dispatchEvent(new Event("input", {bubbles: true}));
	this.dispatchEvent(new Event("change", {bubbles: true}));
	return true;
}`

// jsSelect picks the option, or says why it cannot.
const jsSelect = `function(want) {
	const text = o => o.text.replace(/\s+/g, " ").trim();
	const o = [...this.options].find(o => text(o) === want);
	if (!o) return "its options are: " + [...this.options].map(text).join(" | ");
	if (o.disabled) return "the option is disabled";
	this.focus();
	if (o.selected) return "";
	o.selected = true;
	this.dispatchEvent(new Event("input", {bubbles: true}));
	this.dispatchEvent(new Event("change", {bubbles: true}));
	return "";
}`

// From the top of the page: wherever else it stands, what is held at an edge of
// the window may lie beside any target, and axe takes that for too little room.
const jsAxe = `(scrollTo({top: 0, behavior: "instant"}), axe.run(document, {
	runOnly: %s,
	resultTypes: ["violations"],
}).then(r => r.violations.map(v => ({
	id: v.id, impact: v.impact || "", help: v.help,
	nodes: v.nodes.map(n => ({html: n.html, failureSummary: n.failureSummary || ""})),
}))))`

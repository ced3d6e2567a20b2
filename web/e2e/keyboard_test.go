package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A person without a mouse. In keyboard mode the verbs of Page use nothing but
// keys: Tab to get to a control, Enter or Space to press it, the arrow keys
// inside a group of radio buttons, letters in a field. Every place where the
// focus stops on the way is looked at: a ring must show it, and it must be
// where it can be seen.

// Keyboard makes the person put the mouse away.
func (p *Page) Keyboard() { p.keyboard = true }

// stop is where the focus is.
type stop struct {
	On      bool   // on the control that was asked for
	Group   bool   // on a radio button of its group
	What    string // the element, for messages
	Problem string // why a person could not see the focus there
}

// keyTo moves the focus to the control with Tab alone.
func (p *Page) keyTo(n *axNode) {
	p.t.Helper()
	var passed []string
	for i := range 400 {
		var at stop
		p.run("looking at the focus", func(ctx context.Context) (err error) {
			if i > 0 {
				if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
					return err
				}
			}
			at, err = call[stop](ctx, n, jsStop)
			return err
		})
		if i > 0 {
			p.seen(at)
		}
		if at.On || at.Group {
			return
		}
		passed = append(passed, at.What)
	}
	p.t.Fatalf("%s: at %s the Tab key does not reach %s %q; it passed:\n  %s", p.name, p.URL(), n.role, n.name, strings.Join(compact(passed), "\n  "))
}

// seen reports a focus that nobody can see, once for each element of a page.
func (p *Page) seen(at stop) {
	p.t.Helper()
	if at.Problem == "" {
		return
	}
	key := at.Problem + at.What
	if p.reported == nil {
		p.reported = map[string]bool{}
	}
	if !p.reported[key] {
		p.reported[key] = true
		p.t.Errorf("%s: at %s the focus %s: %s", p.name, p.URL(), at.Problem, at.What)
	}
}

// keyPress presses the control: a link and a button with Enter.
func (p *Page) keyPress(n *axNode, times int) {
	p.t.Helper()
	p.keyTo(n)
	p.run("pressing "+n.name, func(ctx context.Context) error {
		for range times {
			if err := enter(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	p.settle()
}

// enter presses Enter in one piece, as a keyboard does: the press and the
// character that it stands for reach the page together. Sent one by one, the
// character may meet what the press has put the focus on.
func enter(ctx context.Context) error {
	key := input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", UnmodifiedText: "\r",
		WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13,
	}
	if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, key); err != nil {
		return err
	}
	key.Type, key.Text, key.UnmodifiedText = input.DispatchKeyEventTypeKeyUp, "", ""
	_, err := chromedp.Call(ctx, input.DispatchKeyEvent, key)
	return err
}

// keyChoose ticks a checkbox with Space, and finds a radio button with the
// arrow keys from where Tab leads in its group.
func (p *Page) keyChoose(region, label string, want bool) {
	p.t.Helper()
	n := p.control("Choose", region, label, choosable, beginning)
	if n.checked == want {
		return
	}
	p.keyTo(n)
	if n.role != "radio" {
		p.Press("Space")
		return
	}
	for range 60 {
		var at stop
		p.run("looking at the focus", func(ctx context.Context) (err error) {
			at, err = call[stop](ctx, p.control("Choose", region, label, choosable, beginning), jsStop)
			return err
		})
		p.seen(at)
		if at.On {
			if !p.control("Choose", region, label, choosable, beginning).checked {
				p.Press("Space")
			}
			return
		}
		if !at.Group {
			p.t.Fatalf("%s: the arrow keys left the group of %q: %s", p.name, label, at.What)
		}
		p.Press("ArrowDown")
	}
	p.t.Fatalf("%s: the arrow keys do not reach %q", p.name, label)
}

// keyFill types into a field. What a date field shows is typed part by part,
// as its own little fields want it.
func (p *Page) keyFill(n *axNode, value string) {
	p.t.Helper()
	p.keyTo(n)
	p.run("typing into "+n.name, func(ctx context.Context) error {
		kind, err := call[string](ctx, n, `function() { return this.type }`)
		if err != nil {
			return err
		}
		switch kind {
		case "datetime-local", "date":
			at, err := time.Parse("2006-01-02T15:04", value)
			if err != nil {
				if at, err = time.Parse(time.DateOnly, value); err != nil {
					return err
				}
			}
			// The year comes last: only it may or may not go on to the next
			// part by itself, which depends on how many digits it could have.
			if kind == "datetime-local" {
				keys := strings.Repeat(kb.ArrowRight, 3) + at.Format("0304PM")[:5] + strings.Repeat(kb.ArrowLeft, 5)
				if err := chromedp.Do(ctx, chromedp.KeyEvent(keys)); err != nil {
					return err
				}
			}
			return chromedp.Do(ctx, chromedp.KeyEvent(at.Format("01022006")))
		}
		if err := chromedp.Do(ctx, chromedp.KeyEvent("a", chromedp.KeyModifiers(kb.ModifierCtrl))); err != nil {
			return err
		}
		if value == "" {
			return chromedp.Do(ctx, chromedp.KeyEvent(kb.Delete))
		}
		_, err = chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value})
		return err
	})
}

// keySelect goes through the options of a closed list with the arrow keys.
func (p *Page) keySelect(n *axNode, option string) {
	p.t.Helper()
	p.keyTo(n)
	const chosen = `function() { return this.selectedOptions[0].text.replace(/\s+/g, " ").trim() }`
	read := func() (s string) {
		p.run("reading "+n.name, func(ctx context.Context) (err error) {
			s, err = call[string](ctx, n, chosen)
			return err
		})
		return s
	}
	for _, key := range []string{"ArrowDown", "ArrowUp"} {
		for last := ""; read() != last; {
			if last = read(); last == option {
				return
			}
			p.Press(key)
		}
	}
	p.t.Fatalf("%s: the arrow keys do not reach the option %q of %q", p.name, option, n.name)
}

// EverythingByTab goes once around the page with Tab and reports what can be
// used but never gets the focus, and where the focus cannot be seen.
func (p *Page) EverythingByTab(state string) {
	p.t.Helper()
	controls := evaluate[int](p, jsControls)
	var missing []string
	for range controls + 12 {
		var at stop
		p.run("Tab", func(ctx context.Context) (err error) {
			if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
				return err
			}
			at, err = chromedp.Run(ctx, chromedp.Evaluate[stop](`(`+jsStop+`).call(null)`))
			if err != nil {
				return err
			}
			missing, err = chromedp.Run(ctx, chromedp.Evaluate[[]string](jsMissing))
			return err
		})
		p.seen(at)
		if len(missing) == 0 {
			return
		}
	}
	p.t.Errorf("%s: %s at %s: the Tab key never reaches\n  %s", p.name, state, p.URL(), strings.Join(missing, "\n  "))
}

// jsStop says where the focus is, seen from the control this.
const jsStop = `function() {
	const el = document.activeElement;
	const at = {On: false, Group: false, What: "", Problem: ""};
	if (!el || el === document.body || el === document.documentElement) return at;
	at.On = el === this;
	at.Group = !!this && el.type === "radio" && this.type === "radio" && el.name === this.name && el.form === this.form;
	at.What = el.outerHTML.replace(/\s+/g, " ").slice(0, 180);
	const label = el.labels && el.labels.length && (el.type === "radio" || el.type === "checkbox") ? el.labels[0] : null;
	const ring = e => { const s = getComputedStyle(e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 };
	if (!ring(el) && !(label && ring(label))) { at.Problem = "has no ring"; return at }
	const box = e => [...e.getClientRects()].find(r => r.width > 0 && r.height > 0);
	const own = box(el), r = label && box(label) ? box(label) : own;
	if (!r) { at.Problem = "takes no room"; return at }
	const left = Math.max(r.left, 0), right = Math.min(r.right, innerWidth), top = Math.max(r.top, 0), bottom = Math.min(r.bottom, innerHeight);
	const whole = Math.min(r.width, innerWidth) * Math.min(r.height, innerHeight);
	if (right <= left || bottom <= top || (right - left) * (bottom - top) < whole / 2) { at.Problem = "is off the screen"; return at }
	let free = 0, cover = null;
	for (const fx of [.1, .5, .9]) for (const fy of [.1, .5, .9]) {
		const hit = document.elementFromPoint(left + (right - left) * fx, top + (bottom - top) * fy);
		if (hit && (hit.contains(el) || el.contains(hit) || (label && (label.contains(hit) || hit.contains(label))))) free++; else cover = hit;
	}
	if (free < 5) at.Problem = "is covered by " + (cover ? cover.outerHTML.replace(/\s+/g, " ").slice(0, 100) : "something");
	return at;
}`

// jsControls keeps what can be used on the page now, and counts it. The radio
// buttons of a group are one.
const jsControls = `(() => {
	const root = document.querySelector("dialog:modal") || document;
	const groups = new Set();
	window.demarcControls = [...root.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(el => {
		if (el.disabled || el.type === "hidden" || el.tabIndex < 0 || !el.checkVisibility({visibilityProperty: true})) return false;
		if (el.type !== "radio") return true;
		const group = el.name + "/" + (el.form ? el.form.id || el.form.action : "");
		if (groups.has(group)) return false;
		groups.add(group);
		return true;
	});
	return window.demarcControls.length;
})()`

// jsMissing takes what has the focus off that list, and says what is left.
const jsMissing = `(() => {
	const now = document.activeElement;
	window.demarcControls = window.demarcControls.filter(el => el.isConnected && el !== now &&
		!(el.type === "radio" && now.type === "radio" && el.name === now.name && el.form === now.form));
	return window.demarcControls.map(el => el.outerHTML.replace(/\s+/g, " ").slice(0, 160));
})()`

// focusIsOn says whether the element with this ID has the focus.
func (p *Page) focusIsOn(id string) bool {
	p.t.Helper()
	return evaluate[bool](p, fmt.Sprintf(`document.activeElement.id === %q`, id))
}

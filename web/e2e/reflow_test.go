package e2e

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// What is long on a phone is folded there, and stands open where there is room,
// in both cases without a script.
func TestLongTablesAreFoldedOnAPhone(t *testing.T) {
	env, base := loaSite(t)
	first := env.At(t, lifecycle.Enabled)
	second := env.At(t, lifecycle.WaitingForCabling, func(n *store.NewConnection) { n.Redundant = first.ID })
	at, err := env.PortOf(t.Context(), second.ID)
	if err != nil || at == nil {
		t.Fatal(at, err)
	}
	for _, c := range []struct {
		page       *Page
		path       string
		fold, cell string // the words that unfold; a cell of the table
		next       string // the heading that comes after it
	}{
		{signInAsOwner(t, base, false), paths.Interface(second.ID), "Compare what they share", "Access device", "Basic information"},
		{signInAsAdmin(t, base), paths.AdminDevice(at.Device), "Show the ports as a list", "Demarcation", "Delete the device"},
	} {
		p := c.page
		p.Viewport(390, 844)
		p.Goto(c.path)
		if rows := p.shown("details.fold--s tr"); rows != 0 {
			t.Errorf("%s: %d rows are shown on a phone", c.path, rows)
		}
		p.SeeHeading(c.next)
		p.Accessible(c.path + ", folded")
		p.Click(c.fold)
		p.See(c.cell)
		if rows := p.shown("details.fold--s tbody tr"); rows < 8 {
			t.Errorf("%s: %d rows are shown when it is unfolded", c.path, rows)
		}
		p.Accessible(c.path + ", unfolded")
		p.Viewport(1440, 900)
		p.Reload()
		if rows := p.shown("details.fold--s tbody tr"); rows < 8 {
			t.Errorf("%s: %d rows are shown where there is room", c.path, rows)
		}
		if n := p.shown("details.fold--s > summary"); n != 0 {
			t.Errorf("%s: it can be unfolded although it is open", c.path)
		}
	}
}

// shown counts the elements that a reader sees.
func (p *Page) shown(selector string) int {
	p.t.Helper()
	return evaluate[int](p, `[...document.querySelectorAll(`+strconv.Quote(selector)+`)].filter((e) => e.checkVisibility({contentVisibilityAuto: true})).length`)
}

// The pages that people work on all day, at 200 % zoom and at 320 pixels (WCAG
// 2.2, 1.4.4 and 1.4.10), and with letters of twice the size: nothing is
// scrolled sideways, and no bar that stays hides the control that has the focus.
func TestPagesAtTwiceTheSize(t *testing.T) {
	env, base := loaSite(t)
	enabled := env.At(t, lifecycle.Enabled)
	apply := env.At(t, lifecycle.ToApplyForLOA)
	review := env.At(t, lifecycle.InApplication)
	job := env.At(t, lifecycle.WaitingForCabling)
	at, err := env.PortOf(t.Context(), job.ID)
	if err != nil || at == nil {
		t.Fatal(at, err)
	}
	order := paths.With(paths.NewInterface, "region", "cn-hangzhou", "sp", "CT", "ap", env.APID(t, "Hangzhou-Yuhang-A"), "spec", "10G")
	owner, admin := signInAsOwner(t, base, true), signInAsAdmin(t, base)
	for _, c := range []struct {
		page  *Page
		paths []string
	}{
		{owner, []string{paths.Home, paths.Interfaces, paths.Interface(enabled.ID), order, paths.NewLOAApplication(apply.ID), paths.Billing}},
		{admin, []string{paths.Admin, paths.AdminLOA(review.ID), paths.AdminCablingJob(job.ID), paths.AdminDevice(at.Device), paths.AdminCalendar, paths.AdminAudit}},
	} {
		for _, path := range c.paths {
			for _, size := range [][3]int{{720, 450, 100}, {320, 568, 100}, {1440, 900, 200}} {
				state := path + " at " + strconv.Itoa(size[0]) + ", letters at " + strconv.Itoa(size[2]) + " %"
				c.page.Viewport(size[0], size[1])
				c.page.Goto(path)
				c.page.letters(size[2])
				if n := c.page.SidewaysScroll(); n != 0 {
					t.Errorf("%s: %d pixels too wide", state, n)
				}
				if hidden := c.page.hiddenFocus(); len(hidden) > 0 {
					t.Errorf("%s: the focus is hidden on %s", state, strings.Join(hidden, "; "))
				}
			}
		}
	}
}

// letters sets the size of all text, in per cent, as a reader's own style sheet does.
func (p *Page) letters(percent int) {
	p.t.Helper()
	p.run("setting the size of text", func(ctx context.Context) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => {
			const sheet = new CSSStyleSheet();
			sheet.replaceSync("html { font-size: `+strconv.Itoa(percent)+`% !important }");
			document.adoptedStyleSheets = [sheet];
			return true;
		})()`))
		return err
	})
}

// hiddenFocus gives the focus to each control of the page, down and up again, and names those that something covers then.
func (p *Page) hiddenFocus() []string {
	p.t.Helper()
	return evaluate[[]string](p, `(() => {
		const out = new Set();
		const all = [...document.querySelectorAll("main :is(a[href], button, input:not([type=hidden]), select, textarea, summary)")].filter((e) => e.checkVisibility() && !e.disabled);
		for (const list of [all, [...all].reverse()]) for (const e of list) {
			e.focus();
			const r = (e.closest("label") || e).getBoundingClientRect();
			const covered = [r.top + 3, r.bottom - 3].filter((y) => {
				const bar = y >= 0 && y <= innerHeight && document.elementFromPoint(Math.min(Math.max(r.left + 8, 1), innerWidth - 2), y);
				return !bar || bar.closest(".topbar, .buybar") && !bar.closest(".topbar, .buybar").contains(e);
			});
			if (covered.length === 2) out.add(e.tagName + " " + (e.name || e.textContent.trim().slice(0, 30)));
		}
		return [...out];
	})()`)
}

package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Actions and menus stand in every row of a list, some with ten links: they are
// written straight away, at a third of what templates cost.

// RowActions is the content of the Actions column: at most two links, the rest under More.
func RowActions(a Actions) templ.Component { return a }

// Render implements templ.Component.
func (a Actions) Render(ctx context.Context, w io.Writer) error {
	if err := write(w, `<div class="acts">`); err != nil {
		return err
	}
	of := escape(a.For)
	for _, l := range a.Links {
		class := ""
		if l.Lead {
			class = "lead"
		}
		if err := writeLink(w, l.Href, class, l.Dialog, false); err != nil {
			return err
		}
		if err := write(w, escape(l.Label), `<span class="vh"> for `, of, `</span></a> `); err != nil {
			return err
		}
	}
	if len(a.More) > 0 {
		if err := write(w, `<button type="button" popovertarget="`, escape(a.MenuID), `" aria-label="More actions for `, of, `">More`); err != nil {
			return err
		}
		if err := Icon("down", "icon--s").Render(ctx, w); err != nil {
			return err
		}
		if err := write(w, `</button>`); err != nil {
			return err
		}
		if err := MenuPanel(a.MenuID, a.More).Render(ctx, w); err != nil {
			return err
		}
	}
	return write(w, `</div>`)
}

type menuPanel struct {
	id    string
	items []MenuItem
}

// MenuPanel is the list that a button with popovertarget={ id } opens. It must follow the button in the page.
func MenuPanel(id string, items []MenuItem) templ.Component { return menuPanel{id, items} }

// Render implements templ.Component.
func (p menuPanel) Render(ctx context.Context, w io.Writer) error {
	if err := write(w, `<div class="menu" id="`, escape(p.id), `" popover>`); err != nil {
		return err
	}
	for i := range p.items {
		if err := p.items[i].write(ctx, w); err != nil {
			return err
		}
	}
	return write(w, `</div>`)
}

func (m *MenuItem) write(ctx context.Context, w io.Writer) error {
	switch {
	case m.Divider:
		return write(w, `<hr>`)
	case m.Reason != "":
		return write(w, `<span class="menu__off" aria-disabled="true">`, escape(m.Label), ` <span class="sub">`, escape(m.Reason), `</span></span>`)
	case m.Post != "":
		return menuForm(*m).Render(ctx, w)
	}
	if err := writeLink(w, m.Href, m.class(), m.Dialog, m.Current); err != nil {
		return err
	}
	if m.Current {
		if err := menuInside(*m).Render(ctx, w); err != nil {
			return err
		}
	} else if err := write(w, escape(m.Label)); err != nil {
		return err
	}
	return write(w, `</a>`)
}

// writeLink begins a link; with dialog it opens over the page when the script runs, as layerAttrs say it in templates.
func writeLink(w io.Writer, href, class string, dialog, current bool) error {
	href = escape(string(templ.URL(href)))
	if err := write(w, `<a href="`, href, `"`); err != nil {
		return err
	}
	if class != "" {
		if err := write(w, ` class="`, class, `"`); err != nil {
			return err
		}
	}
	if current {
		if err := write(w, ` aria-current="true"`); err != nil {
			return err
		}
	}
	if dialog {
		if err := write(w, ` hx-get="`, href, `" hx-target="#layer" hx-swap="innerHTML"`); err != nil {
			return err
		}
	}
	return write(w, `>`)
}

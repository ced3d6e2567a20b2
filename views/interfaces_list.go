package views

import (
	"context"
	"io"
	"slices"

	"github.com/a-h/templ"

	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// InterfaceList is the page Physical Connection Interfaces. Every link carries
// the filters that stay in force.
type InterfaceList struct {
	Rows    []Interface
	Columns ListColumns
	Choice  []ui.Control // a box for each column that can be left out
	Caption string       // "Interfaces in all regions, newest first"
	Count   string       // "24 interfaces", said aloud when the list changes
	Views   []ui.ViewTab
	Filter  ui.Control // select: the property that Query is looked for in
	Query   ui.Control // search field
	// ByStatus is a select, and so is Sort, for phones: they show no heads.
	ByStatus, Sort ui.Control
	Kept           []ui.Hidden
	Tokens         []ui.Token
	// Clear is the list without filters, Here the same list again.
	Clear, Here string
	CSV         string
	// Name, Status and Created are the heads that sort.
	Name, Status, Created ui.Column
	Pages                 ui.Pages
	Note                  ui.Notice // without a DismissKey it was put away
	// Nothing says that the account has no interface at all, Failed that the
	// list could not be read.
	Nothing, Failed bool
}

// ListColumns are the columns of the list that a person chose; Port is one of the
// staff's list.
type ListColumns struct{ SP, Region, Redundant, Port, Fee, Created bool }

func (l InterfaceList) columns() []ui.Column {
	site := ui.Column{Label: "Access Point"}
	if l.Columns.SP {
		site.Label = "Access Point / SP"
	}
	out := []ui.Column{l.Name, l.Status, site}
	if l.Columns.Region {
		out = append(out, ui.Column{Label: "Region"})
	}
	out = append(out, ui.Column{Label: "Port"})
	if l.Columns.Redundant {
		out = append(out, ui.Column{Label: "Redundant Connection ID"})
	}
	if l.Columns.Fee {
		out = append(out, ui.Column{Label: "Fee"})
	}
	if l.Columns.Created {
		out = append(out, l.Created)
	}
	return append(out, ui.Column{Label: "Actions", Class: "col-acts"})
}

// rowActions puts the Actions column of an interface into a, whose room it uses
// again: rows are written one after the other.
func rowActions(a *ui.Actions, i *Interface) *ui.Actions {
	a.For, a.MenuID = i.ID, "m-"+i.ID
	a.Links, a.More = i.customerActions(a.Links[:0], a.More[:0])
	if len(a.Links) == 2 && a.Links[1].Lead && (i.Stage == lifecycle.WaitingForPayment || i.Problem != "") {
		// One thing is to be done now; the letter was used, or is at the installer's.
		a.More = slices.Insert(a.More, 1, ui.MenuItem{Label: a.Links[0].Label, Href: a.Links[0].Href})
		a.Links = append(a.Links[:0], a.Links[1])
	}
	if len(a.Links) == 0 {
		// Nothing to do: what is left is to look at it.
		page := paths.Interface(i.ID)
		a.Links = append(a.Links, ui.Action{Label: "View", Href: page})
		a.More = slices.DeleteFunc(a.More, func(m ui.MenuItem) bool { return m.Href == page })
	}
	return a
}

// state draws the state of an interface.
type state Interface

// interfaceStatus is the mark and the words of a state with its second line.
func interfaceStatus(i *Interface) templ.Component { return (*state)(i) }

// Render implements templ.Component.
func (s *state) Render(ctx context.Context, w io.Writer) error {
	i := (*Interface)(s)
	look := i.Look()
	if err := ui.Status(look.Label, look.Tone, look.Shape, false).Render(ctx, w); err != nil {
		return err
	}
	return ui.Sub(i.Line()).Render(ctx, w)
}

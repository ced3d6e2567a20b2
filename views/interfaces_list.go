package views

import (
	"slices"

	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// InterfaceList is the page Physical Connection Interfaces. Every link carries
// the filters that stay in force.
type InterfaceList struct {
	Rows    []Interface
	Caption string // "Interfaces in all regions, newest first"
	Count   string // "24 interfaces", said aloud when the list changes
	Views   []ui.ViewTab
	Filter  ui.Control // select: the property that Query is looked for in
	Query   ui.Control // search field
	Status  ui.Control // select
	Kept    []ui.Hidden
	Tokens  []ui.Token
	// Clear is the list without filters, Here the same list again.
	Clear, Here string
	CSV         string
	Name        ui.Column // the heads that sort
	Created     ui.Column
	Pages       ui.Pages
	Note        ui.Notice // without a DismissKey it was put away
	// Nothing says that the account has no interface at all, Failed that the
	// list could not be read.
	Nothing, Failed bool
}

func (l InterfaceList) columns() []ui.Column {
	return []ui.Column{l.Name, {Label: "Status"}, {Label: "Access Point / SP"}, {Label: "Port"}, {Label: "Redundant Connection ID"}, l.Created, {Label: "Actions", Class: "col-acts"}}
}

// rowActions is the Actions column of an interface.
func rowActions(i Interface) ui.Actions {
	links, more := i.CustomerActions()
	if len(links) == 0 {
		// Nothing to do: what is left is to look at it.
		page := paths.Interface(i.ID)
		links = []ui.Action{{Label: "View", Href: page}}
		more = slices.DeleteFunc(more, func(m ui.MenuItem) bool { return m.Href == page })
	}
	return ui.Actions{For: i.ID, MenuID: "m-" + i.ID, Links: links, More: more}
}

// ended reports whether the procedure is over: no step to draw.
func ended(s lifecycle.Stage) bool { return s.Ended() }

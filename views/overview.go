package views

import "demarc/views/ui"

// Overview is the customer's first page.
type Overview struct {
	Needs      []Interface // the first of those that wait for the customer
	NeedsCount int
	With       string // "4 interfaces are with Example Cloud.", shown when nothing needs the customer
	Glance     []ui.Pair
	Steps      []string
	All        string // the list of what needs the customer
	Here       string
	Nothing    bool // no interface at all
	// NeedsFailed and GlanceFailed say that a card could not be read.
	NeedsFailed, GlanceFailed bool
}

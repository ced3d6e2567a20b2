package views

import "demarc/views/ui"

// Overview is the customer's first page.
type Overview struct {
	NeedsTitle string      // "Needs your action"
	Needs      []Interface // the first of those that wait for the reader, or for colleagues of a reader who takes no step
	NeedsCount int
	Elsewhere  string // " 4 interfaces are with Example Cloud.", shown when there are none
	Glance     []ui.Pair
	Steps      []string
	All        string // the list of what Needs begins
	Here       string
	Nothing    bool // no interface at all
	// NeedsFailed and GlanceFailed say that a card could not be read.
	NeedsFailed, GlanceFailed bool
}

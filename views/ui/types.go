package ui

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Kinds of button. A view has one primary (or buy) button.
const (
	KindPlain   = ""
	KindPrimary = "primary"
	KindBuy     = "buy" // spends money
	KindDanger  = "danger"
	KindGhost   = "ghost"
)

// Button describes Btn (does something) and LinkBtn (goes somewhere).
type Button struct {
	Label    string
	Icon     string // before the label
	IconEnd  string // after the label
	Kind     string // a Kind constant
	Large    bool
	IconOnly bool   // Label becomes the aria-label
	Href     string // LinkBtn only
	Dialog   bool   // LinkBtn only: opens in #layer when the script runs, as a page otherwise
	ID       string
	Type     string // Btn only: "submit" when empty
	Name     string // Btn only, with Value
	Value    string
	Form     string // Btn only: the id of a form elsewhere on the page
	// Reason makes the button unavailable and says why, beside it. A control that is not possible now stays where a
	// person would look for it.
	Reason string
	Attrs  templ.Attributes // constants or paths only: attribute names are written as they are
}

func (b Button) class() string {
	c := "btn"
	switch b.Kind {
	case KindPrimary:
		c = "btn btn--primary"
	case KindBuy:
		c = "btn btn--buy"
	case KindDanger:
		c = "btn btn--danger"
	case KindGhost:
		c = "btn btn--ghost"
	}
	if b.Large {
		c += " btn--l"
	}
	if b.IconOnly {
		c += " btn--icon"
	}
	return c
}

func (b Button) reasonID() string {
	if b.ID != "" {
		return b.ID + "-why"
	}
	return "why-" + slug(b.Label)
}

func (b Button) buttonType() string {
	if b.Type == "" {
		return "submit"
	}
	return b.Type
}

// Control describes one field of a form. ID falls back to Name.
type Control struct {
	ID       string
	Name     string
	Label    string
	Group    string // whose field it is, where labels repeat: "Field engineer 2". The error summary says it before the label
	Hint     string
	Error    string // the sentence of the error summary
	Value    string
	Optional bool // says "Optional"; a required field says nothing

	Type         string // Input: "text" when empty
	Autocomplete string // "off" when empty
	InputMode    string
	Placeholder  string
	Suffix       string // unit after the field: "Mbps"
	MaxLength    int    // as the rule says; the field allows a fifth more, so that the server can tell
	Rows         int    // Textarea: 4 when zero
	Short        bool   // a narrow field: numbers, codes
	HideLabel    bool   // the label is for assistive technology only
	ReadOnly     bool
	Disabled     bool
	Autofocus    bool
	Checked      bool // Checkbox

	Options []Option // Select and Choices
	Columns string   // Choices: "", "wide" or "chip"

	Attrs templ.Attributes // constants or paths only
}

// Option is one choice of Select or Choices.
type Option struct {
	Value string
	Label string
	Tag   string // a word after the label, Choices only: "Recommended"
	Sub   string // second line, Choices only; a line feed begins a new line
	// ID replaces the numbered id, Choices only. A form that is morphed in place needs ids that belong to the value: a
	// card that another option takes over would keep its mark.
	ID       string
	Group    string // heading; options of one group stand together
	Mono     bool   // the label is an identifier
	Disabled bool   // stays visible; Sub says why
}

func (c Control) id() string {
	if c.ID != "" {
		return c.ID
	}
	return c.Name
}

func (c Control) errID() string  { return c.id() + "-err" }
func (c Control) hintID() string { return c.id() + "-h" }
func (c Control) optID() string  { return c.id() + "-o" }

// marked reports whether the word Optional stands beside the label.
func (c Control) marked() bool { return c.Optional && !c.HideLabel }

// describedBy is the error first, then that it is optional, then the hint.
func (c Control) describedBy() string {
	var ids []string
	if c.Error != "" {
		ids = append(ids, c.errID())
	}
	if c.marked() {
		ids = append(ids, c.optID())
	}
	if c.Hint != "" {
		ids = append(ids, c.hintID())
	}
	return strings.Join(ids, " ")
}

func (c Control) attrs() templ.Attributes {
	a := templ.Attributes{}
	if d := c.describedBy(); d != "" {
		a["aria-describedby"] = d
	}
	if c.Error != "" {
		a["aria-invalid"] = "true"
	}
	if c.MaxLength > 0 {
		a["maxlength"] = strconv.Itoa(c.MaxLength + (c.MaxLength+4)/5)
	}
	if c.InputMode != "" {
		a["inputmode"] = c.InputMode
	}
	if c.Placeholder != "" {
		a["placeholder"] = c.Placeholder
	}
	a["readonly"], a["disabled"], a["autofocus"] = c.ReadOnly, c.Disabled, c.Autofocus
	maps.Copy(a, c.Attrs)
	return a
}

func (c Control) inputType() string {
	if c.Type == "" {
		return "text"
	}
	return c.Type
}

func (c Control) autocomplete() string {
	if c.Autocomplete == "" {
		return "off"
	}
	return c.Autocomplete
}

func (c Control) rows() string {
	if c.Rows == 0 {
		return "4"
	}
	return strconv.Itoa(c.Rows)
}

func (c Control) inputClass() string {
	if c.Short {
		return "input input--short"
	}
	return "input"
}

func (c Control) labelClass() string {
	if c.HideLabel {
		return "vh"
	}
	return "field__label"
}

func (c Control) choicesClass() string {
	switch c.Columns {
	case "wide":
		return "choices choices--wide"
	case "chip":
		return "choices choices--chip"
	}
	return "choices"
}

// optionGroup is a run of options under one heading.
type optionGroup struct {
	title   string
	options []numberedOption
}

type numberedOption struct {
	Option
	id string
}

// FirstOption is the id of the first option that can be selected, where a link in the error summary lands; the id of
// the control itself when there is none.
func (c Control) FirstOption() string {
	for _, g := range c.groups() {
		for _, o := range g.options {
			if !o.Disabled {
				return o.id
			}
		}
	}
	return c.id()
}

// groups keeps the order in which groups first appear. The first selectable option carries the field's own id, so
// that a link in the error summary lands on it.
func (c Control) groups() []optionGroup {
	var out []optionGroup
	at := map[string]int{}
	first := true
	for i, o := range c.Options {
		k, ok := at[o.Group]
		if !ok {
			k = len(out)
			at[o.Group] = k
			out = append(out, optionGroup{title: o.Group})
		}
		id := c.id() + "-" + strconv.Itoa(i+1)
		if first && !o.Disabled {
			id, first = c.id(), false
		}
		if o.ID != "" {
			id = o.ID
		}
		out[k].options = append(out[k].options, numberedOption{o, id})
	}
	return out
}

// FieldError is one line of the error summary: the field to go to and what to do.
type FieldError struct{ ID, Text string }

// ErrorList turns a form's messages into summary lines in the order of the page. A field not named in order comes
// last, alphabetically, so that no message is ever lost.
func ErrorList(errors map[string]string, order ...string) []FieldError {
	out := make([]FieldError, 0, len(errors))
	seen := make(map[string]bool, len(order))
	for _, id := range order {
		if text := errors[id]; text != "" && !seen[id] {
			out = append(out, FieldError{id, text})
		}
		seen[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(errors)) {
		if !seen[id] && errors[id] != "" {
			out = append(out, FieldError{id, errors[id]})
		}
	}
	return out
}

// Notice describes a message that stands in the page.
type Notice struct {
	Tone  string
	Title string
	// Alert is for a message that appears after an action; it is read at once.
	Alert bool
	// DismissAction is where the reader's wish not to see it again is posted, with dismiss=DismissKey and next=Next.
	// Empty: the message stays.
	DismissAction, DismissKey, Next string
}

// States of a step.
const (
	StepTodo = ""
	StepDone = "done"
	StepNow  = "now"
	StepBad  = "bad"
)

// Step is one of the construction procedure. Meta is the date, the due date or the reason of a failure.
type Step struct{ Name, Meta, State string }

func (s Step) class() string {
	switch s.State {
	case StepDone:
		return "step is-done"
	case StepNow:
		return "step is-now"
	case StepBad:
		return "step is-bad"
	}
	return "step"
}

func (s Step) words() string {
	switch s.State {
	case StepDone:
		return ": completed"
	case StepNow:
		return ": current step"
	case StepBad:
		return ": failed"
	}
	return ": not started"
}

// Pair is one line of a key-value list. Without Value and Content it says "Not set".
type Pair struct {
	Term    string
	Value   string
	Mono    bool
	Href    string
	Content templ.Component // instead of Value
}

// Event is one entry of a timeline, newest first. When and Actor are ready words: "20 Nov, 15:12", "Lin Wei".
type Event struct {
	Text, Detail, Tone, When, Actor string
	At                              time.Time
}

// PageLink is one number of the pager; Gap draws "…".
type PageLink struct {
	Label   string
	Href    string
	Current bool
	Gap     bool
}

// Pages describes the pager. Empty links are left out.
type Pages struct {
	Summary string // "1–20 of 24"
	First   string // by key: back to the first page
	Prev    string
	Next    string
	Numbers []PageLink
	Sizes   []PageLink // items per page
}

// ViewTab is a saved query above a list. CountText ("1,000+") wins over Count; a negative Count shows none.
type ViewTab struct {
	Label, Href string
	Count       int
	CountText   string
	Current     bool
}

func (v ViewTab) count() string {
	if v.CountText != "" {
		return v.CountText
	}
	if v.Count < 0 {
		return ""
	}
	return strconv.Itoa(v.Count)
}

// MenuItem is one line of a menu. Href goes there; Post sends a form there with Fields; Dialog opens the link over
// the page; Reason shows the item as not available and says why; Divider draws a line and nothing else.
type MenuItem struct {
	Label   string
	Href    string
	Post    string
	Fields  []Hidden
	Dialog  bool
	Danger  bool
	Current bool
	Reason  string
	Divider bool
}

func (m MenuItem) class() string {
	if m.Danger {
		return "danger"
	}
	return ""
}

// Hidden is a hidden field of a form.
type Hidden struct{ Name, Value string }

// Action is a link in the Actions column. Lead marks the most useful one.
type Action struct {
	Label, Href string
	Lead        bool
	Dialog      bool
}

// Actions of one row: at most two links, the rest under More. For is the identifier that the hidden words name;
// MenuID must be unique on the page.
type Actions struct {
	For    string
	MenuID string
	Links  []Action
	More   []MenuItem
}

// Check is one line of a review. Tone OK, warn, bad or info.
type Check struct{ Tone, Text, Sub string }

func (c Check) words() string {
	switch c.Tone {
	case ToneOK:
		return "Passed: "
	case ToneWarn:
		return "Look at: "
	case ToneBad:
		return "Failed: "
	}
	return ""
}

func (c Check) icon() string {
	switch c.Tone {
	case ToneOK:
		return "check"
	case ToneBad:
		return "close"
	case ToneWarn:
		return "warn"
	}
	return "info"
}

// Token is a filter in force; Href is the list without it.
type Token struct{ Text, Href string }

// Column is a column head. Sort is "", "ascending" or "descending" when Href sorts by it.
type Column struct {
	Label, Class, Href, Sort string
	Hidden                   bool // words for assistive technology only
	// Second is another order in the same head: of what stands below in its cells.
	Second *Column
}

// sorted is what the head says of the order, whichever of the two it is.
func (c Column) sorted() string {
	if c.Sort == "" && c.Second != nil {
		return c.Second.Sort
	}
	return c.Sort
}

// TableFrame describes the frame around table rows.
type TableFrame struct {
	ID      string // of the caption; unique on the page
	Caption string // "Interfaces in all regions, newest first"
	Class   string // "table--list" for the wide list
	Columns []Column
	Plain   bool // rows stay rows on a phone; otherwise cells need data-label and become cards
}

func (t TableFrame) class() string {
	c := "table"
	if !t.Plain {
		c += " table--cards"
	}
	if t.Class != "" {
		c += " " + t.Class
	}
	return c
}

// Head describes the head of a page; its children are the buttons at the end.
type Head struct {
	Title           string
	Status          templ.Component
	Sub             templ.Component
	DocText, DocRef string // the link to the page that explains the concept
}

// NextStep says whose turn it is; its children are the actions.
type NextStep struct {
	Tone, Icon, Title, Text         string
	DueLabel, DueDay, DueTime, Foot string
}

// Frame is a dialog, or, without the script, the page in its place.
type Frame struct {
	ID        string // of the heading
	Title     string
	CloseHref string // where Cancel and the cross go without the script
	Drawer    bool   // at the right edge, 560 wide
	Wide      bool   // dialog 640 instead of 480
	Page      bool   // write a card in the page instead of a <dialog>
}

func (f Frame) class() string {
	switch {
	case f.Drawer:
		return "dialog dialog--drawer"
	case f.Wide:
		return "dialog dialog--wide"
	}
	return "dialog"
}

func (f Frame) headID() string {
	if f.ID == "" {
		return "dialog-h"
	}
	return f.ID
}

// slug makes an id part from words.
func slug(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
}

// layerAttrs open a link over the page. href comes from web/paths.
func layerAttrs(href string) templ.Attributes {
	return templ.Attributes{"hx-get": href, "hx-target": "#layer", "hx-swap": "innerHTML"}
}

func dialogAttrs(on bool, href string) templ.Attributes {
	if !on {
		return nil
	}
	return layerAttrs(href)
}

// percent is for bars: 0 … 100.
func percent(used, total int) int {
	if total <= 0 {
		return 0
	}
	return min(max(used*100/total, 0), 100)
}

func lines(s string) []string { return strings.Split(s, "\n") }

package views

import (
	"strconv"
	"strings"
	"time"

	"demarc/store/note"
	"demarc/views/ui"
)

// StaffNote is what one person of the staff wrote about an interface.
type StaffNote struct {
	N           int
	At          time.Time
	Who         string // with their part: "Lin Wei, reviewer"
	Body        string // "" when it was taken back and the reader may not read it any more
	TakenBackAt time.Time
	Mine        bool // the reader may take it back
}

// StaffNotes are the notes about an interface, the newest first, with the form
// that adds one.
type StaffNotes struct {
	InterfaceID string
	Notes       []StaffNote
	Zone        *time.Location
	Older       string // address of the page with the older ones; "" when there are none
	Newest      string // address of the page with the newest ones; "" when it is this one
	MayWrite    bool

	Body     string
	Key      string
	Conflict string
	Errors   map[string]string
}

func (s StaffNotes) summary() []ui.FieldError { return ui.ErrorList(s.Errors, "note") }

func (s StaffNotes) control() ui.Control {
	return ui.Control{Name: "note", Label: "Add a note", Value: s.Body, Error: s.Errors["note"], Rows: 3, MaxLength: note.TextMost,
		Hint: "For colleagues only: the customer reads it nowhere. No passwords and no ID numbers."}
}

// takeBack is what the form that takes back a note carries: a key of its own, so
// that it is done once and neither stands in the way of another.
func (s StaffNotes) takeBack(n StaffNote) []ui.Hidden {
	return []ui.Hidden{{Name: "key", Value: "back-" + strconv.Itoa(n.N) + "-" + s.Key}}
}

// NoteLine is what is said of the notes about an interface where it is decided
// about: how many stand, and the newest.
type NoteLine struct {
	Count  int
	Newest StaffNote
	Zone   *time.Location
	Href   string
}

// noteLineMost is how much room the newest note has in a line, in cells.
const noteLineMost = 140

func (l NoteLine) newest() string {
	return l.Newest.Who + ", " + ui.FormatDay(l.Newest.At, l.Zone) + ": " + fit(strings.Join(strings.Fields(l.Newest.Body), " "), noteLineMost)
}

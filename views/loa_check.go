package views

import (
	"time"

	"demarc/store/letter"
	"demarc/views/ui"
)

// LOACheck is the public page on which anybody checks a letter: a form for the
// code and, when one was given, the answer.
type LOACheck struct {
	Typed   string // as it was typed
	Asked   bool   // a code was given
	Checked *CheckedLetter
	File    *ComparedFile
	Errors  map[string]string
	// Refusal is why the code was not looked at; "" when it was.
	Refusal string
	NOC     string // phone and e-mail of whom to ask when in doubt
}

func (l LOACheck) summary() []ui.FieldError { return ui.ErrorList(l.Errors, "code", "pdf") }

// CheckedLetter is what anybody may know of a letter. It has no people.
type CheckedLetter struct {
	Letter  letter.Snapshot
	Status  letter.Status
	Now     time.Time
	EndedAt time.Time
	Reason  string // why it ended
	Pages   int    // 0 not known
	SHA256  string
	Compare string // target of the form that compares a file
}

func (c CheckedLetter) tone() string { return StatusTone(c.Status) }

// StatusTone is the colour of a letter's status.
func StatusTone(s letter.Status) string {
	switch s {
	case letter.Valid:
		return ui.ToneOK
	case letter.NotYetValid:
		return ui.ToneWarn
	case letter.Used:
		return ui.ToneIdle
	}
	return ui.ToneBad
}

// StatusShape goes with StatusTone.
func StatusShape(s letter.Status) string {
	switch s {
	case letter.Valid:
		return ui.ShapeDot
	case letter.NotYetValid:
		return ui.ShapeRing
	}
	return ui.ShapeDash
}

func (c CheckedLetter) asOf() string { return "As of " + c.Letter.FormatTime(c.Now) }

// Sentence is what the status means for whoever stands at the door.
func (c CheckedLetter) Sentence() string {
	return LetterSentence(c.Letter, c.Status, c.EndedAt, c.Reason) + c.order()
}

func (c CheckedLetter) order() string {
	if c.Status.Admits() {
		return ""
	}
	return " Admit nobody with it."
}

// LetterSentence says what a letter of this status is good for, since when and
// why.
func LetterSentence(s letter.Snapshot, status letter.Status, ended time.Time, reason string) string {
	because := "."
	if reason != "" {
		because = ". Reason: " + fullStop(reason)
	}
	switch status {
	case letter.Valid:
		return "This letter is good until " + s.FormatTime(s.ExpiresAt) + ", for one installation."
	case letter.NotYetValid:
		return "This letter becomes valid on " + s.FormatTime(s.Start()) + "."
	case letter.Used:
		return "This letter was used on " + s.FormatTime(ended) + ". It covered the initial installation only."
	case letter.Superseded:
		return "A later version replaced this letter on " + s.FormatTime(ended) + because
	case letter.Expired:
		return "This letter was good until " + s.FormatTime(s.ExpiresAt) + "."
	case letter.Revoked:
		return "This letter was revoked on " + s.FormatTime(ended) + because
	}
	return ""
}

func (c CheckedLetter) place() []ui.Pair {
	s := c.Letter
	out := make([]ui.Pair, 0, 8)
	for _, f := range s.Demarcation() {
		out = append(out, ui.Pair{Term: f.Label, Value: f.Value})
	}
	return append(out, ui.Pair{Term: "Address", Value: s.Address}, ui.Pair{Term: "Device and port", Value: s.Device + ", " + s.Port, Mono: true})
}

func (c CheckedLetter) parties() []ui.Pair {
	s := c.Letter
	out := []ui.Pair{{Term: "Issuer", Value: s.Issuer.LegalName}, {Term: "Company Name", Value: s.CompanyName}, {Term: "SP", Value: s.SP}, {Term: "Construction Company", Value: s.ConstructionCompany}}
	if s.Schema > 1 {
		out = append(out, ui.Pair{Term: "Sub-delegation", Value: s.SubDelegation()})
	}
	return append(out, ui.Pair{Term: "Interface ID", Value: s.InterfaceID, Mono: true})
}

func (c CheckedLetter) dates() []ui.Pair {
	s := c.Letter
	return []ui.Pair{{Term: "Issued", Value: s.FormatTime(s.IssuedAt)}, {Term: "Valid from", Value: s.FormatTime(s.Start())}, {Term: "Expires", Value: s.FormatTime(s.ExpiresAt)},
		{Term: "Scheduled Construction Time", Value: s.FormatTime(s.ScheduledAt)}}
}

func (c CheckedLetter) document() []ui.Pair {
	out := []ui.Pair{{Term: "LOA number", Value: c.Letter.Title(), Mono: true}}
	if c.Pages > 0 {
		out = append(out, ui.Pair{Term: "Number of pages", Value: counted(c.Pages, "page")})
	}
	return append(out, ui.Pair{Term: "SHA-256", Value: c.SHA256, Mono: true})
}

// ComparedFile is what became of the file that was chosen.
type ComparedFile struct {
	Same  bool
	Title string
	Text  string
}

func (f ComparedFile) tone() string {
	if f.Same {
		return ui.ToneOK
	}
	return ui.ToneBad
}

// Package ui holds the leaf components of the pages: buttons, fields, status marks, tables, dialogs. Each takes plain
// values and writes markup; none knows a rule of the business, a request or the store.
//
// Everything a caller passes as text is escaped. Tones are the Tone constants; an unknown tone falls back to idle.
package ui

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// Tones: what a colour says. A tone never stands alone; shape and words say the same.
const (
	ToneOK     = "ok"     // done, passed
	ToneInfo   = "info"   // under way, nothing to do for the reader
	ToneWarn   = "warn"   // look at this
	ToneBad    = "bad"    // failed, refused, late
	ToneAction = "action" // the reader's turn
	ToneIdle   = "idle"   // over, or not begun
)

// Shapes of a status mark.
const (
	ShapeDot  = ""
	ShapeRing = "ring"
	ShapeHalf = "half"
	ShapeDash = "dash"
)

// toneClass gives a ready class string; building it for each row would allocate.
func toneClass(tone string) string {
	switch tone {
	case ToneOK:
		return "tone-ok"
	case ToneInfo:
		return "tone-info"
	case ToneWarn:
		return "tone-warn"
	case ToneBad:
		return "tone-bad"
	case ToneAction:
		return "tone-action"
	default:
		return "tone-idle"
	}
}

// toneIcon is the drawing that goes with a message of this tone.
func toneIcon(tone string) string {
	switch tone {
	case ToneOK:
		return "done"
	case ToneWarn, ToneBad, ToneAction:
		return "warn"
	default:
		return "info"
	}
}

// write sends the parts as they are: callers escape what came from people.
func write(w io.Writer, parts ...string) error {
	for _, p := range parts {
		if p == "" {
			continue
		}
		if _, err := io.WriteString(w, p); err != nil {
			return err
		}
	}
	return nil
}

// special are the bytes that templ.EscapeString replaces.
var special = [256]bool{'&': true, '\'': true, '<': true, '>': true, '"': true}

// escape is templ.EscapeString for text that mostly needs none.
func escape(s string) string {
	for i := range len(s) {
		if special[s[i]] {
			return templ.EscapeString(s)
		}
	}
	return s
}

// Text writes escaped text and nothing else. In table rows it costs half of a `{ expression }`.
type Text string

// Render implements templ.Component.
func (t Text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, escape(string(t)))
	return err
}

// Int writes a whole number in decimal digits.
type Int int

// Render implements templ.Component.
func (n Int) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, strconv.Itoa(int(n)))
	return err
}

// Sub writes the second, quieter line of a table cell; nothing when empty.
type Sub string

// Render implements templ.Component.
func (s Sub) Render(_ context.Context, w io.Writer) error {
	if s == "" {
		return nil
	}
	return write(w, `<span class="sub">`, escape(string(s)), `</span>`)
}

// Clip writes one line that ends in an ellipsis when it does not fit; the whole text is in the title, but for a text so short that it fits
// wherever an ID does.
type Clip string

// clipFits is the length of an ID in bytes: wide characters have three each, and the width of two.
const clipFits = len("pc-") + 17

// Render implements templ.Component.
func (c Clip) Render(_ context.Context, w io.Writer) error {
	if c == "" {
		return nil
	}
	t := escape(string(c))
	if len(c) <= clipFits {
		return write(w, `<span class="sub clip">`, t, `</span>`)
	}
	return write(w, `<span class="sub clip" title="`, t, `">`, t, `</span>`)
}

// ID writes an identifier in the mono face, not to be translated.
type ID string

// Render implements templ.Component.
func (id ID) Render(_ context.Context, w io.Writer) error {
	return write(w, `<span class="id" translate="no">`, escape(string(id)), `</span>`)
}

// Money writes an amount as money.Amount prints it ("$1,500.00"), kept on one line.
type Money string

// Render implements templ.Component.
func (m Money) Render(_ context.Context, w io.Writer) error {
	return write(w, `<span class="nowrap">`, escape(string(m)), `</span>`)
}

type idLink struct{ id, href string }

// IDLink writes an identifier as a link. href must come from web/paths; it is sanitised all the same.
func IDLink(id, href string) templ.Component { return idLink{id, href} }

// Render implements templ.Component.
func (l idLink) Render(_ context.Context, w io.Writer) error {
	return write(w, `<a class="id" translate="no" href="`, escape(string(templ.URL(l.href))), `">`, escape(l.id), `</a>`)
}

// CopyID is the button that copies the identifier that stands right before it. It needs the script and hides itself
// without.
type CopyID string

// Render implements templ.Component.
func (c CopyID) Render(ctx context.Context, w io.Writer) error {
	id := escape(string(c))
	if err := write(w, `<button class="iconbtn copy needs-script" type="button" data-copy aria-label="Copy ID `, id, `">`); err != nil {
		return err
	}
	if err := (icon{"copy", "icon--s"}).Render(ctx, w); err != nil {
		return err
	}
	return write(w, `</button>`)
}

type status struct {
	label, tone, shape string
	large              bool
}

// Status writes the mark and the words of a status. shape is one of the Shape constants; large is the pill of a page title.
func Status(label, tone, shape string, large bool) templ.Component {
	return status{label, tone, shape, large}
}

// Render implements templ.Component.
func (s status) Render(_ context.Context, w io.Writer) error {
	shape, size := "", ""
	switch s.shape {
	case ShapeRing:
		shape = " status--ring"
	case ShapeHalf:
		shape = " status--half"
	case ShapeDash:
		shape = " status--dash"
	}
	if s.large {
		size = " status--l"
	}
	return write(w, `<span class="status `, toneClass(s.tone), shape, size, `">`, escape(s.label), `</span>`)
}

type tag struct{ text, tone string }

// Tag is a small label in a tone.
func Tag(text, tone string) templ.Component { return tag{text, tone} }

// Render implements templ.Component.
func (t tag) Render(_ context.Context, w io.Writer) error {
	return write(w, `<span class="tag `, toneClass(t.tone), `">`, escape(t.text), `</span>`)
}

// DueMark marks what is late, or due on this day of the place.
func DueMark(at, now time.Time, zone *time.Location) templ.Component {
	if late := LateText(at, now); late != "" {
		return tag{late, ToneBad}
	}
	if sameDay(at, now, zone) {
		return tag{"Due today", ToneWarn}
	}
	return Text("")
}

// steps is the length of the construction procedure.
const steps = 9

// ticksEnd is where the filled part of the bar ends, by step; each of the nine ticks is 6.5 wide with a gap of 1.5.
var ticksEnd = [steps + 1]string{"0", "6.5", "14.5", "22.5", "30.5", "38.5", "46.5", "54.5", "62.5", "70.5"}

type ticks struct {
	n    int
	tone string
}

// Ticks draws n of nine steps with the words "Step n of 9". n is clamped to 0 … 9.
func Ticks(n int, tone string) templ.Component { return ticks{n, tone} }

// Render implements templ.Component.
func (t ticks) Render(_ context.Context, w io.Writer) error {
	n := min(max(t.n, 0), steps)
	return write(w, `<span class="ticks `, toneClass(t.tone), `"><svg viewBox="0 0 71 5" aria-hidden="true"><path d="M0 2.5h70.5"/><path class="on" d="M0 2.5H`, ticksEnd[n], `"/></svg>Step `, strconv.Itoa(n), ` of 9</span>`)
}

// notSet stands for a moment that is not known.
const notSet = `<span class="muted">Not set</span>`

type timeElement struct {
	at   time.Time
	text string
}

// Time writes text as a <time> element that carries the moment in UTC. The zero time writes "Not set".
func Time(at time.Time, text string) templ.Component { return timeElement{at, text} }

// Render implements templ.Component.
func (t timeElement) Render(_ context.Context, w io.Writer) error {
	if t.at.IsZero() {
		return write(w, notSet)
	}
	return write(w, `<time datetime="`, t.at.UTC().Format(time.RFC3339), `">`, escape(t.text), `</time>`)
}

// Stamp writes a moment in full in the zone: "20 Nov 2026, 15:12 (UTC+08:00)".
func Stamp(at time.Time, zone *time.Location) templ.Component {
	return timeElement{at, FormatStamp(at, zone)}
}

// Day writes the day of a moment in the zone: "20 Nov 2026". The element carries that day: in lists the moment would
// cost more bytes than it tells.
func Day(at time.Time, zone *time.Location) templ.Component { return dayElement{at, zone} }

type dayElement struct {
	at   time.Time
	zone *time.Location
}

// Render implements templ.Component.
func (d dayElement) Render(_ context.Context, w io.Writer) error {
	if d.at.IsZero() {
		return write(w, notSet)
	}
	return write(w, `<time datetime="`, d.at.In(orUTC(d.zone)).Format(time.DateOnly), `">`, FormatDay(d.at, d.zone), `</time>`)
}

// SiteStamp writes a moment at one of several sites, without the year: "20 Nov, 15:12 (UTC+08:00)".
func SiteStamp(at time.Time, zone *time.Location) templ.Component {
	return timeElement{at, FormatSiteStamp(at, zone)}
}

// FormatStamp gives "20 Nov 2026, 15:12 (UTC+08:00)".
func FormatStamp(at time.Time, zone *time.Location) string {
	return at.In(orUTC(zone)).Format("2 Jan 2006, 15:04 (UTC-07:00)")
}

// FormatDay gives "20 Nov 2026".
func FormatDay(at time.Time, zone *time.Location) string {
	return at.In(orUTC(zone)).Format("2 Jan 2006")
}

// FormatShortStamp gives "20 Nov, 15:12". For lists of one site, where the zone stands in the head.
func FormatShortStamp(at time.Time, zone *time.Location) string {
	return at.In(orUTC(zone)).Format("2 Jan, 15:04")
}

// FormatSiteStamp gives "20 Nov, 15:12 (UTC+08:00)": a moment at one of several sites, where the year is plain.
func FormatSiteStamp(at time.Time, zone *time.Location) string {
	return at.In(orUTC(zone)).Format("2 Jan, 15:04 (UTC-07:00)")
}

// FormatOffset gives the zone's offset at that moment: "UTC+08:00".
func FormatOffset(at time.Time, zone *time.Location) string {
	return at.In(orUTC(zone)).Format("UTC-07:00")
}

// orUTC guards against a site without a zone.
func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

// LateText says how far a due moment has passed: "" when it has not, else "Late", "5 hours late", "1 day late".
func LateText(due, now time.Time) string {
	late := now.Sub(due)
	switch {
	case late <= 0:
		return ""
	case late < time.Hour:
		return "Late"
	case late < 24*time.Hour:
		return plural(int(late/time.Hour), "hour", "hours") + " late"
	default:
		return plural(int(late/(24*time.Hour)), "day", "days") + " late"
	}
}

// LateUntil is the first moment at which LateText says something else than it says at now.
func LateUntil(due, now time.Time) time.Time {
	late := now.Sub(due)
	switch {
	case late <= 0:
		return due.Add(1)
	case late < 24*time.Hour:
		return due.Add(late.Truncate(time.Hour) + time.Hour)
	default:
		return due.Add(late.Truncate(24*time.Hour) + 24*time.Hour)
	}
}

// plural gives "1 item", "2 items".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// sameDay compares calendar days in the zone.
func sameDay(a, b time.Time, zone *time.Location) bool {
	const day = "2006-01-02"
	return a.In(orUTC(zone)).Format(day) == b.In(orUTC(zone)).Format(day)
}

package ui

import (
	"context"
	"io"
	"strconv"

	"github.com/a-h/templ"
)

// The marks that a drawing repeats. As templates they would cost ten times as much as what they write. A class is a
// constant of the page's own and goes out as it is; a text is escaped.

type drawnText struct {
	class       string
	x, y        int
	text, whole string
}

// DrawnText is one line of text in an SVG drawing; nothing when it is empty. Of a text that was cut, whole is its title.
func DrawnText(class string, x, y int, text, whole string) templ.Component {
	return drawnText{class, x, y, text, whole}
}

// Render implements templ.Component.
func (t drawnText) Render(_ context.Context, w io.Writer) error {
	if t.text == "" {
		return nil
	}
	before, after := "", ""
	if t.whole != "" {
		before, after = "<title>", "</title>"
	}
	return write(w, `<text class="`, t.class, `" x="`, strconv.Itoa(t.x), `" y="`, strconv.Itoa(t.y), `">`, before, escape(t.whole), after, escape(t.text), `</text>`)
}

type drawnBox struct {
	class            string
	x, y, w, h, turn int
	dotted           bool
}

// DrawnBox is a rectangle in an SVG drawing with corners that turn in so many units. A dotted one is not there yet.
func DrawnBox(class string, x, y, w, h, turn int, dotted bool) templ.Component {
	return drawnBox{class, x, y, w, h, turn, dotted}
}

// Render implements templ.Component.
func (b drawnBox) Render(_ context.Context, w io.Writer) error {
	dots := ""
	if b.dotted {
		dots = ` stroke-dasharray="2 5" stroke-linecap="round"`
	}
	return write(w, `<rect class="`, b.class, `" x="`, strconv.Itoa(b.x), `" y="`, strconv.Itoa(b.y), `" width="`, strconv.Itoa(b.w), `" height="`, strconv.Itoa(b.h), `" rx="`, strconv.Itoa(b.turn), `"`, dots, `></rect>`)
}

type drawnLine struct {
	class string
	x, y  int
	along string
}

// DrawnLine is a line or a sign in an SVG drawing: along is what its path says after the start at (x, y).
func DrawnLine(class string, x, y int, along string) templ.Component {
	return drawnLine{class, x, y, along}
}

// Render implements templ.Component.
func (l drawnLine) Render(_ context.Context, w io.Writer) error {
	return write(w, `<path class="`, l.class, `" d="M`, strconv.Itoa(l.x), " ", strconv.Itoa(l.y), l.along, `"></path>`)
}

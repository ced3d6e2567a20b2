package ui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// fieldNames are what the refused fields of a page are called, by the id that the error summary leads to.
type fieldNames map[string]fieldName

type fieldName struct{ group, label string }

type fieldNamesKey struct{}

// RenderRefused writes a page that refused a form, so that its error summary says what each field is called. The summary
// stands before the fields: a page with refused fields is written a second time, once their labels are known.
func RenderRefused(ctx context.Context, b *bytes.Buffer, page templ.Component) error {
	names := fieldNames{}
	ctx = context.WithValue(ctx, fieldNamesKey{}, names)
	if err := page.Render(ctx, b); err != nil || len(names) == 0 {
		return err
	}
	b.Reset()
	return page.Render(ctx, b)
}

// LabelText writes the label of a control of your own as those of this package write theirs.
func LabelText(c Control) templ.Component { return fieldLabel(c) }

// fieldLabel writes the label of a control and, when the control is refused, remembers it for the summary. A box to tick
// is not remembered: its label is a sentence, and so is what is said about it.
type fieldLabel Control

// Render implements templ.Component.
func (l fieldLabel) Render(ctx context.Context, w io.Writer) error {
	c := Control(l)
	if names, ok := ctx.Value(fieldNamesKey{}).(fieldNames); ok && c.Error != "" {
		name := fieldName{c.Group, c.Label}
		names[c.id()], names[c.FirstOption()] = name, name
	}
	return Text(c.Label).Render(ctx, w)
}

// words is the line of the summary: the field's label and the sentence, or the sentence alone where it says the label.
func (e FieldError) words(ctx context.Context) string {
	names, _ := ctx.Value(fieldNamesKey{}).(fieldNames)
	name := names[e.ID]
	switch {
	case name.label == "" || says(e.Text, name.label) && says(e.Text, name.group):
		return e.Text
	case name.group != "":
		return name.group + ", " + name.label + ": " + e.Text
	}
	return name.label + ": " + e.Text
}

// says reports whether the words of name stand in text, whatever their case and without the unit after them in
// parentheses. No words stand in any text.
func says(text, name string) bool {
	name, _, _ = strings.Cut(name, " (")
	if name == "" {
		return true
	}
	text, name = strings.ToLower(text), strings.ToLower(name)
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		after, _ := utf8.DecodeRuneInString(text[at+i+len(name):])
		if !wordRune(before) && !wordRune(after) {
			return true
		}
		at += i + len(name)
	}
}

// wordRune is false for what DecodeRune gives at an end of the text.
func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

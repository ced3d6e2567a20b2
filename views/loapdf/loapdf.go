// Package loapdf prints a letter of authorization as a PDF: a view in another
// medium. The same snapshot gives the same bytes, so that a stored letter can be
// checked against what it was made from.
package loapdf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boombuler/barcode"

	"demarc/store/letter"
	"demarc/views/paper"
)

// MissingGlyphError says that the letter has characters that cannot be printed.
// Nothing is rendered: a name with a hole in it is not that name.
type MissingGlyphError struct {
	Text  string // the first text with such a character
	Runes []rune // all such characters of the letter, each once, in order
}

// Error names the characters and the text.
func (e *MissingGlyphError) Error() string {
	list := make([]string, len(e.Runes))
	for i, r := range e.Runes {
		list[i] = fmt.Sprintf("%q (U+%04X)", string(r), r)
	}
	return fmt.Sprintf("loapdf: cannot print %s in %q", strings.Join(list, ", "), e.Text)
}

// Render prints the letter without signing it: the same letter gives the same
// bytes. It refuses a letter that is not valid ([letter.InvalidError]) and one
// with characters that the fonts do not have ([MissingGlyphError]).
func Render(s letter.Snapshot) ([]byte, error) {
	f, err := build(s, nil)
	if err != nil {
		return nil, err
	}
	return f.Bytes(f.ID()), nil
}

// build draws the letter and makes an archivable file of it.
func build(s letter.Snapshot, attachments []paper.Attachment) (paper.File, error) {
	if err := s.Validate(); err != nil {
		return paper.File{}, err
	}
	// One sheet is what people carry: a letter that is a little too long for it is
	// set closer.
	var d *document
	for _, sp := range []spacing{roomy, compact, dense} {
		try, err := newDocument(s, sp)
		if err != nil {
			return paper.File{}, err
		}
		if d == nil || try.Pages() == 1 {
			d = try
		}
		if d.Pages() == 1 {
			break
		}
	}
	return d.Archive(attachments)
}

var (
	faceTerms   = paper.Face{Size: 8, Leading: 3.55}
	faceSite    = paper.Face{Size: 13, Leading: 5.8, Bold: true}
	faceStacked = paper.Face{Size: 11, Leading: 5, Bold: true}
	faceCode    = paper.Face{Size: 8.5, Leading: 4.2, Bold: true}
)

// document is one letter on its way to paper.
type document struct {
	*paper.Sheet
	s       letter.Snapshot
	spacing spacing
}

// newDocument sets the letter on its pages.
func newDocument(s letter.Snapshot, sp spacing) (*document, error) {
	of := paper.Description{
		Title: "Letter of Authorization", Number: s.Title(), Foot: s.Title(), Author: s.Issuer.LegalName,
		Subject: s.InterfaceID + ", " + s.CompanyName + ", " + s.FacilityName, At: s.IssuedAt,
	}
	if s.Demo {
		of.Notice = letter.DemoNotice
	}
	code, err := newQR(s.CheckURL)
	if err != nil {
		return nil, err
	}
	sheet, err := paper.New(of, sp.Spacing)
	if err != nil {
		return nil, err
	}
	d := &document{sheet, s, sp}
	d.write(code)
	if text, runes := d.Missing(); len(runes) > 0 {
		return nil, &MissingGlyphError{Text: text, Runes: runes}
	}
	return d, nil
}

func (d *document) write(code barcode.Barcode) {
	d.head(code)

	d.Y += 4.6
	d.Title()
	d.Y += 1.4
	d.Paragraph(paper.FaceText, paper.MarginSide, paper.Width, d.s.Addressee())
	d.Y += 0.8
	d.Paragraph(paper.FaceText, paper.MarginSide, paper.Width, d.s.Authorization())

	d.Heading("Parties", 20)
	d.facts(d.s.Parties())

	d.Heading("Installation information", 40)
	d.As("Table", "", d.demarcation)
	d.facts(d.s.Installation())

	d.engineers()
	d.conditions()
	d.signatures()
	d.Feet()
}

// head is the first page's: who issues the letter, and which letter it is.
func (d *document) head(code barcode.Barcode) {
	lines := []string{"Issued " + d.s.FormatTime(d.s.IssuedAt)}
	if !d.s.Start().Equal(d.s.IssuedAt) {
		lines = append(lines, "Valid from "+d.s.FormatTime(d.s.Start()))
	}
	lines = append(lines, "Expires "+d.s.FormatTime(d.s.ExpiresAt))
	if d.s.Supersedes != "" {
		lines = append(lines, "Supersedes "+d.s.Supersedes)
	}
	const right, gap = 78.0, 4.0
	d.Letterhead(d.s.Issuer.LegalName, d.s.Issuer.Service, right+gap+qrSize, func() {
		top, end := d.Y, paper.MarginSide+paper.Width-qrSize-gap
		d.ParagraphRight(paper.FaceNumber, end-right, right, "No. "+d.s.Title())
		for _, l := range lines {
			d.ParagraphRight(paper.FaceSmall, end-right, right, l)
		}
		d.ParagraphRight(faceCode, end-right, right, "Check code "+d.s.CheckCode)
		d.Colored(paper.Quiet, func() { d.ParagraphRight(paper.FaceSmall, end-right, right, d.s.CheckURL) })
		d.Y = max(d.Y, top+qrSize)
		d.qr(code, end+gap, top)
	})
}

const numberWidth = 12.0

// spacing is how close the letter is set, with the millimeters above a signature
// line.
type spacing struct {
	paper.Spacing
	signature float64
}

var (
	roomy   = spacing{paper.Spacing{PadY: 0.5, Heading: 3.3, Leading: 1}, 11}
	compact = spacing{paper.Spacing{PadY: 0.25, Heading: 2.4, Leading: 0.95}, 9}
	dense   = spacing{paper.Spacing{PadY: 0.22, Heading: 1.8, Leading: 0.9}, 8}
)

// facts draws a table of labels and values.
func (d *document) facts(facts []letter.Fact) {
	d.As("Table", "", func() {
		for _, f := range facts {
			d.Row(paper.FaceText, f.Label, f.Value)
		}
	})
}

// demarcation is the block that an installer reads in the aisle: the data
// center over its five parts in one row, as large as they fit. Values too long
// for a fifth of the page are stacked at the full width instead.
func (d *document) demarcation() {
	facts := d.s.Demarcation()
	site, parts := facts[0], facts[1:]
	column := paper.Width / float64(len(parts))
	// One line each, if not too small; else two.
	for _, try := range []struct {
		size, leading float64
		most          int
	}{{15, 6.6, 1}, {12, 5.4, 1}, {15, 6.6, 2}, {12, 5.4, 2}, {10, 4.6, 2}} {
		f := paper.Face{Size: try.size, Leading: try.leading, Bold: true}
		values := make([]paper.Block, len(parts))
		lines, tallest, fits := 0, 0.0, true
		for i, part := range parts {
			values[i] = d.Set(f, column-2*paper.PadX, part.Value)
			lines = max(lines, values[i].Lines())
			tallest = max(tallest, values[i].Height())
			fits = fits && !values[i].Split()
		}
		if !fits || lines > try.most {
			continue
		}
		const above, below = 1.0, 1.2
		name := d.Set(faceSite, paper.Width-2*paper.PadX, site.Value)
		upper := above + paper.FaceSmall.Leading + name.Height() + below
		lower := above + paper.FaceSmall.Leading + tallest + below
		d.Room(upper + lower)

		top := d.Y
		d.captioned(site.Label, name, paper.MarginSide, paper.Width, top+above)
		for i, part := range parts {
			d.captioned(part.Label, values[i], paper.MarginSide+float64(i)*column, column, top+upper+above)
		}
		d.Y = top + upper + lower
		d.frame(top, top+upper, column, len(parts))
		return
	}
	for _, fact := range facts {
		d.Row(faceStacked, fact.Label, fact.Value)
	}
}

// captioned draws a value under its small label.
func (d *document) captioned(label string, value paper.Block, x, w, y float64) {
	d.As("TR", "", func() {
		d.As("TH", paper.RowHead, func() {
			d.Colored(paper.Quiet, func() { d.Cell(d.Set(paper.FaceSmall, w-2*paper.PadX, label), x+paper.PadX, y) })
		})
		d.As("TD", "", func() { d.Draw(value, x+paper.PadX) })
	})
}

// frame draws the strong border of the demarcation block from top to the pen.
func (d *document) frame(top, mid, cell float64, cells int) {
	d.Artifact(func() {
		d.Stroke(paper.Hairline, 0.2)
		d.Line(paper.MarginSide, mid, paper.MarginSide+paper.Width, mid)
		for i := 1; i < cells; i++ {
			x := paper.MarginSide + float64(i)*cell
			d.Line(x, mid, x, d.Y)
		}
		d.Stroke(paper.Ink, 0.5)
		d.Frame(paper.MarginSide, top, paper.Width, d.Y-top)
	})
	d.Y += 0.25
}

// engineers names who may enter, two beside each other, or says that nobody
// visits. The header row stands at the top of each page of the table.
func (d *document) engineers() {
	if d.s.RemoteHands {
		d.Heading("Field engineers", paper.FaceText.Leading)
		d.Paragraph(paper.FaceText, paper.MarginSide, paper.Width, d.s.RemoteHandsNotice())
		return
	}
	columns := min(2, len(d.s.Engineers))
	column := paper.Width / float64(columns)
	head := slices.Repeat([]engineer{d.engineer(paper.FaceLabel, column, "No.", "Name")}, columns)

	d.Heading("Field engineers", 2*(paper.FaceText.Leading+2*d.spacing.PadY))
	d.As("Table", "", func() {
		d.engineerRow(head, column, true)
		next := 0
		for names := range slices.Chunk(d.s.Engineers, columns) {
			row := make([]engineer, columns)
			height := 0.0
			for i, name := range names {
				next++
				row[i] = d.engineer(paper.FaceText, column, strconv.Itoa(next), name)
				height = max(height, row[i].name.Height())
			}
			if d.Room(height + 2*d.spacing.PadY) {
				// The structure has one head; this one is for the eye.
				d.Artifact(func() { d.engineerRow(head, column, true) })
			}
			d.engineerRow(row, column, false)
		}
	})
}

// engineer is a cell pair of the engineers' table.
type engineer struct{ number, name paper.Block }

func (d *document) engineer(f paper.Face, column float64, number, name string) engineer {
	return engineer{d.Set(f, numberWidth-2*paper.PadX, number), d.Set(f, column-numberWidth-2*paper.PadX, name)}
}

func (d *document) engineerRow(row []engineer, column float64, head bool) {
	top, height := d.Y, 0.0
	for _, e := range row {
		height = max(height, e.name.Height()+2*d.spacing.PadY)
	}
	kind, extra, background := "TD", "", (*paper.Color)(nil)
	if head {
		kind, extra, background = "TH", paper.ColumnHead, &paper.Shade
	}
	d.As("TR", "", func() {
		for i, e := range row {
			x := paper.MarginSide + float64(i)*column
			d.Box(x, top, numberWidth, height, background)
			d.Box(x+numberWidth, top, column-numberWidth, height, background)
			d.As(kind, extra, func() {
				if e.number.Lines() > 0 {
					d.Cell(e.number, x+paper.PadX, top+d.spacing.PadY)
				}
			})
			d.As(kind, extra, func() {
				if e.name.Lines() > 0 {
					d.Cell(e.name, x+numberWidth+paper.PadX, top+d.spacing.PadY)
				}
			})
		}
	})
	d.Y = top + height
}

// conditions are numbered. They stay together with the signatures if they can,
// and the last one always: no page has signatures alone.
func (d *document) conditions() {
	const indent, below = 5.5, 0.35
	terms := d.s.Conditions()
	texts := make([]paper.Block, len(terms))
	ending := d.spacing.signature + 0.8 + 2*paper.FaceSmall.Leading
	all := ending
	for i, term := range terms {
		texts[i] = d.Set(faceTerms, paper.Width-indent, term)
		all += texts[i].Height() + below
	}
	const blankPage = paper.Bottom - 40 // what a continued page has room for, below its head
	if all > blankPage {
		all = 3 * faceTerms.Leading
	}
	d.Heading("Conditions", all)
	d.As("L", paper.Numbered, func() {
		for i, text := range texts {
			need := text.Height()
			if i == len(texts)-1 {
				need += ending
			}
			d.Room(need)
			top := d.Y
			d.As("LI", "", func() {
				d.As("Lbl", "", func() { d.Draw(d.Set(faceTerms, indent, fmt.Sprintf("%d.", i+1)), paper.MarginSide) })
				d.As("LBody", "", func() { d.Cell(text, paper.MarginSide+indent, top) })
			})
			d.Y += below
		}
	})
}

func (d *document) signatures() {
	const gap = 12.0
	half := (paper.Width - gap) / 2
	d.Y += d.spacing.signature
	top := d.Y
	for i, caption := range d.s.Signatures() {
		x := paper.MarginSide + float64(i)*(half+gap)
		d.Artifact(func() {
			d.Stroke(paper.Ink, 0.3)
			d.Line(x, top, x+half, top)
		})
		d.Y = top + 0.8
		d.Paragraph(paper.FaceSmall, x, half, caption)
	}
}

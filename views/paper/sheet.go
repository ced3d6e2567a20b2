package paper

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// The page, in millimeters: A4 with the margins of the printed console page.
const (
	PageHeight = 297.0
	MarginSide = 16.0
	Width      = pageWidth - 2*MarginSide // between the margins
	Bottom     = PageHeight - marginBottom
	LabelWidth = 50.0 // of the column of labels
	PadX       = 2.2  // left and right inside a table cell

	pageWidth    = 210.0
	marginTop    = 12.0
	marginBottom = 15.0
)

// Millimeters in a point.
const Millimeters = 25.4 / 72

// Color is a color of the house.
type Color struct{ r, g, b int }

// The colors. All are distinct in black and white.
var (
	Ink      = Color{0x14, 0x18, 0x1D} // text and strong lines
	Quiet    = Color{0x4A, 0x53, 0x61} // small print
	Hairline = Color{0xB9, 0xC1, 0xCB} // borders of cells
	Shade    = Color{0xF1, 0xF4, 0xF8} // behind labels

	white = Color{0xFF, 0xFF, 0xFF}
	brand = Color{0xFF, 0x6A, 0x00}
)

// Face is a size in points, the height of a line in millimeters, and a weight.
type Face struct {
	Size, Leading float64
	Bold          bool
}

// The faces that the documents share.
var (
	FaceText   = Face{9, 4.1, false}
	FaceLabel  = Face{8.5, 4.1, true}
	FaceSmall  = Face{7.5, 3.6, false}
	FaceNumber = Face{11, 5.2, true}

	faceStrong  = Face{9, 4.1, true}
	faceHeading = Face{10.5, 4.8, true}
	faceTitle   = Face{18, 7.6, true}
	faceName    = Face{12.5, 5.6, true}
)

// Spacing is how close a document is set: millimeters above and below the text
// of a cell and above a heading, and a factor on the height of all lines.
type Spacing struct {
	PadY, Heading, Leading float64
}

// Description is what a document says of itself: on its pages, and in the
// file's metadata.
type Description struct {
	Title   string // "Letter of Authorization"
	Number  string // "LOA-2026-004817", with its version if it has one
	Foot    string // at the foot of each page
	Notice  string // at the head of each page, white on black; "" for none
	Author  string
	Subject string
	At      time.Time // when it was issued
}

// Sheet is one document on its way to paper: what is drawn, and its structure
// for who has it read aloud. Y is the pen, in millimeters from the top of the
// page.
type Sheet struct {
	Y float64

	// Substitute prints the code point of a character that the fonts lack in its
	// place. Else it is missing, and nothing is drawn any more.
	Substitute bool

	pdf       *fpdf.Fpdf
	of        Description
	spacing   Spacing
	fonts     FontSet
	tags      *tags
	missing   []rune
	missingIn string
}

// New begins a document with its first page.
func New(of Description, spacing Spacing) (*Sheet, error) {
	fonts, err := Fonts()
	if err != nil {
		return nil, err
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(of.At.UTC()) // what the file says of itself is written by Archive
	pdf.SetMargins(MarginSide, marginTop, MarginSide)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	pdf.AddUTF8FontFromBytes(Family, "", Regular)
	pdf.AddUTF8FontFromBytes(Family, "B", Bold)
	pdf.SetTextColor(Ink.r, Ink.g, Ink.b)
	pdf.AddPage()
	return &Sheet{Y: marginTop, pdf: pdf, of: of, spacing: spacing, fonts: fonts, tags: newTags()}, nil
}

// Archive makes a PDF/A-3 file of what was drawn, with the attachments inside.
func (s *Sheet) Archive(attachments []Attachment) (File, error) {
	var drawn bytes.Buffer
	if err := s.pdf.Output(&drawn); err != nil {
		return File{}, fmt.Errorf("paper: %w", err)
	}
	return archive(drawn.Bytes(), s.of, s.tags, attachments)
}

// Missing are the characters that cannot be printed, each once and in order, and
// the first text with one.
func (s *Sheet) Missing() (in string, runes []rune) { return s.missingIn, s.missing }

// Pages is how many there are so far.
func (s *Sheet) Pages() int { return s.pdf.PageCount() }

// Letterhead begins the first page: the brand mark and who issues the document
// on the left, and what draw puts within right millimeters on the right.
func (s *Sheet) Letterhead(issuer, service string, right float64, draw func()) {
	const mark, gap = 11.0, 3.5
	top := s.Y
	s.Artifact(func() { s.mark(MarginSide, top+0.4, mark) })
	draw()
	end := s.Y
	s.Y = top + 0.5
	left := Width - right - 4 - mark - gap
	s.Paragraph(faceName, MarginSide+mark+gap, left, issuer)
	s.Colored(Quiet, func() { s.Paragraph(FaceText, MarginSide+mark+gap, left, service) })
	s.Y = max(s.Y, end, top+mark+0.8) + 2.2
	s.bar(0.6)
	if s.of.Notice != "" {
		s.Y += 2
		s.notice()
	}
}

// Title is the document's.
func (s *Sheet) Title() {
	s.As("H1", "", func() { s.text(faceTitle, MarginSide, Width, s.of.Title) })
}

func (s *Sheet) notice() {
	const height = 5.4
	start := s.Y
	s.bar(height)
	s.Y = start + (height-faceStrong.Leading)/2
	s.As("P", "", func() {
		s.Colored(white, func() { s.align(s.Set(faceStrong, Width, s.of.Notice), MarginSide, Width, 0.5) })
	})
	s.Y = start + height
}

// bar draws a black line over the whole width.
func (s *Sheet) bar(height float64) {
	s.Artifact(func() {
		s.fill(Ink)
		s.pdf.Rect(MarginSide, s.Y, Width, height, "F")
	})
	s.Y += height
}

// continued starts the next page and says which document it belongs to.
func (s *Sheet) continued() {
	s.pdf.AddPage()
	s.Y = marginTop
	s.Artifact(func() {
		s.text(FaceLabel, MarginSide, Width/2, s.of.Title+", continued")
		s.Y = marginTop
		s.textRight(FaceLabel, MarginSide+Width/2, Width/2, "No. "+s.of.Number)
		s.Y++
		s.bar(0.4)
		if s.of.Notice != "" {
			s.Y += 1.6
			s.notice()
		}
	})
	s.Y += 4
}

// Room starts a new page unless height millimeters are left on this one, and
// says whether it did.
func (s *Sheet) Room(height float64) bool {
	if s.Y+height <= Bottom {
		return false
	}
	s.continued()
	return true
}

// Heading keeps together with the next follow millimeters.
func (s *Sheet) Heading(text string, follow float64) {
	const below = 0.9
	if !s.Room(s.spacing.Heading + faceHeading.Leading + below + follow) {
		s.Y += s.spacing.Heading
	}
	s.As("H2", "", func() { s.text(faceHeading, MarginSide, Width, text) })
	s.Y += below
}

// Row draws one label and its value, set in the face f. It never breaks over two
// pages.
func (s *Sheet) Row(f Face, label, value string) {
	head, content := s.Set(FaceLabel, LabelWidth-2*PadX, label), s.Set(f, Width-LabelWidth-2*PadX, value)
	height := max(head.Height(), content.Height()) + 2*s.spacing.PadY
	s.Room(height)
	top := s.Y
	s.Box(MarginSide, top, LabelWidth, height, &Shade)
	s.Box(MarginSide+LabelWidth, top, Width-LabelWidth, height, nil)
	s.As("TR", "", func() {
		s.As("TH", RowHead, func() {
			s.Cell(head, MarginSide+PadX, top+s.spacing.PadY+(content.face.Leading-head.face.Leading)/2)
		})
		s.As("TD", "", func() { s.Cell(content, MarginSide+LabelWidth+PadX, top+s.spacing.PadY) })
	})
	s.Y = top + height
}

// Feet numbers the pages, once it is known how many there are.
func (s *Sheet) Feet() {
	pages := s.pdf.PageCount()
	for page := 1; page <= pages; page++ {
		s.pdf.SetPage(page)
		foot := s.of.Foot
		if s.of.Notice != "" {
			foot += ". " + s.of.Notice
		}
		s.Y = PageHeight - 11
		s.Artifact(func() {
			s.Colored(Quiet, func() {
				s.text(FaceSmall, MarginSide, Width*0.75, foot)
				s.Y = PageHeight - 11
				s.textRight(FaceSmall, MarginSide+Width*0.75, Width*0.25, fmt.Sprintf("Page %d of %d", page, pages))
			})
		})
	}
}

// mark draws the brand mark: two cable ends that meet at the line of a panel.
func (s *Sheet) mark(x, y, size float64) {
	u := size / 28
	s.fill(brand)
	s.pdf.RoundedRect(x+u, y+u, 26*u, 26*u, 7*u, "1234", "F")
	s.pdf.SetLineCapStyle("round")
	s.Stroke(white, 2.2*u)
	at := func(px, py float64) (float64, float64) { return x + px*u, y + py*u }
	for _, l := range [][4]float64{{14, 6, 14, 10.5}, {14, 17.5, 14, 22}, {4.5, 14, 9.5, 14}, {18.5, 14, 23.5, 14}} {
		x1, y1 := at(l[0], l[1])
		x2, y2 := at(l[2], l[3])
		s.Line(x1, y1, x2, y2)
	}
	s.Stroke(white, 1.8*u)
	for _, cx := range []float64{11.7, 16.3} {
		px, py := at(cx, 14)
		s.pdf.Circle(px, py, 2.1*u, "D")
	}
	s.pdf.SetLineCapStyle("butt")
}

func (s *Sheet) fill(c Color) { s.pdf.SetFillColor(c.r, c.g, c.b) }

// Stroke is how the next lines are drawn, w millimeters wide.
func (s *Sheet) Stroke(c Color, w float64) {
	s.pdf.SetDrawColor(c.r, c.g, c.b)
	s.pdf.SetLineWidth(w)
}

// Line draws a line; the caller says that it is an artifact.
func (s *Sheet) Line(x1, y1, x2, y2 float64) { s.pdf.Line(x1, y1, x2, y2) }

// Frame draws a rectangle; the caller says that it is an artifact.
func (s *Sheet) Frame(x, y, w, h float64) { s.pdf.Rect(x, y, w, h, "D") }

// Box draws the border of a cell, and its background unless that is nil.
func (s *Sheet) Box(x, y, w, h float64, background *Color) {
	s.Artifact(func() {
		s.Stroke(Hairline, 0.2)
		style := "D"
		if background != nil {
			s.fill(*background)
			style = "FD"
		}
		s.pdf.Rect(x, y, w, h, style)
	})
}

// Figure fills a black shape, whose path is given in the operators of a PDF, and
// says what it shows. x, y is its top left corner, size its width and height.
func (s *Sheet) Figure(alt string, x, y, size float64, path string) {
	box := fmt.Sprintf("[%.2f %.2f %.2f %.2f]", x/Millimeters, (PageHeight-y-size)/Millimeters, (x+size)/Millimeters, (PageHeight-y)/Millimeters)
	s.As("Figure", "/Alt "+Text(alt)+" /A <</O /Layout /Placement /Block /BBox "+box+">>", func() {
		s.content(func() {
			s.fill(Ink)
			s.pdf.RawWriteStr(path + "f")
		})
	})
}

// Colored draws text in another color.
func (s *Sheet) Colored(c Color, draw func()) {
	s.pdf.SetTextColor(c.r, c.g, c.b)
	draw()
	s.pdf.SetTextColor(Ink.r, Ink.g, Ink.b)
}

// Block is one text, broken into lines that fit. The weight is chosen for the
// whole text: the bold font has fewer characters, and a text that it cannot
// print whole is set in the regular one.
type Block struct {
	face  Face
	style string
	lines []string
	split bool
}

// Height is in millimeters.
func (b Block) Height() float64 { return float64(len(b.lines)) * b.face.Leading }

// Lines is how many there are.
func (b Block) Lines() int { return len(b.lines) }

// Split says that a word was too long for a line and was cut.
func (b Block) Split() bool { return b.split }

// Set breaks text into lines of at most w millimeters.
func (s *Sheet) Set(f Face, w float64, text string) Block {
	text = s.printable(text)
	f.Leading *= s.spacing.Leading
	b := Block{face: f}
	if f.Bold && s.fonts.Bold.HasAll(text) {
		b.style = "B"
	}
	s.pdf.SetFont(Family, b.style, f.Size)
	b.lines, b.split = Wrap(text, w, s.runeWidth)
	// A line that ended at a space keeps it, unseen: who copies the text or has it
	// read aloud wants two words, not one.
	rest := text
	for i, l := range b.lines {
		at := strings.Index(rest, l)
		if i > 0 && at > 0 {
			b.lines[i-1] += " "
		}
		rest = rest[at+len(l):]
	}
	return b
}

// printable is the text without characters that the fonts lack, or remembers
// them as missing.
func (s *Sheet) printable(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || s.fonts.Regular.Has(r):
			out.WriteRune(r)
		case s.Substitute:
			fmt.Fprintf(&out, "[U+%04X]", r)
		case !slices.Contains(s.missing, r):
			if len(s.missing) == 0 {
				s.missingIn = text
			}
			s.missing = append(s.missing, r)
		}
	}
	return out.String()
}

// runeWidth is in millimeters, in the font now selected.
func (s *Sheet) runeWidth(r rune) float64 { return s.pdf.GetStringWidth(string(r)) }

// align draws the block within w millimeters from x and moves the pen below it:
// share 0 is left, 0.5 centered, 1 right.
func (s *Sheet) align(b Block, x, w, share float64) {
	if len(s.missing) > 0 {
		return
	}
	s.pdf.SetFont(Family, b.style, b.face.Size)
	s.content(func() {
		for _, l := range b.lines {
			at := x
			if share > 0 {
				at += (w - s.pdf.GetStringWidth(strings.TrimSuffix(l, " "))) * share
			}
			// Capitals are 0.73 of the size high in this font: center them in the line.
			s.pdf.Text(at, s.Y+b.face.Leading/2+b.face.Size*Millimeters*0.73/2, l)
			s.Y += b.face.Leading
		}
	})
}

// Draw puts the block at x and moves the pen below it.
func (s *Sheet) Draw(b Block, x float64) { s.align(b, x, 0, 0) }

// Cell draws the block with its top left corner at x, y.
func (s *Sheet) Cell(b Block, x, y float64) {
	s.Y = y
	s.Draw(b, x)
}

// CellRight draws the block at y with its right edge at x.
func (s *Sheet) CellRight(b Block, x, y float64) {
	s.Y = y
	s.align(b, x, 0, 1)
}

func (s *Sheet) text(f Face, x, w float64, text string) { s.Draw(s.Set(f, w, text), x) }

func (s *Sheet) textRight(f Face, x, w float64, text string) { s.align(s.Set(f, w, text), x, w, 1) }

// Paragraph is text that is an element of its own.
func (s *Sheet) Paragraph(f Face, x, w float64, text string) {
	s.As("P", "", func() { s.text(f, x, w, text) })
}

// ParagraphRight is one that ends at x+w.
func (s *Sheet) ParagraphRight(f Face, x, w float64, text string) {
	s.As("P", "", func() { s.textRight(f, x, w, text) })
}

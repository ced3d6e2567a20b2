// Package loapdf prints a letter of authorization as a PDF: a view in another
// medium. The same snapshot gives the same bytes, so that a stored letter can be
// checked against what it was made from.
package loapdf

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"

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
	return f.bytes(f.id()), nil
}

// build draws the letter and makes an archivable file of it.
func build(s letter.Snapshot, attachments []attachment) (file, error) {
	drawn, t, err := draw(s)
	if err != nil {
		return file{}, err
	}
	return archive(drawn, s, t, attachments)
}

// draw sets the letter on its pages.
func draw(s letter.Snapshot) ([]byte, *tags, error) {
	if err := s.Validate(); err != nil {
		return nil, nil, err
	}
	fonts, err := paper.Fonts()
	if err != nil {
		return nil, nil, err
	}
	d := newDocument(s, fonts, roomy)
	d.write()
	if d.err != nil {
		return nil, nil, d.err
	}
	if len(d.missing) > 0 {
		return nil, nil, &MissingGlyphError{Text: d.missingIn, Runes: d.missing}
	}
	if d.pdf.PageCount() > 1 {
		// One sheet is what people carry: a letter that is a little too long
		// for it is set closer.
		for _, closer := range []spacing{compact, dense} {
			tight := newDocument(s, fonts, closer)
			tight.write()
			if tight.pdf.PageCount() == 1 {
				d = tight
				break
			}
		}
	}
	var out bytes.Buffer
	if err := d.pdf.Output(&out); err != nil {
		return nil, nil, fmt.Errorf("loapdf: %w", err)
	}
	return out.Bytes(), d.tags, nil
}

// The page, in millimeters: A4 with the margins of the printed console page.
const (
	pageWidth    = 210.0
	pageHeight   = 297.0
	marginSide   = 16.0
	marginTop    = 12.0
	marginBottom = 15.0
	width        = pageWidth - 2*marginSide
	bottom       = pageHeight - marginBottom
	labelWidth   = 50.0
)

const family = "Noto Sans SC"

type color struct{ r, g, b int }

var (
	ink   = color{0x14, 0x18, 0x1D}
	quiet = color{0x4A, 0x53, 0x61}
	line  = color{0xB9, 0xC1, 0xCB}
	shade = color{0xF1, 0xF4, 0xF8}
	white = color{0xFF, 0xFF, 0xFF}
	brand = color{0xFF, 0x6A, 0x00}
)

// face is a size in points, the height of a line in millimeters, and a weight.
type face struct {
	size, leading float64
	bold          bool
}

var (
	faceText    = face{9, 4.1, false}
	faceStrong  = face{9, 4.1, true}
	faceLabel   = face{8.5, 4.1, true}
	faceSmall   = face{7.5, 3.6, false}
	faceTerms   = face{8, 3.55, false}
	faceHeading = face{10.5, 4.8, true}
	faceTitle   = face{18, 7.6, true}
	faceSite    = face{13, 5.8, true}
	faceStacked = face{11, 5, true}
	faceName    = face{12.5, 5.6, true}
	faceNumber  = face{11, 5.2, true}
	faceCode    = face{8.5, 4.2, true}
)

// document is one letter on its way to paper. y is the pen, in millimeters from
// the top of the page.
type document struct {
	pdf       *fpdf.Fpdf
	s         letter.Snapshot
	fonts     paper.FontSet
	spacing   spacing
	tags      *tags
	y         float64
	err       error // of the QR code
	missing   []rune
	missingIn string
}

func newDocument(s letter.Snapshot, fonts paper.FontSet, sp spacing) *document {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(s.IssuedAt.UTC()) // what the file says of itself is written by archive
	pdf.SetMargins(marginSide, marginTop, marginSide)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	pdf.AddUTF8FontFromBytes(family, "", paper.Regular)
	pdf.AddUTF8FontFromBytes(family, "B", paper.Bold)
	pdf.SetTextColor(ink.r, ink.g, ink.b)
	return &document{pdf: pdf, s: s, fonts: fonts, spacing: sp, tags: newTags()}
}

func (d *document) write() {
	d.pdf.AddPage()
	d.y = marginTop
	d.head()

	d.y += 4.6
	d.as("H1", "", func() { d.text(faceTitle, marginSide, width, "Letter of Authorization") })
	d.y += 1.4
	d.paragraph(faceText, marginSide, width, d.s.Addressee())
	d.y += 0.8
	d.paragraph(faceText, marginSide, width, d.s.Authorization())

	d.heading("Parties", 20)
	d.facts(d.s.Parties())

	d.heading("Installation information", 40)
	d.as("Table", "", d.demarcation)
	d.facts(d.s.Installation())

	d.engineers()
	d.conditions()
	d.signatures()
	d.feet()
}

// head is the first page's: who issues the letter, and which letter it is.
func (d *document) head() {
	const mark = 11.0
	d.mark(marginSide, d.y+0.4, mark)

	top := d.y
	lines := []string{"Issued " + d.s.FormatTime(d.s.IssuedAt)}
	if !d.s.Start().Equal(d.s.IssuedAt) {
		lines = append(lines, "Valid from "+d.s.FormatTime(d.s.Start()))
	}
	lines = append(lines, "Expires "+d.s.FormatTime(d.s.ExpiresAt))
	if d.s.Supersedes != "" {
		lines = append(lines, "Supersedes "+d.s.Supersedes)
	}
	qr, err := newQR(d.s.CheckURL)
	if err != nil {
		d.err = err
		return
	}
	const right, gap = 78.0, 4.0
	end := marginSide + width - qrSize - gap
	d.rightParagraph(faceNumber, end-right, right, "No. "+d.s.Title())
	for _, l := range lines {
		d.rightParagraph(faceSmall, end-right, right, l)
	}
	d.rightParagraph(faceCode, end-right, right, "Check code "+d.s.CheckCode)
	d.colored(quiet, func() { d.rightParagraph(faceSmall, end-right, right, d.s.CheckURL) })
	rightEnd := max(d.y, top+qrSize)
	d.qr(qr, end+gap, top)

	d.y = top + 0.5
	left := end - right - gap - marginSide - mark - 3.5
	d.paragraph(faceName, marginSide+mark+3.5, left, d.s.Issuer.LegalName)
	d.colored(quiet, func() { d.paragraph(faceText, marginSide+mark+3.5, left, d.s.Issuer.Service) })
	d.y = max(d.y, rightEnd, top+mark+0.8) + 2.2
	d.bar(0.6)
	if d.s.Demo {
		d.y += 2
		d.demoBar()
	}
}

func (d *document) demoBar() {
	const height = 5.4
	start := d.y
	d.bar(height)
	d.y = start + (height-faceStrong.leading)/2
	d.as("P", "", func() {
		d.colored(white, func() { d.align(d.set(faceStrong, width, letter.DemoNotice), marginSide, width, 0.5) })
	})
	d.y = start + height
}

// bar draws a black line over the whole width.
func (d *document) bar(height float64) {
	d.artifact(func() {
		d.fill(ink)
		d.pdf.Rect(marginSide, d.y, width, height, "F")
	})
	d.y += height
}

// continued starts the next page and says which letter it belongs to.
func (d *document) continued() {
	d.pdf.AddPage()
	d.y = marginTop
	d.artifact(func() {
		d.text(faceLabel, marginSide, width/2, "Letter of Authorization, continued")
		d.y = marginTop
		d.textRight(faceLabel, marginSide+width/2, width/2, "No. "+d.s.Title())
		d.y += 1
		d.bar(0.4)
		if d.s.Demo {
			d.y += 1.6
			d.demoBar()
		}
	})
	d.y += 4
}

// room starts a new page unless height millimeters are left on this one.
func (d *document) room(height float64) bool {
	if d.y+height <= bottom {
		return false
	}
	d.continued()
	return true
}

// heading keeps together with the next follow millimeters.
func (d *document) heading(text string, follow float64) {
	above, below := d.spacing.heading, 0.9
	if !d.room(above + faceHeading.leading + below + follow) {
		d.y += above
	}
	d.as("H2", "", func() { d.text(faceHeading, marginSide, width, text) })
	d.y += below
}

const (
	padX        = 2.2 // left and right inside a table cell
	numberWidth = 12.0
)

// spacing is how close the letter is set: millimeters above and below the text
// of a cell, above a heading and a signature line, and a factor on all lines.
type spacing struct {
	padY, heading, signature, leading float64
}

var (
	roomy   = spacing{padY: 0.5, heading: 3.3, signature: 11, leading: 1}
	compact = spacing{padY: 0.25, heading: 2.4, signature: 9, leading: 0.95}
	dense   = spacing{padY: 0.22, heading: 1.8, signature: 8, leading: 0.9}
)

// facts draws a table of labels and values. A row never breaks over two pages.
func (d *document) facts(facts []letter.Fact) {
	d.as("Table", "", func() {
		for _, fact := range facts {
			d.row(d.set(faceLabel, labelWidth-2*padX, fact.Label), d.set(faceText, width-labelWidth-2*padX, fact.Value))
		}
	})
}

// row draws one label and its value.
func (d *document) row(label, value block) {
	height := max(label.height(), value.height()) + 2*d.spacing.padY
	d.room(height)
	top := d.y
	d.box(marginSide, top, labelWidth, height, &shade)
	d.box(marginSide+labelWidth, top, width-labelWidth, height, nil)
	d.as("TR", "", func() {
		d.as("TH", rowHead, func() {
			d.cell(label, marginSide+padX, top+d.spacing.padY+(value.face.leading-label.face.leading)/2)
		})
		d.as("TD", "", func() { d.cell(value, marginSide+labelWidth+padX, top+d.spacing.padY) })
	})
	d.y = top + height
}

// demarcation is the block that an installer reads in the aisle: the data
// center over its five parts in one row, as large as they fit. Values too long
// for a fifth of the page are stacked at the full width instead.
func (d *document) demarcation() {
	facts := d.s.Demarcation()
	site, parts := facts[0], facts[1:]
	column := width / float64(len(parts))
	// One line each, if not too small; else two.
	for _, try := range []struct {
		face
		most int
	}{{face{15, 6.6, true}, 1}, {face{12, 5.4, true}, 1}, {face{15, 6.6, true}, 2}, {face{12, 5.4, true}, 2}, {face{10, 4.6, true}, 2}} {
		f := try.face
		values := make([]block, len(parts))
		lines, tallest, fits := 0, 0.0, true
		for i, part := range parts {
			values[i] = d.set(f, column-2*padX, part.Value)
			lines = max(lines, len(values[i].lines))
			tallest = max(tallest, values[i].height())
			fits = fits && !values[i].split
		}
		if !fits || lines > try.most {
			continue
		}
		const above, below = 1.0, 1.2
		name := d.set(faceSite, width-2*padX, site.Value)
		upper := above + faceSmall.leading + name.height() + below
		lower := above + faceSmall.leading + tallest + below
		d.room(upper + lower)

		top := d.y
		d.captioned(site.Label, name, marginSide, width, top+above)
		for i, part := range parts {
			d.captioned(part.Label, values[i], marginSide+float64(i)*column, column, top+upper+above)
		}
		d.y = top + upper + lower
		d.frame(top, top+upper, column, len(parts))
		return
	}
	for _, fact := range facts {
		d.row(d.set(faceLabel, labelWidth-2*padX, fact.Label), d.set(faceStacked, width-labelWidth-2*padX, fact.Value))
	}
}

// captioned draws a value under its small label.
func (d *document) captioned(label string, value block, x, w, y float64) {
	d.as("TR", "", func() {
		d.as("TH", rowHead, func() {
			d.colored(quiet, func() { d.cell(d.set(faceSmall, w-2*padX, label), x+padX, y) })
		})
		d.as("TD", "", func() { d.draw(value, x+padX) })
	})
}

// frame draws the strong border of the demarcation block from top to the pen.
func (d *document) frame(top, mid, cell float64, cells int) {
	d.artifact(func() {
		d.stroke(line, 0.2)
		d.pdf.Line(marginSide, mid, marginSide+width, mid)
		for i := 1; i < cells; i++ {
			x := marginSide + float64(i)*cell
			d.pdf.Line(x, mid, x, d.y)
		}
		d.stroke(ink, 0.5)
		d.pdf.Rect(marginSide, top, width, d.y-top, "D")
	})
	d.y += 0.25
}

// engineers names who may enter, two beside each other, or says that nobody
// visits. The header row stands at the top of each page of the table.
func (d *document) engineers() {
	if d.s.RemoteHands {
		d.heading("Field engineers", faceText.leading)
		d.paragraph(faceText, marginSide, width, d.s.RemoteHandsNotice())
		return
	}
	columns := min(2, len(d.s.Engineers))
	column := width / float64(columns)
	head := slices.Repeat([]engineer{d.engineer(faceLabel, column, "No.", "Name")}, columns)

	d.heading("Field engineers", 2*(faceText.leading+2*d.spacing.padY))
	d.as("Table", "", func() {
		d.engineerRow(head, column, true)
		next := 0
		for names := range slices.Chunk(d.s.Engineers, columns) {
			row := make([]engineer, columns)
			height := 0.0
			for i, name := range names {
				next++
				row[i] = d.engineer(faceText, column, strconv.Itoa(next), name)
				height = max(height, row[i].name.height())
			}
			if d.room(height + 2*d.spacing.padY) {
				// The structure has one head; this one is for the eye.
				d.artifact(func() { d.engineerRow(head, column, true) })
			}
			d.engineerRow(row, column, false)
		}
	})
}

// engineer is a cell pair of the engineers' table.
type engineer struct{ number, name block }

func (d *document) engineer(f face, column float64, number, name string) engineer {
	return engineer{d.set(f, numberWidth-2*padX, number), d.set(f, column-numberWidth-2*padX, name)}
}

func (d *document) engineerRow(row []engineer, column float64, head bool) {
	top, height := d.y, 0.0
	for _, e := range row {
		height = max(height, e.name.height()+2*d.spacing.padY)
	}
	kind, extra, background := "TD", "", (*color)(nil)
	if head {
		kind, extra, background = "TH", columnHead, &shade
	}
	d.as("TR", "", func() {
		for i, e := range row {
			x := marginSide + float64(i)*column
			d.box(x, top, numberWidth, height, background)
			d.box(x+numberWidth, top, column-numberWidth, height, background)
			d.as(kind, extra, func() {
				if len(e.number.lines) > 0 {
					d.cell(e.number, x+padX, top+d.spacing.padY)
				}
			})
			d.as(kind, extra, func() {
				if len(e.name.lines) > 0 {
					d.cell(e.name, x+numberWidth+padX, top+d.spacing.padY)
				}
			})
		}
	})
	d.y = top + height
}

// conditions are numbered. They stay together with the signatures if they can,
// and the last one always: no page has signatures alone.
func (d *document) conditions() {
	const indent, below = 5.5, 0.35
	terms := d.s.Conditions()
	texts := make([]block, len(terms))
	ending := d.spacing.signature + 0.8 + 2*faceSmall.leading
	all := ending
	for i, term := range terms {
		texts[i] = d.set(faceTerms, width-indent, term)
		all += texts[i].height() + below
	}
	const blankPage = bottom - 40 // what a continued page has room for, below its head
	if all > blankPage {
		all = 3 * faceTerms.leading
	}
	d.heading("Conditions", all)
	d.as("L", numbered, func() {
		for i, text := range texts {
			need := text.height()
			if i == len(texts)-1 {
				need += ending
			}
			d.room(need)
			top := d.y
			d.as("LI", "", func() {
				d.as("Lbl", "", func() { d.text(faceTerms, marginSide, indent, fmt.Sprintf("%d.", i+1)) })
				d.as("LBody", "", func() { d.cell(text, marginSide+indent, top) })
			})
			d.y += below
		}
	})
}

func (d *document) signatures() {
	const gap = 12.0
	half := (width - gap) / 2
	d.y += d.spacing.signature
	top := d.y
	for i, caption := range d.s.Signatures() {
		x := marginSide + float64(i)*(half+gap)
		d.artifact(func() {
			d.stroke(ink, 0.3)
			d.pdf.Line(x, top, x+half, top)
		})
		d.y = top + 0.8
		d.paragraph(faceSmall, x, half, caption)
	}
}

// feet numbers the pages, once it is known how many there are.
func (d *document) feet() {
	pages := d.pdf.PageCount()
	for page := 1; page <= pages; page++ {
		d.pdf.SetPage(page)
		foot := d.s.Title()
		if d.s.Demo {
			foot += ". " + letter.DemoNotice
		}
		d.y = pageHeight - 11
		d.artifact(func() {
			d.colored(quiet, func() {
				d.text(faceSmall, marginSide, width*0.75, foot)
				d.y = pageHeight - 11
				d.textRight(faceSmall, marginSide+width*0.75, width*0.25, fmt.Sprintf("Page %d of %d", page, pages))
			})
		})
	}
}

// mark draws the brand mark: two cable ends that meet at the line of a panel.
func (d *document) mark(x, y, size float64) {
	d.artifact(func() { d.drawMark(x, y, size) })
}

func (d *document) drawMark(x, y, size float64) {
	u := size / 28
	d.fill(brand)
	d.pdf.RoundedRect(x+u, y+u, 26*u, 26*u, 7*u, "1234", "F")
	d.pdf.SetLineCapStyle("round")
	d.stroke(white, 2.2*u)
	at := func(px, py float64) (float64, float64) { return x + px*u, y + py*u }
	for _, l := range [][4]float64{{14, 6, 14, 10.5}, {14, 17.5, 14, 22}, {4.5, 14, 9.5, 14}, {18.5, 14, 23.5, 14}} {
		x1, y1 := at(l[0], l[1])
		x2, y2 := at(l[2], l[3])
		d.pdf.Line(x1, y1, x2, y2)
	}
	d.stroke(white, 1.8*u)
	for _, cx := range []float64{11.7, 16.3} {
		px, py := at(cx, 14)
		d.pdf.Circle(px, py, 2.1*u, "D")
	}
	d.pdf.SetLineCapStyle("butt")
}

func (d *document) fill(c color) { d.pdf.SetFillColor(c.r, c.g, c.b) }

func (d *document) stroke(c color, w float64) {
	d.pdf.SetDrawColor(c.r, c.g, c.b)
	d.pdf.SetLineWidth(w)
}

func (d *document) box(x, y, w, h float64, background *color) {
	d.artifact(func() {
		d.stroke(line, 0.2)
		style := "D"
		if background != nil {
			d.fill(*background)
			style = "FD"
		}
		d.pdf.Rect(x, y, w, h, style)
	})
}

func (d *document) colored(c color, draw func()) {
	d.pdf.SetTextColor(c.r, c.g, c.b)
	draw()
	d.pdf.SetTextColor(ink.r, ink.g, ink.b)
}

// block is one text, broken into lines that fit. The weight is chosen for the
// whole text: the bold font has fewer characters, and a text that it cannot
// print whole is set in the regular one.
type block struct {
	face  face
	style string
	lines []string
	split bool // a word was too long for a line and was cut
}

func (b block) height() float64 { return float64(len(b.lines)) * b.face.leading }

// set breaks s into lines of at most w millimeters, and remembers the
// characters that cannot be printed.
func (d *document) set(f face, w float64, s string) block {
	for _, r := range s {
		if r == '\n' || d.fonts.Regular.Has(r) || slices.Contains(d.missing, r) {
			continue
		}
		if len(d.missing) == 0 {
			d.missingIn = s
		}
		d.missing = append(d.missing, r)
	}
	f.leading *= d.spacing.leading
	b := block{face: f}
	if f.bold && d.fonts.Bold.HasAll(s) {
		b.style = "B"
	}
	d.pdf.SetFont(family, b.style, f.size)
	b.lines, b.split = paper.Wrap(s, w, d.runeWidth)
	// A line that ended at a space keeps it, unseen: who copies the text or has it
	// read aloud wants two words, not one.
	rest := s
	for i, l := range b.lines {
		at := strings.Index(rest, l)
		if i > 0 && at > 0 {
			b.lines[i-1] += " "
		}
		rest = rest[at+len(l):]
	}
	return b
}

// runeWidth is in millimeters, in the font now selected.
func (d *document) runeWidth(r rune) float64 {
	if !d.fonts.Regular.Has(r) {
		return 0 // the letter is refused anyway
	}
	return d.pdf.GetStringWidth(string(r))
}

// draw puts the block at x and moves the pen below it.
func (d *document) draw(b block, x float64) { d.align(b, x, 0, 0) }

// align draws the block within w millimeters from x: share 0 is left, 0.5
// centered, 1 right.
func (d *document) align(b block, x, w, share float64) {
	if len(d.missing) > 0 {
		return
	}
	d.pdf.SetFont(family, b.style, b.face.size)
	d.content(func() {
		for _, l := range b.lines {
			at := x
			if share > 0 {
				at += (w - d.pdf.GetStringWidth(strings.TrimSuffix(l, " "))) * share
			}
			// Capitals are 0.73 of the size high in this font: center them in the line.
			d.pdf.Text(at, d.y+b.face.leading/2+b.face.size*millimeters*0.73/2, l)
			d.y += b.face.leading
		}
	})
}

// millimeters in a point.
const millimeters = 25.4 / 72

// paragraph is text that is an element of its own.
func (d *document) paragraph(f face, x, w float64, s string) {
	d.as("P", "", func() { d.text(f, x, w, s) })
}

func (d *document) rightParagraph(f face, x, w float64, s string) {
	d.as("P", "", func() { d.textRight(f, x, w, s) })
}

func (d *document) text(f face, x, w float64, s string) { d.draw(d.set(f, w, s), x) }

func (d *document) textRight(f face, x, w float64, s string) { d.align(d.set(f, w, s), x, w, 1) }

// cell draws the block with its top left corner at x, y.
func (d *document) cell(b block, x, y float64) {
	d.y = y
	d.draw(b, x)
}

// Package receiptpdf prints a receipt, a credit note or an invoice as a PDF, in
// the style of the letter of authorization. The same facts give the same bytes.
package receiptpdf

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"demarc/store/document"
	"demarc/views/paper"
)

// Render prints the document. It refuses facts that do not add up. Unlike a
// letter, a document about money that was paid cannot be refused for a
// character that the fonts lack: its code point is printed in its place.
func Render(f document.Facts) ([]byte, error) {
	if _, err := f.Marshal(); err != nil {
		return nil, err
	}
	fonts, err := paper.Fonts()
	if err != nil {
		return nil, err
	}
	d := newSheet(f, fonts)
	d.write()
	var out bytes.Buffer
	if err := d.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("receiptpdf: %w", err)
	}
	return out.Bytes(), nil
}

// The page, in millimeters: A4 with the margins of the letter.
const (
	pageWidth    = 210.0
	pageHeight   = 297.0
	marginSide   = 16.0
	marginTop    = 12.0
	marginBottom = 15.0
	width        = pageWidth - 2*marginSide
	bottom       = pageHeight - marginBottom
	labelWidth   = 50.0
	padX, padY   = 2.2, 0.9
)

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
	faceText    = face{9, 4.3, false}
	faceStrong  = face{9, 4.3, true}
	faceLabel   = face{8.5, 4.3, true}
	faceSmall   = face{7.5, 3.7, false}
	faceHeading = face{10.5, 4.8, true}
	faceTitle   = face{18, 7.6, true}
	faceName    = face{12.5, 5.6, true}
	faceNumber  = face{11, 5.2, true}
	faceTotal   = face{12, 5.6, true}
)

// sheet is one document on its way to paper. y is the pen, in millimeters from
// the top of the page.
type sheet struct {
	pdf   *fpdf.Fpdf
	f     document.Facts
	fonts paper.FontSet
	y     float64
}

func newSheet(f document.Facts, fonts paper.FontSet) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(f.IssuedAt.UTC())
	pdf.SetModificationDate(f.IssuedAt.UTC())
	pdf.SetProducer("Demarc", true)
	pdf.SetCreator("Demarc", true)
	pdf.SetTitle(f.Series.Title()+" "+f.Number, true)
	pdf.SetAuthor(f.Issuer, true)
	pdf.SetSubject(f.Customer, true)
	pdf.SetLang("en")
	pdf.SetDisplayMode("fullpage", "continuous")
	pdf.SetMargins(marginSide, marginTop, marginSide)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	pdf.AddUTF8FontFromBytes(paper.Family, "", paper.Regular)
	pdf.AddUTF8FontFromBytes(paper.Family, "B", paper.Bold)
	pdf.SetTextColor(ink.r, ink.g, ink.b)
	return &sheet{pdf: pdf, f: f, fonts: fonts}
}

func (d *sheet) write() {
	d.pdf.AddPage()
	d.y = marginTop
	d.head()
	d.y += 5
	d.text(faceTitle, marginSide, width, d.f.Series.Title())
	d.y += 1.4
	d.text(faceText, marginSide, width, d.f.Statement())
	d.heading("Parties", 20)
	for _, p := range d.f.Parties() {
		d.row(p)
	}
	d.heading("About", 20)
	for _, p := range d.f.About() {
		d.row(p)
	}
	d.lines()
	d.y += 5
	for _, note := range d.f.Notes() {
		d.room(faceSmall.leading * 2)
		d.colored(quiet, func() { d.text(faceSmall, marginSide, width, note) })
		d.y += 0.8
	}
	d.feet()
}

// head is the first page's: who issues the document, and which one it is.
func (d *sheet) head() {
	const mark, right = 11.0, 74.0
	d.mark(marginSide, d.y+0.4, mark)
	top := d.y
	d.textRight(faceNumber, marginSide+width-right, right, "No. "+d.f.Number)
	d.textRight(faceSmall, marginSide+width-right, right, "Issued "+d.f.Time(d.f.IssuedAt))
	if d.f.Corrects != "" {
		d.textRight(faceSmall, marginSide+width-right, right, "Corrects "+d.f.Corrects)
	}
	rightEnd := d.y
	d.y = top + 0.5
	left := width - right - mark - 3.5 - 4
	d.text(faceName, marginSide+mark+3.5, left, d.f.Issuer)
	d.colored(quiet, func() { d.text(faceText, marginSide+mark+3.5, left, d.f.Service) })
	d.y = max(d.y, rightEnd, top+mark+0.8) + 2.2
	d.fill(ink)
	d.pdf.Rect(marginSide, d.y, width, 0.6, "F")
	d.y += 0.6
	if d.f.Demo {
		d.y += 2
		d.demoBar()
	}
}

func (d *sheet) demoBar() {
	const height = 5.4
	d.fill(ink)
	d.pdf.Rect(marginSide, d.y, width, height, "F")
	start := d.y
	d.y += (height - faceStrong.leading) / 2
	d.colored(white, func() { d.align(d.set(faceStrong, width, document.DemoNotice), marginSide, width, 0.5) })
	d.y = start + height
}

// continued starts the next page and says which document it belongs to.
func (d *sheet) continued() {
	d.pdf.AddPage()
	d.y = marginTop
	start := d.y
	d.text(faceLabel, marginSide, width/2, d.f.Series.Title()+", continued")
	d.y = start
	d.textRight(faceLabel, marginSide+width/2, width/2, "No. "+d.f.Number)
	d.y++
	d.fill(ink)
	d.pdf.Rect(marginSide, d.y, width, 0.4, "F")
	d.y += 0.4
	if d.f.Demo {
		d.y += 1.6
		d.demoBar()
	}
	d.y += 4
}

// room starts a new page unless height millimeters are left on this one.
func (d *sheet) room(height float64) bool {
	if d.y+height <= bottom {
		return false
	}
	d.continued()
	return true
}

// heading keeps together with the next follow millimeters.
func (d *sheet) heading(text string, follow float64) {
	const above, below = 4.2, 1.1
	if !d.room(above + faceHeading.leading + below + follow) {
		d.y += above
	}
	d.text(faceHeading, marginSide, width, text)
	d.y += below
}

// row draws one label and its value. It never breaks over two pages.
func (d *sheet) row(p document.Pair) {
	label, value := d.set(faceLabel, labelWidth-2*padX, p.Label), d.set(faceText, width-labelWidth-2*padX, p.Value)
	height := max(label.height(), value.height()) + 2*padY
	d.room(height)
	top := d.y
	d.box(marginSide, top, labelWidth, height, &shade)
	d.box(marginSide+labelWidth, top, width-labelWidth, height, nil)
	d.cell(label, marginSide+padX, top+padY)
	d.cell(value, marginSide+labelWidth+padX, top+padY)
	d.y = top + height
}

// The columns of the lines: what, how many, at how much, how much.
var columns = [4]float64{width - 19 - 35 - 35, 19, 35, 35}

// lines draws what was charged, with the total under it. The header row stands
// at the top of each page of the table; the total never stands alone.
func (d *sheet) lines() {
	head := func() { d.lineRow(faceLabel, &shade, "Description", "", "Quantity", "Unit price", "Amount") }
	d.heading(d.f.LinesHeading(), 24)
	head()
	for i, l := range d.f.Lines {
		numbers := []string{strconv.Itoa(l.Quantity), l.Unit.String(), l.Amount.String()}
		need := d.lineHeight(faceText, l.Words, l.Note, numbers)
		if i == len(d.f.Lines)-1 {
			need += faceTotal.leading + 2*padY + 1
		}
		if d.room(need) {
			head()
		}
		d.lineRow(faceText, nil, l.Words, l.Note, numbers...)
	}
	top, height := d.y, faceTotal.leading+2*padY
	d.box(marginSide, top, width, height, &shade)
	d.cell(d.set(faceTotal, width/2, d.f.TotalWords()), marginSide+padX, top+padY)
	d.y = top + padY
	d.align(d.set(faceTotal, width/2, d.f.Total.String()), marginSide+width/2, width/2-padX, 1)
	d.stroke(ink, 0.5)
	d.pdf.Line(marginSide, top, marginSide+width, top)
	d.pdf.Line(marginSide, top+height, marginSide+width, top+height)
	d.y = top + height
}

func (d *sheet) lineHeight(f face, words, note string, numbers []string) float64 {
	h := d.set(f, columns[0]-2*padX, words).height()
	if note != "" {
		h += d.set(faceSmall, columns[0]-2*padX, note).height()
	}
	for i, n := range numbers {
		h = max(h, d.set(f, columns[i+1]-2*padX, n).height())
	}
	return h + 2*padY
}

func (d *sheet) lineRow(f face, background *color, words, note string, numbers ...string) {
	top, height := d.y, d.lineHeight(f, words, note, numbers)
	x := marginSide
	for _, w := range columns {
		d.box(x, top, w, height, background)
		x += w
	}
	d.cell(d.set(f, columns[0]-2*padX, words), marginSide+padX, top+padY)
	if note != "" {
		d.colored(quiet, func() { d.text(faceSmall, marginSide+padX, columns[0]-2*padX, note) })
	}
	x = marginSide + columns[0]
	for i, n := range numbers {
		d.y = top + padY
		d.align(d.set(f, columns[i+1]-2*padX, n), x+padX, columns[i+1]-2*padX, 1)
		x += columns[i+1]
	}
	d.y = top + height
}

// feet numbers the pages, once it is known how many there are.
func (d *sheet) feet() {
	pages := d.pdf.PageCount()
	for page := 1; page <= pages; page++ {
		d.pdf.SetPage(page)
		foot := d.f.Series.Title() + " " + d.f.Number
		if d.f.Demo {
			foot += ". " + document.DemoNotice
		}
		d.y = pageHeight - 11
		d.colored(quiet, func() {
			d.text(faceSmall, marginSide, width*0.75, foot)
			d.y = pageHeight - 11
			d.textRight(faceSmall, marginSide+width*0.75, width*0.25, fmt.Sprintf("Page %d of %d", page, pages))
		})
	}
}

// mark draws the brand mark: two cable ends that meet at the line of a panel.
func (d *sheet) mark(x, y, size float64) {
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

func (d *sheet) fill(c color) { d.pdf.SetFillColor(c.r, c.g, c.b) }

func (d *sheet) stroke(c color, w float64) {
	d.pdf.SetDrawColor(c.r, c.g, c.b)
	d.pdf.SetLineWidth(w)
}

func (d *sheet) box(x, y, w, h float64, background *color) {
	d.stroke(line, 0.2)
	style := "D"
	if background != nil {
		d.fill(*background)
		style = "FD"
	}
	d.pdf.Rect(x, y, w, h, style)
}

func (d *sheet) colored(c color, draw func()) {
	d.pdf.SetTextColor(c.r, c.g, c.b)
	draw()
	d.pdf.SetTextColor(ink.r, ink.g, ink.b)
}

// block is one text, broken into lines that fit, in one weight.
type block struct {
	face  face
	style string
	lines []string
}

func (b block) height() float64 { return float64(len(b.lines)) * b.face.leading }

// set breaks s into lines of at most w millimeters.
func (d *sheet) set(f face, w float64, s string) block {
	s = d.printable(s)
	b := block{face: f}
	if f.bold && d.fonts.Bold.HasAll(strings.ReplaceAll(s, "\n", "")) {
		b.style = "B"
	}
	d.pdf.SetFont(paper.Family, b.style, f.size)
	b.lines, _ = paper.Wrap(s, w, func(r rune) float64 { return d.pdf.GetStringWidth(string(r)) })
	return b
}

// printable writes the code point of a character that the fonts lack.
func (d *sheet) printable(s string) string {
	if d.fonts.Regular.HasAll(strings.ReplaceAll(s, "\n", "")) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || d.fonts.Regular.Has(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

// align draws the block within w millimeters from x and moves the pen below it:
// share 0 is left, 0.5 centered, 1 right.
func (d *sheet) align(b block, x, w, share float64) {
	const millimeters = 25.4 / 72
	d.pdf.SetFont(paper.Family, b.style, b.face.size)
	for _, l := range b.lines {
		at := x
		if share > 0 {
			at += (w - d.pdf.GetStringWidth(l)) * share
		}
		// Capitals are 0.73 of the size high in this font: center them in the line.
		d.pdf.Text(at, d.y+b.face.leading/2+b.face.size*millimeters*0.73/2, l)
		d.y += b.face.leading
	}
}

func (d *sheet) text(f face, x, w float64, s string) { d.align(d.set(f, w, s), x, 0, 0) }

func (d *sheet) textRight(f face, x, w float64, s string) { d.align(d.set(f, w, s), x, w, 1) }

// cell draws the block with its top left corner at x, y.
func (d *sheet) cell(b block, x, y float64) {
	d.y = y
	d.align(b, x, 0, 0)
}

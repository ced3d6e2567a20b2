// Package receiptpdf prints a receipt, a credit note or an invoice as a PDF for
// the archive (PDF/A), on the same paper as the letter of authorization. The
// same facts give the same bytes.
package receiptpdf

import (
	"strconv"

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
	title := f.Series.Title()
	of := paper.Description{Title: title, Number: f.Number, Foot: title + " " + f.Number, Author: f.Issuer, Subject: f.Customer, At: f.IssuedAt}
	if f.Demo {
		of.Notice = document.DemoNotice
	}
	page, err := paper.New(of, paper.Spacing{PadY: padY, Heading: 4.2, Leading: 1.05})
	if err != nil {
		return nil, err
	}
	page.Substitute = true
	s := sheet{page, f}
	s.write()
	file, err := s.Archive(nil)
	if err != nil {
		return nil, err
	}
	return file.Bytes(file.ID()), nil
}

const padY = 0.9 // above and below the text of a cell, in millimeters

var faceTotal = paper.Face{Size: 12, Leading: 5.3, Bold: true}

// sheet is one document on its way to paper.
type sheet struct {
	*paper.Sheet
	f document.Facts
}

func (s sheet) write() {
	s.head()
	s.Y += 5
	s.Title()
	s.Y += 1.4
	s.Paragraph(paper.FaceText, paper.MarginSide, paper.Width, s.f.Statement())
	s.facts("Parties", s.f.Parties())
	s.facts("About", s.f.About())
	s.lines()
	s.Y += 5
	for _, note := range s.f.Notes() {
		s.Room(paper.FaceSmall.Leading * 2)
		s.Colored(paper.Quiet, func() { s.Paragraph(paper.FaceSmall, paper.MarginSide, paper.Width, note) })
		s.Y += 0.8
	}
	s.Feet()
}

// head is the first page's: who issues the document, and which one it is.
func (s sheet) head() {
	const right = 74.0
	x := paper.MarginSide + paper.Width - right
	s.Letterhead(s.f.Issuer, s.f.Service, right, func() {
		s.ParagraphRight(paper.FaceNumber, x, right, "No. "+s.f.Number)
		s.ParagraphRight(paper.FaceSmall, x, right, "Issued "+s.f.Time(s.f.IssuedAt))
		if s.f.Corrects != "" {
			s.ParagraphRight(paper.FaceSmall, x, right, "Corrects "+s.f.Corrects)
		}
	})
}

// facts draws a table of labels and values under its heading.
func (s sheet) facts(heading string, pairs []document.Pair) {
	s.Heading(heading, 20)
	s.As("Table", "", func() {
		for _, p := range pairs {
			s.Row(paper.FaceText, p.Label, p.Value)
		}
	})
}

// The columns of the lines: what, how many, at how much, how much.
var columns = [4]float64{paper.Width - 19 - 35 - 35, 19, 35, 35}

// line is a row of the charges: what in words, with a note in small print or
// "", and a number for each of the other columns.
type line struct {
	words, note paper.Block
	numbers     [3]paper.Block
}

func (s sheet) line(f paper.Face, words, note string, numbers ...string) line {
	l := line{words: s.Set(f, columns[0]-2*paper.PadX, words)}
	if note != "" {
		l.note = s.Set(paper.FaceSmall, columns[0]-2*paper.PadX, note)
	}
	for i, n := range numbers {
		l.numbers[i] = s.Set(f, columns[i+1]-2*paper.PadX, n)
	}
	return l
}

func (l line) height() float64 {
	h := l.words.Height() + l.note.Height()
	for _, n := range l.numbers {
		h = max(h, n.Height())
	}
	return h + 2*padY
}

// lines draws what was charged, with the total under it. The header row stands
// at the top of each page of the table; the total never stands alone.
func (s sheet) lines() {
	head := s.line(paper.FaceLabel, "Description", "", "Quantity", "Unit price", "Amount")
	words, total := s.Set(faceTotal, paper.Width/2, s.f.TotalWords()), s.Set(faceTotal, paper.Width/2, s.f.Total.String())
	height := max(words.Height(), total.Height()) + 2*padY
	s.Heading(s.f.LinesHeading(), 24)
	s.As("Table", "", func() {
		s.draw(head, true)
		for i, l := range s.f.Lines {
			row := s.line(paper.FaceText, l.Words, l.Note, strconv.Itoa(l.Quantity), l.Unit.String(), l.Amount.String())
			need := row.height()
			if i == len(s.f.Lines)-1 {
				need += height + 1
			}
			if s.Room(need) {
				// The structure has one head; this one is for the eye.
				s.Artifact(func() { s.draw(head, true) })
			}
			s.draw(row, false)
		}
		s.total(words, total, height)
	})
}

// draw draws a row of the charges.
func (s sheet) draw(l line, head bool) {
	kind, extra, background := "TD", "", (*paper.Color)(nil)
	if head {
		kind, extra, background = "TH", paper.ColumnHead, &paper.Shade
	}
	top, height := s.Y, l.height()
	s.As("TR", "", func() {
		x := paper.MarginSide
		for i, w := range columns {
			s.Box(x, top, w, height, background)
			s.As(kind, extra, func() {
				if i > 0 {
					s.CellRight(l.numbers[i-1], x+w-paper.PadX, top+padY)
					return
				}
				s.Cell(l.words, x+paper.PadX, top+padY)
				if l.note.Lines() > 0 {
					s.Colored(paper.Quiet, func() { s.Draw(l.note, x+paper.PadX) })
				}
			})
			x += w
		}
	})
	s.Y = top + height
}

// total draws the last row between two strong lines.
func (s sheet) total(words, total paper.Block, height float64) {
	top, end := s.Y, paper.MarginSide+paper.Width
	s.Box(paper.MarginSide, top, paper.Width, height, &paper.Shade)
	s.As("TR", "", func() {
		s.As("TH", paper.RowHeadOver(len(columns)-1), func() { s.Cell(words, paper.MarginSide+paper.PadX, top+padY) })
		s.As("TD", "", func() { s.CellRight(total, end-paper.PadX, top+padY) })
	})
	s.Artifact(func() {
		s.Stroke(paper.Ink, 0.5)
		s.Line(paper.MarginSide, top, end, top)
		s.Line(paper.MarginSide, top+height, end, top+height)
	})
	s.Y = top + height
}

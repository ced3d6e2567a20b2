package paper

import (
	"fmt"
	"strings"
)

// tags is the structure of a document: what is a heading, a table, a list, in the
// order in which it is read. Whatever is drawn is either part of it or said to be
// an artifact: lines, boxes, heads and feet of pages.
type tags struct {
	root    *element
	at      *element
	pages   [][]*element // by page and by number of the marked content
	outside int          // how deep in artifacts
	open    bool         // content is being marked
}

// element is a node of the structure.
type element struct {
	kind, extra string // "TH", "/A <<…>>"
	parent      *element
	kids        []any // *element or mark
}

// mark is a piece of marked content: its page and its number on it, from 0.
type mark struct{ page, id int }

func newTags() *tags {
	root := &element{kind: "Document"}
	return &tags{root: root, at: root}
}

// Attributes of elements.
const (
	RowHead    = "/A <</O /Table /Scope /Row>>"
	ColumnHead = "/A <</O /Table /Scope /Column>>"
	Numbered   = "/A <</O /List /ListNumbering /Decimal>>"
)

// RowHeadOver is the head of a row that spans columns.
func RowHeadOver(columns int) string {
	return fmt.Sprintf("/A <</O /Table /Scope /Row /ColSpan %d>>", columns)
}

// As makes what draw draws an element of this kind.
func (s *Sheet) As(kind, extra string, draw func()) {
	if s.tags.outside > 0 {
		draw()
		return
	}
	e := &element{kind: kind, extra: extra, parent: s.tags.at}
	s.tags.at.kids = append(s.tags.at.kids, e)
	s.tags.at = e
	draw()
	s.tags.at = e.parent
}

// Artifact draws what is not part of the text.
func (s *Sheet) Artifact(draw func()) {
	t := s.tags
	if t.outside > 0 || t.open {
		t.outside++
		draw()
		t.outside--
		return
	}
	t.outside++
	s.pdf.RawWriteStr("/Artifact BMC")
	draw()
	s.pdf.RawWriteStr("EMC")
	t.outside--
}

// content marks what draw draws as a piece of the present element, unless it is
// an artifact.
func (s *Sheet) content(draw func()) {
	t := s.tags
	if t.outside > 0 {
		draw()
		return
	}
	page := s.pdf.PageNo()
	for len(t.pages) < page {
		t.pages = append(t.pages, nil)
	}
	m := mark{page, len(t.pages[page-1])}
	t.pages[page-1] = append(t.pages[page-1], t.at)
	t.at.kids = append(t.at.kids, m)
	s.pdf.RawWriteStr(fmt.Sprintf("/%s <</MCID %d>> BDC", t.at.kind, m.id))
	t.open = true
	draw()
	t.open = false
	s.pdf.RawWriteStr("EMC")
}

// PageObject is the number that the PDF library gives a page.
func PageObject(page int) int { return 1 + 2*page }

// write adds the structure to the file and returns the entries of the catalog.
func (t *tags) write(f *File) string {
	tree := f.Reserve()
	numbers := map[*element]int{}
	var add func(e *element, parent int) int
	add = func(e *element, parent int) int {
		n := f.Reserve()
		numbers[e] = n
		var kids []string
		for _, k := range e.kids {
			switch k := k.(type) {
			case *element:
				kids = append(kids, fmt.Sprintf("%d 0 R", add(k, n)))
			case mark:
				kids = append(kids, fmt.Sprintf("<</Type /MCR /Pg %d 0 R /MCID %d>>", PageObject(k.page), k.id))
			}
		}
		extra := e.extra
		if extra != "" {
			extra = " " + extra
		}
		f.Set(n, "<</Type /StructElem /S /%s /P %d 0 R%s /K [%s]>>", e.kind, parent, extra, strings.Join(kids, " "))
		return n
	}
	root := add(t.root, tree)
	var nums []string
	for i, page := range t.pages {
		refs := make([]string, len(page))
		for j, e := range page {
			refs[j] = fmt.Sprintf("%d 0 R", numbers[e])
		}
		nums = append(nums, fmt.Sprintf("%d [%s]", i, strings.Join(refs, " ")))
		f.Extend(PageObject(i+1), fmt.Sprintf("/StructParents %d /Tabs /S", i))
	}
	parents := f.add("<</Nums [%s]>>", strings.Join(nums, "\n"))
	f.Set(tree, "<</Type /StructTreeRoot /K [%d 0 R] /ParentTree %d 0 R /ParentTreeNextKey %d>>", root, parents, len(nums))
	return fmt.Sprintf(" /MarkInfo <</Marked true>> /StructTreeRoot %d 0 R", tree)
}

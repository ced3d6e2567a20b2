package loapdf

import (
	"fmt"
	"strings"
)

// tags is the structure of a letter: what is a heading, a table, a list, in the
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
	rowHead    = "/A <</O /Table /Scope /Row>>"
	columnHead = "/A <</O /Table /Scope /Column>>"
	numbered   = "/A <</O /List /ListNumbering /Decimal>>"
)

// as makes what draw draws an element of this kind.
func (d *document) as(kind, extra string, draw func()) {
	if d.tags.outside > 0 {
		draw()
		return
	}
	e := &element{kind: kind, extra: extra, parent: d.tags.at}
	d.tags.at.kids = append(d.tags.at.kids, e)
	d.tags.at = e
	draw()
	d.tags.at = e.parent
}

// artifact draws what is not part of the text.
func (d *document) artifact(draw func()) {
	t := d.tags
	if t.outside > 0 || t.open {
		t.outside++
		draw()
		t.outside--
		return
	}
	t.outside++
	d.pdf.RawWriteStr("/Artifact BMC")
	draw()
	d.pdf.RawWriteStr("EMC")
	t.outside--
}

// content marks what draw draws as a piece of the present element, unless it is
// an artifact.
func (d *document) content(draw func()) {
	t := d.tags
	if t.outside > 0 {
		draw()
		return
	}
	page := d.pdf.PageNo()
	for len(t.pages) < page {
		t.pages = append(t.pages, nil)
	}
	m := mark{page, len(t.pages[page-1])}
	t.pages[page-1] = append(t.pages[page-1], t.at)
	t.at.kids = append(t.at.kids, m)
	d.pdf.RawWriteStr(fmt.Sprintf("/%s <</MCID %d>> BDC", t.at.kind, m.id))
	t.open = true
	draw()
	t.open = false
	d.pdf.RawWriteStr("EMC")
}

// pageObject is the number that the PDF library gives a page.
func pageObject(page int) int { return 1 + 2*page }

// write adds the structure to the file and returns the entries of the catalog.
func (t *tags) write(f *file) string {
	tree := f.reserve()
	numbers := map[*element]int{}
	var add func(e *element, parent int) int
	add = func(e *element, parent int) int {
		n := f.reserve()
		numbers[e] = n
		var kids []string
		for _, k := range e.kids {
			switch k := k.(type) {
			case *element:
				kids = append(kids, fmt.Sprintf("%d 0 R", add(k, n)))
			case mark:
				kids = append(kids, fmt.Sprintf("<</Type /MCR /Pg %d 0 R /MCID %d>>", pageObject(k.page), k.id))
			}
		}
		extra := e.extra
		if extra != "" {
			extra = " " + extra
		}
		f.set(n, "<</Type /StructElem /S /%s /P %d 0 R%s /K [%s]>>", e.kind, parent, extra, strings.Join(kids, " "))
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
		f.extend(pageObject(i+1), fmt.Sprintf("/StructParents %d /Tabs /S", i))
	}
	parents := f.add("<</Nums [%s]>>", strings.Join(nums, "\n"))
	f.set(tree, "<</Type /StructTreeRoot /K [%d 0 R] /ParentTree %d 0 R /ParentTreeNextKey %d>>", root, parents, len(nums))
	return fmt.Sprintf(" /MarkInfo <</Marked true>> /StructTreeRoot %d 0 R", tree)
}

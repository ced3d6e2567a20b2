package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"

	"demarc/store/redundancy"
	"demarc/store/sheet"
)

// Mode says what an import does with what the file does not name.
type Mode string

// The modes.
const (
	AddAndChange Mode = "add"     // what the file does not name stays
	ReplaceAll   Mode = "replace" // what the file does not name is removed
)

// Modes returns every mode.
func Modes() []Mode { return []Mode{AddAndChange, ReplaceAll} }

// Label is the mode as people choose it.
func (m Mode) Label() string {
	if m == ReplaceAll {
		return "Replace everything"
	}
	return "Add and change"
}

// Outcome is what an import would do with a row.
type Outcome string

// The outcomes.
const (
	Added     Outcome = "added"
	Changed   Outcome = "changed"
	Removed   Outcome = "removed"
	Refused   Outcome = "refused"
	Unchanged Outcome = "unchanged"
)

// Line is one line of the report.
type Line struct {
	Line    int // in the file; 0 for what the file does not name
	Kind    Kind
	ID      string
	Outcome Outcome
	Reason  string // what is new or changes, or why not
}

// Present is a row as the store has it now.
type Present struct {
	Row
	// Hold says why the row cannot be removed, in words; "" when it can.
	Hold string
	// Letter is the number of a letter that names it; "" when none does.
	Letter string
	// State is the store's own word for the state of a port.
	State string
	// Apart names the access points, by ID, where interfaces are that are
	// redundant with interfaces here: a name or an address must not put the two
	// into one building without a reason.
	Apart []string
}

// Change is a row that is there and gets other cells.
type Change struct {
	Was Present
	Is  Row
}

// Counts is how many rows have each outcome.
type Counts struct{ Added, Changed, Removed, Refused, Unchanged int }

// Does reports whether anything would be written.
func (c Counts) Does() bool { return c.Added+c.Changed+c.Removed > 0 }

func (c *Counts) add(o Outcome) {
	switch o {
	case Added:
		c.Added++
	case Changed:
		c.Changed++
	case Removed:
		c.Removed++
	case Refused:
		c.Refused++
	case Unchanged:
		c.Unchanged++
	}
}

// Plan is what an import would do.
type Plan struct {
	Mode   Mode
	Rows   int // of the file
	Total  Counts
	Kinds  map[Kind]Counts
	Lines  []Line // all but the unchanged, by line; what the file does not name last
	Add    []Row  // parents first
	Change []Change
	Remove []Present // children first
	// Hash stands for the present that the plan was made from and for all that
	// it would do: an equal hash is an equal plan over an equal inventory.
	Hash string
}

// planner makes a plan.
type planner struct {
	file *File
	mode Mode
	plan *Plan
	sum  hash.Hash
	buf  []byte

	kept   map[Kind]map[string]Row // rows of the present that stay and are not in the file; ports are not in it
	scopes map[string]int32
	claims map[claimKey]int32  // by owner: a row of the file, or ^place in owners
	owners []string            // labels of rows that are not in the file
	mine   []claim             // of the row at hand
	apart  map[string][]string // Present.Apart by ID
}

type claimKey struct {
	scope int32
	name  string
}

// Plan says what an import of the file would do to the present, which present
// tells row by row: kinds in the order of Kinds, each in a
// stable order. A plan with a refused line is not to be carried out. A File
// makes one plan.
func (f *File) Plan(mode Mode, present func(visit func(Present) error) error) (*Plan, error) {
	p := &planner{file: f, mode: mode, sum: sha256.New(), kept: map[Kind]map[string]Row{}, scopes: map[string]int32{}, claims: map[claimKey]int32{}, apart: map[string][]string{},
		plan: &Plan{Mode: mode, Rows: f.Rows, Kinds: map[Kind]Counts{}, Lines: slices.Clone(f.bad)}}
	p.note(string(mode))
	for _, k := range kinds {
		p.kept[k.kind] = map[string]Row{}
	}
	if err := present(func(was Present) error {
		p.meet(was)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, k := range kinds {
		for i := range f.rows[k.kind] {
			p.judge(&k, i)
		}
	}
	p.finish()
	return p.plan, nil
}

// note takes a piece of text into the hash, with its length, so that no two
// lists of pieces look alike.
func (p *planner) note(cells ...string) {
	p.buf = p.buf[:0]
	for _, c := range cells {
		p.buf = binary.AppendUvarint(p.buf, uint64(len(c)))
		p.buf = append(p.buf, c...)
	}
	p.sum.Write(p.buf)
}

func (p *planner) line(r Row, o Outcome, reason string) {
	p.plan.Lines = append(p.plan.Lines, Line{Line: r.Line, Kind: r.Kind, ID: r.ID(), Outcome: o, Reason: reason})
}

// meet looks at a row of the present.
func (p *planner) meet(was Present) {
	p.note(string(was.Kind))
	p.note(was.Cells...)
	if len(was.Apart) > 0 {
		p.apart[was.ID()] = was.Apart
	}
	k := columns[was.Kind]
	if i, ok := p.file.index[was.Kind][was.ID()]; ok {
		r := &p.file.rows[was.Kind][i]
		r.seen = true
		for c, given := range p.file.given[was.Kind] {
			if !given || columns[was.Kind].columns[c].made {
				r.Cells[c] = was.Cells[c]
			}
		}
		p.fill(k, &r.Row, was.Row)
		if !slices.Equal(r.Cells, was.Cells) {
			r.was = &was
		}
		return
	}
	if p.mode == ReplaceAll {
		if was.Hold != "" {
			p.line(was.Row, Refused, "It is not in the file, and cannot be removed: "+was.Hold)
			return
		}
		p.line(was.Row, Removed, "It is not in the file.")
		p.plan.Remove = append(p.plan.Remove, was)
		return
	}
	if was.Kind != Port {
		p.kept[was.Kind][was.ID()] = was.Row
	}
	if k.claims != nil {
		owner := ^int32(len(p.owners))
		p.owners = append(p.owners, p.label(was.Row))
		p.mine = k.claims(p, was.Row, p.mine[:0])
		for _, c := range p.mine {
			p.claims[claimKey{c.scope, c.name}] = owner
		}
	}
	p.count(was.Kind, Unchanged)
}

// fill gives empty cells what they usually hold, but for those that are empty
// already.
func (p *planner) fill(k *kind, r *Row, was Row) {
	for c := range k.columns {
		if r.Cells[c] == "" && k.columns[c].usual != nil && (was.Cells == nil || was.Cells[c] != "") {
			r.Cells[c] = k.columns[c].usual(*r)
		}
	}
}

// find is a row as it will be.
func (p *planner) find(k Kind, id string) (Row, bool) {
	if i, ok := p.file.index[k][id]; ok {
		return p.file.rows[k][i].Row, true
	}
	r, ok := p.kept[k][id]
	return r, ok
}

// scope numbers a group of rows, among which claims are told apart.
func (p *planner) scope(parts ...string) int32 {
	p.buf = p.buf[:0]
	for _, part := range parts {
		p.buf = append(append(p.buf, part...), 0)
	}
	n, ok := p.scopes[string(p.buf)]
	if !ok {
		n = int32(len(p.scopes))
		p.scopes[string(p.buf)] = n
	}
	return n
}

func (p *planner) count(k Kind, o Outcome) {
	c := p.plan.Kinds[k]
	c.add(o)
	p.plan.Kinds[k] = c
	p.plan.Total.add(o)
}

// judge decides about row i of a kind of the file.
func (p *planner) judge(k *kind, i int) {
	r := &p.file.rows[k.kind][i]
	if r.bad {
		return
	}
	if !r.seen {
		p.fill(k, &r.Row, Row{})
	}
	if reason := p.refusal(k, r, i); reason != "" {
		r.bad = true
		p.line(r.Row, Refused, reason)
		return
	}
	switch {
	case !r.seen:
		p.line(r.Row, Added, described(r.Row))
		p.plan.Add = append(p.plan.Add, r.Row)
	case r.was != nil:
		p.line(r.Row, Changed, Differences(r.was.Row, r.Row))
		p.plan.Change = append(p.plan.Change, Change{Was: *r.was, Is: r.Row})
	default:
		p.count(k.kind, Unchanged)
	}
}

// refusal is why a row cannot be taken; "" when it can.
func (p *planner) refusal(k *kind, r *row, i int) string {
	for c := range k.columns {
		col, cell := &k.columns[c], r.Cells[c]
		if col.required && cell == "" {
			return "The column " + col.name + " is missing; a new " + k.kind.Words() + " needs it."
		}
		if col.ref != "" {
			if _, ok := p.find(col.ref, cell); !ok {
				if p.mode == ReplaceAll {
					return "The " + col.ref.Words() + " " + quoted(cell) + " is not in the file."
				}
				return "The " + col.ref.Words() + " " + quoted(cell) + " is neither in the file nor in the inventory."
			}
		}
		if r.was == nil || cell == r.was.Cells[c] {
			continue
		}
		switch {
		case col.fixed != "":
			return col.name + ": " + col.fixed
		case col.printed && r.was.Letter != "":
			return col.name + ": Letter " + r.was.Letter + " says " + quoted(r.was.Cells[c]) + ". Change it on the page of the " + k.kind.Words() + "."
		case col.held && r.was.Hold != "":
			return col.name + ": It cannot change by an import while the " + k.kind.Words() + " is held. " + r.was.Hold
		}
	}
	if id := r.Get("calendar"); id != "" && !slices.Contains(p.file.Calendars, id) {
		return "The calendar " + quoted(id) + " is unknown. Make it under Working days first, or leave the column empty."
	}
	if reason := p.oneBuilding(r); reason != "" {
		return reason
	}
	if k.claims == nil {
		return ""
	}
	p.mine = k.claims(p, r.Row, p.mine[:0])
	for n, c := range p.mine {
		owner, taken := p.claims[claimKey{c.scope, c.name}]
		if taken && owner >= 0 {
			first := p.file.rows[k.kind][owner]
			return c.words() + " belongs to " + p.label(first.Row) + " in line " + strconv.Itoa(first.Line) + "."
		}
		if taken {
			return c.words() + " belongs to " + p.owners[^owner] + " already."
		}
		if slices.ContainsFunc(p.mine[:n], func(o claim) bool { return o.scope == c.scope && o.name == c.name }) {
			return c.words() + " stands twice in this row."
		}
	}
	for _, c := range p.mine {
		p.claims[claimKey{c.scope, c.name}] = int32(i)
	}
	return ""
}

// oneBuilding refuses to call two facilities one, by name or by address, while
// redundant interfaces are in them: that needs a reason, which a file has no
// place for.
func (p *planner) oneBuilding(r *row) string {
	if r.Kind != AccessPoint || r.was == nil {
		return ""
	}
	for _, other := range p.apart[r.ID()] {
		is, ok := p.find(AccessPoint, other)
		was := is
		if i, inFile := p.file.index[AccessPoint][other]; inFile && p.file.rows[AccessPoint][i].was != nil {
			was = p.file.rows[AccessPoint][i].was.Row
		}
		if ok && sameBuilding(r.Row, is) && !sameBuilding(r.was.Row, was) {
			return "Redundant interfaces are here and at " + is.Get("name") + ": both would be in one building. Change the facility on the page of the access point, where a reason is given."
		}
	}
	return ""
}

func sameBuilding(a, b Row) bool {
	return redundancy.OneBuilding(a.Get("facility_name"), a.Get("address"), b.Get("facility_name"), b.Get("address"))
}

// Differences is what changes between two rows of a kind, in words.
func Differences(was, is Row) string {
	k := columns[is.Kind]
	var out []string
	for c := range k.columns {
		if was.Cells[c] != is.Cells[c] {
			out = append(out, k.columns[c].name+" "+cmp.Or(oneLine(was.Cells[c]), "(empty)")+" → "+cmp.Or(oneLine(is.Cells[c]), "(empty)"))
		}
	}
	return strings.Join(out, "; ")
}

// described is what a new row says, in words: what it says as such rows usually
// do is left out.
func described(r Row) string {
	var out []string
	for c, col := range columns[r.Kind].columns[1:] { // the ID stands beside it
		if cell := r.Cells[c+1]; cell != "" && (col.usual == nil || col.usual(r) != cell) {
			out = append(out, col.name+" "+oneLine(cell))
		}
	}
	return strings.Join(out, "; ")
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ⏎ ") }

// finish orders the plan and counts it.
func (p *planner) finish() {
	pl := p.plan
	slices.Reverse(pl.Remove) // the present comes parents first
	slices.SortStableFunc(pl.Lines, func(a, b Line) int {
		last := func(l Line) int {
			if l.Line == 0 {
				return 1
			}
			return 0
		}
		return cmp.Or(last(a)-last(b), cmp.Compare(a.Line, b.Line))
	})
	for _, l := range pl.Lines {
		p.count(l.Kind, l.Outcome)
		p.note(strconv.Itoa(l.Line), string(l.Kind), l.ID, string(l.Outcome), l.Reason)
	}
	for _, r := range pl.Add {
		p.note(r.Cells...)
	}
	for _, c := range pl.Change {
		p.note(c.Is.Cells...)
	}
	pl.Hash = hex.EncodeToString(p.sum.Sum(nil))
}

// Select returns the first lines with an outcome, at most limit.
func (p *Plan) Select(o Outcome, limit int) []Line {
	var out []Line
	for _, l := range p.Lines {
		if l.Outcome == o {
			if len(out) == limit {
				break
			}
			out = append(out, l)
		}
	}
	return out
}

// WriteReport writes every line but the unchanged as CSV, the refused first. It
// is for people, who open it in a spreadsheet, and quotes a file that may come
// from anybody: no cell of it is a formula.
func (p *Plan) WriteReport(out io.Writer) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"line", "kind", "id", "outcome", "reason"}); err != nil {
		return err
	}
	for _, refused := range []bool{true, false} {
		for _, l := range p.Lines {
			if (l.Outcome == Refused) != refused {
				continue
			}
			line := ""
			if l.Line > 0 {
				line = strconv.Itoa(l.Line)
			}
			if err := w.Write([]string{line, sheet.Text(string(l.Kind)), sheet.Text(l.ID), string(l.Outcome), sheet.Text(l.Reason)}); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}

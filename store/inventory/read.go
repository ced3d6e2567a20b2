package inventory

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a file. They bound the memory that an import takes, whatever is
// sent: see MaxRows and MaxBytes. A row is a few thousand bytes at most; without
// a limit of its own, a file of commas would become forty times as large.
const (
	MaxBytes    = 32 << 20
	MaxRows     = 100_000
	MaxRowBytes = 64 << 10
)

// File is a file that was read, with what is wrong with its lines.
type File struct {
	// Rows is how many rows were read, the header left out.
	Rows int
	// Calendars are the IDs of the calendars that a region can keep, for Plan.
	// They are not in the file: a year of public holidays is no inventory.
	Calendars []string

	rows  map[Kind][]row
	index map[Kind]map[string]int
	given map[Kind][]bool // which columns the header has
	bad   []Line
}

// row is a Row of the file on its way to a plan.
type row struct {
	Row
	bad  bool     // refused already
	seen bool     // the present has it
	was  *Present // when it says something else
}

// Read reads a file row by row. What is wrong with a row is kept for the plan,
// which refuses the row; an error is one of reading alone. progress, which may
// be nil, is told now and then how many rows and bytes were read.
func Read(in io.Reader, progress func(rows int, bytes int64)) (*File, error) {
	f := &File{rows: map[Kind][]row{}, index: map[Kind]map[string]int{}, given: map[Kind][]bool{}}
	for _, k := range kinds {
		f.index[k.kind], f.given[k.kind] = map[string]int{}, make([]bool, len(k.columns))
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	switch start, err := buffered.Peek(3); {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case string(start) == "\ufeff":
		buffered.Discard(3) // it was peeked: it is there
	case len(start) >= 2 && (start[0] == 0xff && start[1] == 0xfe || start[0] == 0xfe && start[1] == 0xff):
		f.refuse(1, "", "", "The file is in UTF-16. Save it as CSV in UTF-8.")
		return f, nil
	}
	r := csv.NewReader(&shortRows{in: buffered})
	r.FieldsPerRecord, r.ReuseRecord = -1, true

	head, err := r.Read()
	if broken := f.broken(err); broken != nil || err != nil {
		if errors.Is(err, io.EOF) {
			f.refuse(1, "", "", "The file is empty. Its first line names the columns.")
			broken = nil
		}
		return f, broken
	}
	names, ok := f.head(head)
	if !ok {
		return f, nil
	}
	interned := map[string]string{}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return f, f.broken(err)
		}
		line, _ := r.FieldPos(0)
		if f.Rows++; f.Rows > MaxRows {
			f.refuse(line, "", "", "The file has more than "+strconv.Itoa(MaxRows)+" rows. Import it in parts.")
			break
		}
		f.add(line, names, cells, interned)
		if progress != nil && f.Rows%500 == 0 {
			progress(f.Rows, r.InputOffset())
		}
	}
	if progress != nil {
		progress(f.Rows, r.InputOffset())
	}
	return f, nil
}

// broken keeps a fault of the CSV itself as a refused line. What follows it
// cannot be trusted and is not read.
func (f *File) broken(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		f.refuse(p.StartLine, "", "", "A quotation mark is not closed or stands inside a cell without a second one. The rest of the file was not read.")
		return nil
	}
	var long *longRow
	if errors.As(err, &long) {
		f.refuse(long.line, "", "", "A row is longer than "+strconv.Itoa(MaxRowBytes>>10)+" KB, or a quotation mark is not closed. The rest of the file was not read.")
		return nil
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// longRow is the error of a row that is too long.
type longRow struct{ line int }

func (e *longRow) Error() string { return "a row is too long" }

// shortRows passes rows on until one is longer than MaxRowBytes, before anybody
// takes it apart. A row ends with a line that ends outside quotation marks.
type shortRows struct {
	in           io.Reader
	quoted       bool
	size         int // of the row so far
	lines, began int // lines that ended, and those before the row
	err          error
}

func (s *shortRows) Read(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.in.Read(b)
	for i, c := range b[:n] {
		s.size++
		switch {
		case c == '"':
			s.quoted = !s.quoted
		case c == '\n':
			s.lines++
			if !s.quoted {
				s.size, s.began = 0, s.lines
			}
		}
		if s.size > MaxRowBytes {
			s.err = &longRow{s.began + 1}
			return i, s.err
		}
	}
	return n, err
}

func (f *File) refuse(line int, k Kind, id, reason string) {
	f.bad = append(f.bad, Line{Line: line, Kind: k, ID: id, Outcome: Refused, Reason: reason})
}

// head reads the names of the columns.
func (f *File) head(cells []string) (names []string, ok bool) {
	if len(cells) > 2*len(header) {
		f.refuse(1, "", "", "The header has "+strconv.Itoa(len(cells))+" columns, more than there are.")
		return nil, false
	}
	ok = true
	for _, c := range cells {
		name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(c)), " ", "_")
		switch {
		case len(cells) == 1 && strings.ContainsAny(name, ";\t"):
			f.refuse(1, "", "", "The columns must be separated by commas.")
			return nil, false
		case !slices.Contains(header, name):
			f.refuse(1, "", "", "The column "+quoted(name)+" is unknown.")
			ok = false
		case slices.Contains(names, name):
			f.refuse(1, "", "", "The column "+name+" stands twice in the header.")
			ok = false
		}
		names = append(names, name)
	}
	if ok && !slices.Contains(names, "kind") {
		f.refuse(1, "", "", "The column kind is missing.")
		ok = false
	}
	for k, at := range places {
		for _, name := range names {
			if i, has := at[name]; has {
				f.given[k][i] = true
			}
		}
	}
	return names, ok
}

// add reads one row.
func (f *File) add(line int, names, cells []string, interned map[string]string) {
	for len(cells) > len(names) && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) != len(names) {
		f.refuse(line, "", "", "The line has "+strconv.Itoa(len(cells))+" cells, the header "+strconv.Itoa(len(names))+".")
		return
	}
	what := Kind(strings.ToLower(strings.TrimSpace(cells[slices.Index(names, "kind")])))
	k := columns[what]
	if k == nil {
		if what == "" {
			f.refuse(line, "", "", "The kind is missing.")
		} else {
			f.refuse(line, "", "", "The kind "+quoted(string(what))+" is unknown.")
		}
		return
	}
	out := row{Row: Row{Line: line, Kind: what, Cells: make([]string, len(k.columns))}}
	var problem string
	for i, name := range names {
		if name == "kind" {
			continue
		}
		cell := strings.TrimSpace(cells[i])
		at, has := places[what][name]
		if !has || k.columns[at].made {
			if cell != "" && problem == "" {
				problem = "The column " + name + " does not belong to the kind " + k.kind.Words() + "."
			}
			continue
		}
		c := &k.columns[at]
		if cell == "" {
			continue
		}
		cell, wrong := c.check(cell)
		if wrong != "" && problem == "" {
			problem = name + ": " + wrong + "."
		}
		// A file repeats the same rooms and panels all over: one copy each, and
		// no reference to the whole line.
		kept, known := interned[cell]
		if !known {
			kept = strings.Clone(cell)
			if i > 1 && len(interned) < 4096 {
				interned[kept] = kept
			}
		}
		out.Cells[at] = kept
	}
	if out.Cells[0] == "" {
		out.Cells[0] = k.id(out.Row)
		if _, wrong := k.columns[0].check(out.Cells[0]); wrong != "" && problem == "" {
			problem = "The ID is missing, and none can be made from the name."
		}
	}
	for i := range k.columns {
		if c := &k.columns[i]; c.required && f.given[what][i] && out.Cells[i] == "" && c.usual == nil && problem == "" {
			problem = "The cell " + c.name + " is empty."
		}
	}
	if out.Cells[0] == "" && problem == "" {
		problem = "The cell id is empty."
	}
	id := out.Cells[0]
	if first, twice := f.index[what][id]; twice && id != "" {
		f.refuse(line, what, id, "The "+k.kind.Words()+" "+id+" is in line "+strconv.Itoa(f.rows[what][first].Line)+" already.")
		return
	}
	if problem != "" {
		out.bad = true
		f.refuse(line, what, id, problem)
	}
	// A refused row stays known, so that rows that refer to it are judged by
	// themselves.
	if id != "" {
		f.index[what][id] = len(f.rows[what])
		f.rows[what] = append(f.rows[what], out)
	}
}

// check makes a cell canonical, or says what is wrong with it.
func (c *column) check(cell string) (canonical, problem string) {
	if strings.ContainsRune(cell, '\r') {
		cell = strings.ReplaceAll(cell, "\r\n", "\n")
	}
	switch {
	case !printable(cell, true):
		return cell, "Remove the characters that cannot be printed"
	case !c.lines && strings.ContainsRune(cell, '\n'):
		return cell, "Use one line"
	case c.limit > 0 && utf8.RuneCountInString(cell) > c.limit:
		return cell, "Use at most " + strconv.Itoa(c.limit) + " characters"
	case c.read != nil:
		return c.read(cell)
	}
	return cell, ""
}

// Writer writes rows as a file that Read understands: UTF-8 without a mark at
// its beginning, lines that end in LF.
type Writer struct {
	csv    *csv.Writer
	record []string
	begun  bool
}

// NewWriter returns a Writer to out.
func NewWriter(out io.Writer) *Writer {
	return &Writer{csv: csv.NewWriter(out), record: make([]string, len(header))}
}

// Write writes the row, after the header when it is the first.
func (w *Writer) Write(r Row) error {
	if err := w.begin(); err != nil {
		return err
	}
	clear(w.record)
	w.record[0] = string(r.Kind)
	for i, name := range header[1:] {
		w.record[i+1] = r.cell(name)
	}
	return w.csv.Write(w.record)
}

func (w *Writer) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.csv.Write(header)
}

// Flush writes what is buffered; the header alone when there was no row.
func (w *Writer) Flush() error {
	if err := w.begin(); err != nil {
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

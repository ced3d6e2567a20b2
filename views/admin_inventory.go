package views

import (
	"strconv"
	"strings"

	"demarc/store/inventory"
	"demarc/views/ui"
)

// InventoryForm is the form that uploads a file.
type InventoryForm struct {
	Mode     string // an inventory.Mode
	Key      string
	Errors   map[string]string
	Conflict string
}

func (f InventoryForm) summary() []ui.FieldError { return ui.ErrorList(f.Errors, "mode", "file") }

func (f InventoryForm) modes() ui.Control {
	return ui.Control{Name: "mode", Label: "What is not in the file", Value: f.Mode, Error: f.Errors["mode"], Columns: "wide", Options: []ui.Option{
		{Value: string(inventory.AddAndChange), Label: inventory.AddAndChange.Label(), Sub: "It stays as it is"},
		{Value: string(inventory.ReplaceAll), Label: inventory.ReplaceAll.Label(), Sub: "It is removed, unless something holds it"},
	}}
}

// InventoryImport is an import as its owner sees it.
type InventoryImport struct {
	Busy, Applying, Ready, Done, Failed bool
	Mode                                inventory.Mode
	Rows                                int // read so far
	Progress, Of                        int // of what is under way
	Counts                              inventory.Counts
	Kinds                               map[inventory.Kind]inventory.Counts
	Refused, Added, Changed, Removed    []inventory.Line // the first ones
	Hash, Notice, Key                   string
	Confirmable                         bool
}

// progress is how far the work is, in words.
func (i InventoryImport) progress() string {
	if i.Applying {
		return thousands(i.Progress) + " of " + thousands(i.Of) + " changes written"
	}
	return thousands(i.Rows) + " lines read"
}

func (i InventoryImport) title() string {
	switch {
	case i.Applying:
		return "Import under way"
	case i.Busy:
		return "Dry run under way"
	case i.Done:
		return "Imported"
	case i.Failed:
		return "Nothing was imported"
	case i.Counts.Refused > 0:
		return countOf(i.Counts.Refused, "line is refused", "lines are refused")
	case i.Confirmable:
		return "The file can be imported"
	}
	return "Nothing to import"
}

// said is the title with its numbers, for those who do not see it change.
func (i InventoryImport) said() string {
	if i.Busy {
		return ""
	}
	return i.title()
}

// outcome is what the numbers mean.
func (i InventoryImport) outcome() string {
	switch {
	case i.Counts.Refused > 0:
		return "Nothing is imported while a line is refused. Correct these lines in the file, then upload it again."
	case i.Confirmable:
		return "Nothing was changed yet. The import writes all of it at once, or nothing."
	}
	return "The inventory says what the file says already."
}

// button names what the confirmation does.
func (i InventoryImport) button() string {
	n := i.Counts.Added + i.Counts.Changed + i.Counts.Removed
	return "Import " + thousands(n) + " " + strings.TrimPrefix(countOf(n, "change", "changes"), strconv.Itoa(n)+" ")
}

func (i InventoryImport) kind() string {
	if i.Counts.Removed > 0 {
		return ui.KindDanger
	}
	return ui.KindPrimary
}

// next is the title of the form for the next file; "" while this one is under
// way or waits for its confirmation.
func (i InventoryImport) next() string {
	switch {
	case i.Busy || i.Confirmable:
		return ""
	case i.Ready && i.Counts.Refused > 0:
		return "Upload the corrected file"
	}
	return "Import another file"
}

// kindRow is a row of the table of counts.
type kindRow struct {
	name string
	inventory.Counts
}

var kindColumns = []ui.Column{{Label: "Rows"}, {Label: "Added", Class: "num"}, {Label: "Changed", Class: "num"}, {Label: "Removed", Class: "num"}, {Label: "Refused", Class: "num"}, {Label: "Unchanged", Class: "num"}}

// numbers are the counts in the order of kindColumns.
func (r kindRow) numbers() [5]int {
	return [5]int{r.Added, r.Changed, r.Removed, r.Refused, r.Unchanged}
}

func (i InventoryImport) rows() []kindRow {
	var out []kindRow
	for _, k := range inventory.Kinds() {
		if c := i.Kinds[k]; c != (inventory.Counts{}) {
			out = append(out, kindRow{kindWords(k), c})
		}
	}
	if c := i.Kinds[""]; c.Refused > 0 {
		out = append(out, kindRow{"Not understood", c})
	}
	return append(out, kindRow{"All", i.Counts})
}

// kindWords are the things of a kind: "Access points".
func kindWords(k inventory.Kind) string {
	words := k.Words()
	return strings.ToUpper(words[:1]) + words[1:] + "s"
}

// lineList is a table of lines of the report.
type lineList struct {
	id, title, why string
	lines          []inventory.Line
	all            int
}

func (i InventoryImport) lists() []lineList {
	var out []lineList
	for _, l := range []lineList{
		{"refused-h", "Refused", "Reason", i.Refused, i.Counts.Refused},
		{"removed-h", "Removed", "Reason", i.Removed, i.Counts.Removed},
		{"changed-h", "Changed", "Change", i.Changed, i.Counts.Changed},
		{"added-h", "Added", "What it says", i.Added, i.Counts.Added},
	} {
		if l.all > 0 {
			out = append(out, l)
		}
	}
	return out
}

// count says how many of the lines are shown.
func (l lineList) count() string {
	if l.all > len(l.lines) {
		return "The first " + strconv.Itoa(len(l.lines)) + " of " + thousands(l.all) + ". The report has all of them."
	}
	return countOf(l.all, "line", "lines")
}

func lineNumber(n int) string {
	if n == 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

// lineName is lineNumber where no column head says what it is.
func lineName(n int) string {
	if n == 0 {
		return "Not in the file"
	}
	return "Line " + strconv.Itoa(n)
}

// Inventory is the page about the inventory as a file. Import is nil when the
// person has none.
type Inventory struct {
	Regions, AccessPoints, Devices, Ports int
	Form                                  InventoryForm
	Import                                *InventoryImport
	Columns                               []inventory.Column
}

// uploadTitle is the title of the form for a file.
func (v Inventory) uploadTitle() string {
	if v.Import == nil {
		return "Import"
	}
	return v.Import.next()
}

func (v Inventory) size() string {
	return countOf(v.Regions, "region", "regions") + ", " + countOf(v.AccessPoints, "access point", "access points") + ", " + countOf(v.Devices, "device", "devices") + " and " +
		thousands(v.Ports) + " " + strings.TrimPrefix(countOf(v.Ports, "port", "ports"), strconv.Itoa(v.Ports)+" ")
}

func columnKinds(c inventory.Column) string {
	if len(c.Kinds) == len(inventory.Kinds()) {
		return "all"
	}
	out := make([]string, len(c.Kinds))
	for i, k := range c.Kinds {
		out[i] = string(k)
	}
	return strings.Join(out, ", ")
}

// thousands writes a number that may be large: 50,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Package sheet is about cells of CSV files that people open in a spreadsheet.
package sheet

import "strings"

// Text keeps a spreadsheet from running a cell: one that begins like a formula
// is made text with an apostrophe. Full-width signs count, since some
// spreadsheets read them as the plain ones.
func Text(cell string) string {
	if strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + cell
	}
	return cell
}

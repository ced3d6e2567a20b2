// Package paper is what the documents have in common that are printed as PDF: the
// page with its head and feet, text and tables in the fonts and colors of the
// house, their structure for who has them read aloud, and the file for the
// archive (PDF/A-3a). The same calls give the same bytes.
package paper

import (
	_ "embed"
	"sync"
)

// Family is the name of the fonts.
const Family = "Noto Sans SC"

// Regular is the regular font. Nobody may change it.
//
//go:embed fonts/NotoSansSC-Regular.ttf
var Regular []byte

// Bold is the semi-bold font, with fewer characters. Nobody may change it.
//
//go:embed fonts/NotoSansSC-SemiBold.ttf
var Bold []byte

// FontSet is what the two fonts can print.
type FontSet struct {
	Regular, Bold *Coverage
}

// Fonts reads, once, what the fonts can print.
var Fonts = sync.OnceValues(func() (FontSet, error) {
	regular, err := readCoverage(Regular)
	if err != nil {
		return FontSet{}, err
	}
	bold, err := readCoverage(Bold)
	if err != nil {
		return FontSet{}, err
	}
	return FontSet{regular, bold}, nil
})

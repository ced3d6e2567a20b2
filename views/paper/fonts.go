// Package paper is what the documents have in common that are printed as PDF:
// the fonts, what they can print, and how text is broken into lines.
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

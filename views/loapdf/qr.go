package loapdf

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"demarc/views/paper"
)

// qrSize is the width of the QR code in millimeters. A phone reads modules of
// half a millimeter at arm's length.
const qrSize = 22.0

// newQR encodes text. A quarter of the modules may be dirty or torn.
func newQR(text string) (barcode.Barcode, error) {
	code, err := qr.Encode(text, qr.Q, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("loapdf: QR code: %w", err)
	}
	return code, nil
}

// qr draws the code with its top left corner at x, y, as one shape: apart, the
// modules would show hairlines between them.
func (d *document) qr(code barcode.Barcode, x, y float64) {
	n := code.Bounds().Dx()
	module := qrSize / float64(n)
	dark := func(col, row int) bool {
		r, _, _, _ := code.At(col, row).RGBA()
		return col < n && r == 0
	}
	var path strings.Builder
	for row := range n {
		for col := 0; col < n; col++ {
			from := col
			for col < n && dark(col, row) {
				col++
			}
			if col > from {
				fmt.Fprintf(&path, "%.3f %.3f %.3f %.3f re\n", (x+float64(from)*module)/paper.Millimeters,
					(paper.PageHeight-y-float64(row+1)*module)/paper.Millimeters, float64(col-from)*module/paper.Millimeters, module/paper.Millimeters)
			}
		}
	}
	d.Figure("QR code: "+d.s.CheckURL, x, y, qrSize, path.String())
}

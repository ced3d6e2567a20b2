package paper

import (
	"encoding/binary"
	"errors"
)

// Coverage is the set of characters that a font has a glyph for, one bit each.
// The PDF library knows the Basic Multilingual Plane only.
type Coverage [1 << 16 / 64]uint64

func (c *Coverage) add(r rune) { c[r>>6] |= 1 << (r & 63) }

// Has reports whether the font can print r.
func (c *Coverage) Has(r rune) bool {
	return r >= 0 && r < 1<<16 && c[r>>6]&(1<<(r&63)) != 0
}

// HasAll reports whether the font can print all of s.
func (c *Coverage) HasAll(s string) bool {
	for _, r := range s {
		if !c.Has(r) {
			return false
		}
	}
	return true
}

var errFont = errors.New("paper: the font has no Unicode character map of format 4")

// readCoverage reads the character map (cmap, format 4) of a TrueType font.
// The PDF library draws a missing character as an empty box and says nothing,
// so it cannot be asked.
func readCoverage(font []byte) (*Coverage, error) {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(font[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(font[at:])) }

	cmap := 0
	for i := range u16(4) {
		if record := 12 + 16*i; string(font[record:record+4]) == "cmap" {
			cmap = u32(record + 8)
		}
	}
	if cmap == 0 {
		return nil, errFont
	}
	table := 0
	for i := range u16(cmap + 2) {
		record := cmap + 4 + 8*i
		if at := cmap + u32(record+4); u16(record) == 3 && u16(record+2) == 1 && u16(at) == 4 {
			table = at
		}
	}
	if table == 0 {
		return nil, errFont
	}

	segments := u16(table+6) / 2
	ends := table + 14
	starts := ends + 2*segments + 2
	deltas := starts + 2*segments
	offsets := deltas + 2*segments
	var set Coverage
	for i := range segments {
		for c := u16(starts + 2*i); c <= u16(ends+2*i) && c != 0xFFFF; c++ {
			glyph := c
			if offset := u16(offsets + 2*i); offset != 0 {
				if glyph = u16(offsets + 2*i + offset + 2*(c-u16(starts+2*i))); glyph == 0 {
					continue
				}
			}
			if (glyph+u16(deltas+2*i))&0xFFFF != 0 {
				set.add(rune(c))
			}
		}
	}
	return &set, nil
}

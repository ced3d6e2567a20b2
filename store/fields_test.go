package store

import (
	"regexp"
	"strings"
	"testing"
)

// A leased line code is what the pattern says that its message describes.
func TestLineCodes(t *testing.T) {
	pattern := regexp.MustCompile(`^[\pL\pN][\pL\pN_/.-]{1,63}$`)
	accepted := 0
	for _, s := range []string{
		"", "A", "AB", "A-", "-A", "_A", "/A", ".A", "HZ-CTC-0000001", "a/b.c_d-e", "杭州专线-1", "éa", "é\u0301", "١٢", "Ⅷ½", "a b", "a\n", "\na", "a,b", "a+b", "a–b", "\xffa", "a\xff", "�a", "a\u200b",
		strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("线", 64), strings.Repeat("线", 65), "1" + strings.Repeat("-", 63), "1" + strings.Repeat("-", 64),
	} {
		got := isLineCode(s)
		if want := pattern.MatchString(s); got != want {
			t.Errorf("%q: %t, want %t", s, got, want)
		}
		if got {
			accepted++
		}
	}
	if accepted < 10 {
		t.Errorf("only %d are accepted", accepted)
	}
}

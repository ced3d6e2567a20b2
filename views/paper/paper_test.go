package paper

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestCoverage(t *testing.T) {
	fonts, err := Fonts()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"浙江华临布线有限公司", "陈喆 朱镕基 李玥 王堃 赵翀 犇 垚 燊", "香港電訊盈科數據中心", "東京データセンター",
		"ÀÖØöøÿ ŠšŽžŁł Ğğ Żółć Țț", "Nguyễn Thị Hường, Đặng Văn Lợi", "“”‘’…–—•€™ ", "（）《》【】、。，：；！？", "±°µ²½×÷",
	} {
		for _, r := range text {
			if !fonts.Regular.Has(r) {
				t.Errorf("%q (U+%04X) of %q cannot be printed", r, r, text)
			}
		}
	}
	for r := range rune(1 << 16) {
		if fonts.Bold.Has(r) && !fonts.Regular.Has(r) {
			t.Errorf("U+%04X is in the bold font only", r)
		}
	}
	for _, r := range []rune{0, '\n', 0x7F, 0x200B, 0x202E, 0xFEFF, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF, -1} {
		if fonts.Regular.Has(r) {
			t.Errorf("U+%04X can be printed", r)
		}
	}
	if fonts.Bold.HasAll("陈喆") || !fonts.Bold.HasAll("陈 Abc") {
		t.Error("the bold font's characters are not what they were")
	}
}

func TestWrap(t *testing.T) {
	one := func(rune) float64 { return 1 }
	tests := []struct {
		text  string
		limit float64
		want  []string
		split bool
	}{
		{"", 5, []string{""}, false},
		{"one two three", 7, []string{"one two", "three"}, false},
		{"one two three", 8, []string{"one two", "three"}, false},
		{"one  two", 4, []string{"one", "two"}, false},
		{"abcdefgh", 3, []string{"abc", "def", "gh"}, true},
		{"a bcdefgh", 4, []string{"a", "bcde", "fgh"}, true},
		{"第一行\nsecond", 9, []string{"第一行", "second"}, false},
		{"a\n\nb", 9, []string{"a", "", "b"}, false},
		{"https://a.example/loa/check/7KQ4-M2XD-9PZA", 32, []string{"https://a.example/loa/check/", "7KQ4-M2XD-9PZA"}, true},
		{"Row-C_Rack-07_Row-C", 9, []string{"Row-C_Rac", "k-07_Row-", "C"}, true},
		{"浙江华临布线", 4, []string{"浙江华临", "布线"}, false},
		{"浙江华临，布线", 4, []string{"浙江华", "临，布线"}, false},
		{"浙江华《临布》", 4, []string{"浙江华", "《临布》"}, false},
		{"浙江AB布线", 3, []string{"浙江", "AB布", "线"}, false},
		{"宽", 0.5, []string{"宽"}, false},
	}
	for _, tt := range tests {
		got, split := Wrap(tt.text, tt.limit, one)
		if !slices.Equal(got, tt.want) || split != tt.split {
			t.Errorf("Wrap(%q, %v) = %q, %v, want %q, %v", tt.text, tt.limit, got, split, tt.want, tt.split)
		}
	}
}

// No character is lost, whatever the text and the width.
func FuzzWrap(f *testing.F) {
	f.Add("浙江华临布线有限公司 and some words，标点。", 7)
	f.Add("  spaces   everywhere  ", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		lines, _ := Wrap(s, float64(limit%50), func(rune) float64 { return 1 })
		bare := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(string([]rune(s))) }
		if got := strings.Join(lines, ""); bare(got) != bare(s) {
			t.Errorf("%q became %q", s, lines)
		}
	})
}

// A stream that unpacks to more than any of ours is refused, and not unpacked
// to its end.
func TestPackedStreamsAreBounded(t *testing.T) {
	var f File
	small := f.addStream("", []byte("content"), true)
	full := f.addStream("", make([]byte, maxContent), true)
	large := f.addStream("", make([]byte, maxContent+1), true)
	bomb := f.addStream("", make([]byte, 64<<20), true)
	broken := f.addStream(" /Filter /FlateDecode", []byte("no stream"), false)
	for n, want := range map[int]int{small: 7, full: maxContent} {
		if got, err := f.Content(n); err != nil || len(got) != want {
			t.Errorf("%d: %d bytes, %v", n, len(got), err)
		}
	}
	for _, n := range []int{large, bomb, broken, 0, 99} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := f.Content(n)
		runtime.ReadMemStats(&after)
		used := after.TotalAlloc - before.TotalAlloc
		if !errors.Is(err, ErrNotOurs) || used > 8*maxContent {
			t.Errorf("%d: %v, %d bytes taken", n, err, used)
		}
	}
}

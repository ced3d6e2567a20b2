package loapdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store/letter"
	"demarc/views/paper"
	"demarc/views/paper/papertest"
)

var samples = map[string]struct {
	letter letter.Snapshot
	pages  int
}{
	"ordinary": {ordinary(), 1},
	"chinese":  {chinese(), 1},
	"crowded":  {crowded(), 2},
	"remote":   {remote(), 1},
	"longest":  {longest(), 3},
	"fullest":  {fullest(), 3},
}

// fullest has everything at its limit.
func fullest() letter.Snapshot {
	s := longest()
	s.Engineers = nil
	for i := range letter.MaxEngineers {
		s.Engineers = append(s.Engineers, fill(fmt.Sprintf("Engineer %c von und zu ", 'A'+i), 63)+".")
	}
	return s
}

func render(t *testing.T, s letter.Snapshot) []byte {
	t.Helper()
	b, err := Render(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

const sumOf = "LOAPDF_SUM_OF"

// TestSameBytes renders each sample twice here and once in another process, whose maps are in another order.
func TestSameBytes(t *testing.T) {
	if name := os.Getenv(sumOf); name != "" {
		fmt.Println("sum " + sum(render(t, samples[name].letter)))
		return
	}
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			first := render(t, sample.letter)
			if !bytes.Equal(first, render(t, sample.letter)) {
				t.Error("two runs in one process differ")
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestSameBytes$", "-test.v")
			cmd.Env = append(os.Environ(), sumOf+"="+name, "TZ=Pacific/Auckland", "LANG=zh_CN.UTF-8")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if !strings.Contains(string(out), "sum "+sum(first)+"\n") {
				t.Errorf("another process made other bytes than %s:\n%s", sum(first), out)
			}
		})
	}
}

// A stored snapshot, read back, prints the same letter.
func TestSameBytesAfterStorage(t *testing.T) {
	s := chinese()
	stored, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := letter.Unmarshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(render(t, s), render(t, again)) {
		t.Error("the letter changed in storage")
	}
}

// The PDF library gets the embedded fonts themselves, not copies, from many letters at once.
func TestRenderLeavesTheFontsAlone(t *testing.T) {
	before := sum(paper.Regular) + sum(paper.Bold)
	want := render(t, chinese())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, err := Render(chinese()); err != nil || !bytes.Equal(got, want) {
				t.Errorf("a letter rendered beside others differs (%v)", err)
			}
		})
	}
	wg.Wait()
	if sum(paper.Regular)+sum(paper.Bold) != before {
		t.Error("the bytes of a font were changed")
	}
}

// squeeze takes out all white space: lines wrap anywhere.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func TestTextCanBeFound(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			s := sample.letter
			text := papertest.Tool(t, render(t, s), "pdftotext", "-raw", "FILE", "-")
			found := squeeze(text)
			// A text that goes on at the next page has the foot and head of the pages in between.
			var want []string
			for _, facts := range [][]letter.Fact{s.Parties(), s.Demarcation(), s.Installation()} {
				for _, f := range facts {
					want = append(want, f.Label, f.Value)
				}
			}
			want = append(want, s.Engineers...)
			want = append(want, s.Conditions()...)
			for _, caption := range s.Signatures() {
				want = append(want, caption)
			}
			want = append(want, "Letter of Authorization", "No. "+s.Title(), s.Issuer.LegalName, s.Issuer.Service, s.Addressee(),
				s.Authorization(), "Issued "+s.FormatTime(s.IssuedAt), "Expires "+s.FormatTime(s.ExpiresAt))
			if s.Supersedes != "" {
				want = append(want, "Supersedes "+s.Supersedes)
			}
			if s.RemoteHands {
				want = append(want, s.RemoteHandsNotice())
			}
			for page := range sample.pages {
				want = append(want, fmt.Sprintf("Page %d of %d", page+1, sample.pages))
			}
			for _, w := range want {
				if !strings.Contains(found, squeeze(w)) {
					t.Errorf("no %q in\n%s", w, text)
				}
			}
			if strings.Contains(found, squeeze(letter.DemoNotice)) != s.Demo {
				t.Errorf("demo %v, but the text is\n%s", s.Demo, text)
			}
			for _, not := range []string{"Alibaba", "verify", "check it at"} {
				if strings.Contains(strings.ToLower(text), strings.ToLower(not)) {
					t.Errorf("%q in\n%s", not, text)
				}
			}
		})
	}
}

func TestPagesAndMetadata(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			info := papertest.Tool(t, render(t, sample.letter), "pdfinfo", "-isodates", "FILE")
			for field, want := range map[string]string{
				"Pages":        fmt.Sprint(sample.pages),
				"Title":        "Letter of Authorization " + sample.letter.Title(),
				"Author":       sample.letter.Issuer.LegalName,
				"Subject":      sample.letter.InterfaceID + ", " + sample.letter.CompanyName + ", " + sample.letter.FacilityName,
				"Page size":    "595.28 x 841.89 pts (A4)",
				"CreationDate": sample.letter.IssuedAt.UTC().Format("2006-01-02T15:04:05"),
			} {
				if !regexp.MustCompile(`(?m)^` + field + `:\s+` + regexp.QuoteMeta(want)).MatchString(info) {
					t.Errorf("%s is not %q in\n%s", field, want, info)
				}
			}
		})
	}
}

func TestStructureIsSound(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			out := papertest.Tool(t, render(t, sample.letter), "qpdf", "--check", "FILE")
			if !strings.Contains(out, "No syntax or stream encoding errors found") {
				t.Error(out)
			}
		})
	}
}

// The embedded fonts are all there is: no font of the reader's machine is needed.
func TestFontsAreEmbedded(t *testing.T) {
	out := papertest.Tool(t, render(t, chinese()), "pdffonts", "FILE")
	rows := strings.Split(strings.TrimSpace(out), "\n")[2:]
	if len(rows) != 2 {
		t.Errorf("want two fonts:\n%s", out)
	}
	for _, row := range rows {
		if !regexp.MustCompile(`Identity-H\s+yes `).MatchString(row) {
			t.Errorf("not embedded: %s", row)
		}
	}
}

// A letter can be kept for as long as an archive: see papertest.Archive for the
// rules.
func TestArchive(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			papertest.Archive(t, render(t, sample.letter), false, 0)
			papertest.Archive(t, printed(t, sample.letter), true, 2)
		})
	}
}

func TestHeadRowIsRepeated(t *testing.T) {
	// Notes of rising length push the engineers' table over the end of the page at some point.
	for n := range 60 {
		s := crowded()
		s.Note = strings.Repeat("line\n", n) + "line"
		text := papertest.Tool(t, render(t, s), "pdftotext", "-layout", "FILE", "-")
		pages := strings.Split(text, "\f")
		if len(pages) < 3 || !strings.Contains(pages[0], "Engineer Number A") || !strings.Contains(pages[1], "Engineer Number P") {
			continue
		}
		head := regexp.MustCompile(`No\.\s+Name\s+No\.\s+Name`)
		for i, page := range pages[:2] {
			if !head.MatchString(page) {
				t.Errorf("no header row on page %d:\n%s", i+1, page)
			}
		}
		return
	}
	t.Error("no letter has the engineers on two pages")
}

func TestMissingGlyphs(t *testing.T) {
	tests := []struct {
		name   string
		change func(*letter.Snapshot)
		text   string
		runes  []rune
	}{
		{"emoji", func(s *letter.Snapshot) { s.CompanyName = "North🚀wind" }, "North🚀wind", []rune{'🚀'}},
		{"Arabic", func(s *letter.Snapshot) { s.Engineers = []string{"محمد"} }, "محمد", []rune{'م', 'ح', 'د'}},
		{"beyond the plane", func(s *letter.Snapshot) { s.Room = "𠅤" }, "𠅤", []rune{'𠅤'}},
		{"in two texts", func(s *letter.Snapshot) { s.Panel, s.Note = "ก", "ข" }, "ก", []rune{'ก', 'ข'}},
		{"only in the issuer", func(s *letter.Snapshot) { s.IssuedBy = "שרה" }, "For Example Cloud: שרה, 9 Nov 2026", []rune("שרה")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := ordinary()
			tt.change(&s)
			b, err := Render(s)
			var missing *MissingGlyphError
			if !errors.As(err, &missing) || b != nil {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
			if missing.Text != tt.text || !slices.Equal(missing.Runes, tt.runes) {
				t.Errorf("%q in %q, want %q in %q", missing.Runes, missing.Text, tt.runes, tt.text)
			}
			if !strings.Contains(err.Error(), fmt.Sprintf("U+%04X", tt.runes[0])) {
				t.Error(err)
			}
		})
	}
}

func TestRenderRefusesAnInvalidLetter(t *testing.T) {
	s := ordinary()
	s.Cabinet = ""
	b, err := Render(s)
	var invalid *letter.InvalidError
	if !errors.As(err, &invalid) || b != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func BenchmarkRender(b *testing.B) {
	for _, name := range []string{"ordinary", "chinese", "longest"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Render(samples[name].letter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The letter's times are those of the facility, not of the machine.
func TestTimesAreTheFacilitys(t *testing.T) {
	s := ordinary()
	s.IssuedAt = s.IssuedAt.In(time.FixedZone("elsewhere", -9*3600))
	if !bytes.Equal(render(t, s), render(t, ordinary())) {
		t.Error("the zone of a time value changed the letter")
	}
}

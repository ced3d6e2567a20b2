package static

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The palette is judged as WCAG 2.2 does: 4.5:1 for text, 3:1 for the edges of controls and for the focus ring. The
// tokens are read from the stylesheet itself, so a changed colour is a changed test.

type theme int

const (
	light theme = iota
	dark
)

func (t theme) String() string { return [...]string{"light", "dark"}[t] }

// tokens reads "--name: light-dark(#a, #b)" and "--name: #a" of the first :root block.
func tokens(t *testing.T) map[string][2]string {
	t.Helper()
	source, err := os.ReadFile("css/console.css")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(source), ":root {")
	if !ok {
		t.Fatal("no :root block")
	}
	block, _, _ = strings.Cut(block, "\n  }")
	out := map[string][2]string{}
	for _, m := range regexp.MustCompile(`(--[a-z0-9-]+):\s*light-dark\((#[0-9A-Fa-f]{6}), (#[0-9A-Fa-f]{6})\);`).FindAllStringSubmatch(block, -1) {
		out[m[1]] = [2]string{m[2], m[3]}
	}
	for _, m := range regexp.MustCompile(`(--[a-z0-9-]+):\s*(#[0-9A-Fa-f]{6});`).FindAllStringSubmatch(block, -1) {
		out[m[1]] = [2]string{m[2], m[2]}
	}
	return out
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrastFormula(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#FFFFFF", 21}, {"#FFFFFF", "#FFFFFF", 1}, {"#777777", "#FFFFFF", 4.48}, {"#FE6A06", "#FFFFFF", 2.89}} {
		if got := contrast(t, c.a, c.b); math.Abs(got-c.want) > 0.01 {
			t.Errorf("contrast(%s, %s) = %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestPaletteContrast(t *testing.T) {
	const (
		text    = 4.5
		control = 3.0
	)
	type pair struct {
		fg, bg string
		limit  float64
	}
	var pairs []pair
	surfaces := []string{"--bg-page", "--bg-surface", "--bg-subtle", "--bg-muted", "--bg-hover", "--bg-selected"}
	for _, bg := range surfaces {
		for _, fg := range []string{"--text", "--text-2", "--text-3", "--accent", "--info", "--ok", "--warn", "--bad", "--action"} {
			pairs = append(pairs, pair{fg, bg, text})
		}
		pairs = append(pairs, pair{"--focus", bg, control})
	}
	for _, tone := range []string{"--ok", "--info", "--warn", "--bad", "--action", "--idle"} {
		pairs = append(pairs, pair{tone, tone + "-tint", text}, pair{"--text", tone + "-tint", text}, pair{"--text-2", tone + "-tint", text})
	}
	pairs = append(pairs,
		pair{"--on-primary", "--primary", text}, pair{"--on-primary", "--primary-hover", text}, pair{"--on-primary", "--primary-active", text},
		pair{"--on-primary", "--buy", text}, pair{"--on-primary", "--buy-hover", text}, pair{"--on-primary", "--danger-fill", text},
		pair{"--price", "--bg-surface", text}, pair{"--danger", "--bg-surface", text}, pair{"--danger", "--bg-hover", text},
		pair{"--text-inverse", "--bg-inverse", text}, pair{"--text", "--bg-topbar", text}, pair{"--text-2", "--bg-topbar", text}, pair{"--text-3", "--bg-topbar", text},
		pair{"--accent-hover", "--bg-surface", text}, pair{"--accent-hover", "--bg-hover", text}, pair{"--text-3", "--bg-disabled", text},
		pair{"--line-control", "--bg-surface", control}, pair{"--line-control", "--bg-page", control}, pair{"--line-control", "--bg-subtle", control},
		pair{"--path-2", "--bg-surface", control}, pair{"--path-2", "--bg-subtle", control}, pair{"--accent", "--bg-subtle", control},
	)
	all := tokens(t)
	for _, p := range pairs {
		fg, okF := all[p.fg]
		bg, okB := all[p.bg]
		if !okF || !okB {
			t.Errorf("%s on %s: a token is missing", p.fg, p.bg)
			continue
		}
		for _, th := range []theme{light, dark} {
			if got := contrast(t, fg[th], bg[th]); got < p.limit {
				t.Errorf("%s: %s (%s) on %s (%s) is %.2f, limit %.1f", th, p.fg, fg[th], p.bg, bg[th], got, p.limit)
			}
		}
	}
	if len(pairs) < 80 {
		t.Errorf("only %d pairs were looked at", len(pairs))
	}
}

// The staff bar is dark in both themes, so its colours stand in the rules and not in the tokens.
func TestStaffBarContrast(t *testing.T) {
	bar := tokens(t)["--bg-staffbar"][light]
	for _, c := range []struct{ what, fg, bg string }{
		{"name", "#F2F5F9", bar}, {"tag", "#1A1206", "#FFB066"}, {"links", "#C9D2DD", bar}, {"search text", "#E8ECF1", "#10151D"}, {"search hint", "#97A3B2", "#10151D"},
	} {
		source, err := os.ReadFile("css/console.css")
		if err != nil {
			t.Fatal(err)
		}
		for _, colour := range []string{c.fg, c.bg} {
			if !strings.Contains(string(source), colour) {
				t.Errorf("%s: the stylesheet no longer uses %s", c.what, colour)
			}
		}
		if got := contrast(t, c.fg, c.bg); got < 4.5 {
			t.Errorf("%s: %s on %s is %.2f", c.what, c.fg, c.bg, got)
		}
	}
}

// Each class that takes part in the tones must set all three of them.
func TestTonesAreComplete(t *testing.T) {
	source, err := os.ReadFile("css/console.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, tone := range []string{"ok", "info", "warn", "bad", "action", "idle"} {
		re := regexp.MustCompile(fmt.Sprintf(`\.tone-%[1]s\s*\{ --tone: var\(--%[1]s\);\s*--tone-tint: var\(--%[1]s-tint\);\s*--tone-line: var\(--%[1]s-line\);\s*\}`, tone))
		if !re.Match(source) {
			t.Errorf("tone-%s is not complete", tone)
		}
	}
}

package letter_test

import (
	"strings"
	"testing"

	"demarc/store/letter"
)

func TestCode(t *testing.T) {
	for want, c := range map[string]letter.Code{
		"0000-0000-0000-0000": {},
		"ZZZZ-ZZZZ-ZZZZ-ZZZZ": {255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
		"0410-61G2-0C20-0008": {1, 2, 3, 6, 2, 3, 4, 0, 0, 8},
	} {
		if got := c.String(); got != want {
			t.Errorf("%v: %s, want %s", c, got, want)
		}
		if got, ok := letter.ParseCode(want); !ok || got != c {
			t.Errorf("%s: %v, %v", want, got, ok)
		}
	}
}

// Codes are read from paper and typed on phones.
func TestTypedCodesAreForgiven(t *testing.T) {
	want, _ := letter.ParseCode("7K01-M2XD-9PZA-3HTV")
	for _, typed := range []string{
		"7K01M2XD9PZA3HTV", "7k01-m2xd-9pza-3htv", " 7K01 M2XD 9PZA 3HTV\n", "7KOI-M2XD-9PZA-3HTV", "7kol m2xd 9pza 3htv",
		"7K01–M2XD—9PZA‑3HTV", "7.K.0.1.M2XD_9PZA_3HTV", "７Ｋ０１－M2XD-9PZA-3htv", "７ｋｏｌ　M2XD9PZA3HTV",
	} {
		if typed = strings.ReplaceAll(typed, "－", "-"); typed == "" {
			t.Fatal("nothing typed")
		}
		if got, ok := letter.ParseCode(typed); !ok || got != want {
			t.Errorf("%q: %s, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{
		"", "-", "7K01-M2XD-9PZA-3HT", "7K01-M2XD-9PZA-3HTVV", "7K01-M2XD-9PZA-3HTU", "7K01-M2XD-9PZA-3HT!", "7K01-M2XD-9PZA-3HTŁ",
		strings.Repeat(" ", 200) + "7K01M2XD9PZA3HTV", "LOA-2026-000001", "\xff7K01M2XD9PZA3HTV",
	} {
		if got, ok := letter.ParseCode(typed); ok {
			t.Errorf("%q is read as %s", typed, got)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"7KQ4-M2XD-9PZA-3HTV", "7kol m2xd", "", "\xff", "７ＫＯＬ", strings.Repeat("0", 17), strings.Repeat("-", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		c, ok := letter.ParseCode(typed)
		if !ok {
			return
		}
		for _, again := range []string{c.String(), strings.ToLower(c.String()), strings.ReplaceAll(c.String(), "-", " ")} {
			if got, ok := letter.ParseCode(again); !ok || got != c {
				t.Errorf("%q is %s, but %q is %s, %v", typed, c, again, got, ok)
			}
		}
	})
}

func TestCheckURL(t *testing.T) {
	c, _ := letter.ParseCode("7KQ4-M2XD-9PZA-3HTV")
	for _, public := range []string{"https://console.example", "https://console.example/"} {
		if got := letter.CheckURL(public, c); got != "https://console.example/loa/check/7KQ4-M2XD-9PZA-3HTV" {
			t.Error(got)
		}
	}
}

package chain_test

import (
	"encoding/json"
	"testing"

	"demarc/store/chain"
)

func FuzzParseHead(f *testing.F) {
	f.Add(chain.Start().String())
	f.Add("12:" + chain.Start().String()[2:])
	f.Fuzz(func(t *testing.T, s string) {
		h, err := chain.ParseHead(s)
		if err != nil {
			return
		}
		if again, err := chain.ParseHead(h.String()); err != nil || again.String() != h.String() {
			t.Errorf("%q: %v, %v", s, again, err)
		}
	})
}

// Two records that differ in any field have different sums, wherever the
// border between the fields is drawn.
func FuzzSum(f *testing.F) {
	f.Add("pc-1", "approve", "a", "b", "ab", "")
	f.Fuzz(func(t *testing.T, subject, action, reason, detail, reason2, detail2 string) {
		salt := make(chain.Bytes, 16)
		a := chain.Record{N: 1, Subject: subject, Action: action, Reason: reason, Detail: detail, Who: salt}
		b := a
		b.Reason, b.Detail = reason2, detail2
		x, err := a.Sum(chain.Start().Hash)
		y, err2 := b.Sum(chain.Start().Hash)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if same := reason == reason2 && detail == detail2; same != (string(x) == string(y)) {
			t.Errorf("%+v and %+v: same sum %v", a, b, string(x) == string(y))
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var back chain.Record
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}

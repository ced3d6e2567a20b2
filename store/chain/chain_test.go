package chain_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"demarc/store/chain"
)

func salt(b byte) chain.Bytes { return bytes.Repeat(chain.Bytes{b}, 16) }

// link gives events their places and hashes, as the store does when it writes them.
func link(t *testing.T, events ...chain.Record) []chain.Record {
	t.Helper()
	head, seqs := chain.Start(), map[string]int64{}
	for i := range events {
		e := &events[i]
		seqs[e.Subject]++
		e.N, e.Seq = head.N+1, seqs[e.Subject]
		sum, err := e.Sum(head.Hash)
		if err != nil {
			t.Fatal(err)
		}
		e.Hash, head = sum, chain.Head{N: e.N, Hash: sum}
	}
	return events
}

func headOf(events []chain.Record) chain.Head {
	last := events[len(events)-1]
	return chain.Head{N: last.N, Hash: last.Hash}
}

// A log that is there has these bytes: who changes them breaks every log that was
// ever kept, and what was noted of it elsewhere.
func TestSumsAndSealsStayWhatTheyAre(t *testing.T) {
	r := chain.Record{N: 7, Subject: "pc-1", Seq: 3, At: "2026-11-20T07:12:00.000Z", AccountID: "acc-1", ActorID: "us-1", ActorName: "Lin Wei", ActorRole: "reviewer", ActorAccount: "acc-2",
		Action: "approve", From: "under_review", To: "approved_loa", RequestID: "rq-1", Reason: "because", Detail: `{"a":1}`, Who: salt(1)}
	sum, err := r.Sum(chain.Start().Hash)
	if err != nil {
		t.Fatal(err)
	}
	h := chain.Head{N: 7, Hash: sum}
	for what, tt := range map[string]struct{ got, want string }{
		"sum":  {fmt.Sprintf("%x", []byte(sum)), "b53582765ef4b2834e702965ca17e99978dad069418d4b62e794831f0b8edbfa"},
		"head": {h.String(), "7:b53582765ef4b2834e702965ca17e99978dad069418d4b62e794831f0b8edbfa"},
		"seal": {fmt.Sprintf("%x", []byte(h.Seal([]byte("key")))), "22cc769f5a1a3fb8404237cca1137d990cbb251aa3ecb7df4ba86841dafc0ac7"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", what, tt.got, tt.want)
		}
	}
	if !h.Sealed([]byte("key"), h.Seal([]byte("key"))) {
		t.Error("a head does not know its seal")
	}
	for what, other := range map[string]chain.Bytes{
		"another key":    h.Seal([]byte("kez")),
		"another place":  chain.Head{N: 8, Hash: sum}.Seal([]byte("key")),
		"another hash":   chain.Head{N: 7, Hash: chain.Start().Hash}.Seal([]byte("key")),
		"nothing":        nil,
		"its beginning":  h.Seal([]byte("key"))[:31],
		"border shifted": chain.Head{N: 71, Hash: sum[1:]}.Seal([]byte("key")),
	} {
		if h.Sealed([]byte("key"), other) {
			t.Errorf("%s seals the head", what)
		}
	}
}

// Each field of an event is covered, but for the two that the Verifier compares.
func TestEveryFieldIsCovered(t *testing.T) {
	base := chain.Record{N: 1, Subject: "s", Seq: 1, At: "t", AccountID: "a", ActorID: "i", ActorName: "n", ActorRole: "r", ActorAccount: "c", Action: "x", From: "f", To: "o", RequestID: "q", Reason: "w", Detail: "d", Who: salt(1)}
	sum := func(r chain.Record) string {
		s, err := r.Sum(chain.Start().Hash)
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	want := sum(base)
	for name, change := range map[string]func(*chain.Record){
		"n": func(r *chain.Record) { r.N++ }, "subject": func(r *chain.Record) { r.Subject += "1" }, "at": func(r *chain.Record) { r.At += "1" },
		"account": func(r *chain.Record) { r.AccountID += "1" }, "actor": func(r *chain.Record) { r.ActorID += "1" }, "name": func(r *chain.Record) { r.ActorName += "1" },
		"role": func(r *chain.Record) { r.ActorRole += "1" }, "actor's account": func(r *chain.Record) { r.ActorAccount += "1" }, "action": func(r *chain.Record) { r.Action += "1" },
		"from": func(r *chain.Record) { r.From += "1" }, "to": func(r *chain.Record) { r.To += "1" }, "request": func(r *chain.Record) { r.RequestID += "1" },
		"reason": func(r *chain.Record) { r.Reason += "1" }, "detail": func(r *chain.Record) { r.Detail += "1" }, "salt": func(r *chain.Record) { r.Who = salt(2) },
		"border":       func(r *chain.Record) { r.From, r.To = r.From+r.To[:1], r.To[1:] },
		"forged comma": func(r *chain.Record) { r.Reason, r.Detail = "w,1:d", "" },
	} {
		r := base
		change(&r)
		if sum(r) == want {
			t.Errorf("%s is not covered", name)
		}
	}
	if after, err := base.Sum(salt(9)); err != nil || string(after) == want {
		t.Errorf("what stood before is not covered: %v", err)
	}
	r := base
	if r.Seq++; sum(r) != want {
		t.Error("the number within a subject is covered, and logs that are there do not have it so")
	}
}

// The name goes, its digest stays: an event whose actor was erased keeps its sum,
// and nobody can put another name there.
func TestAnErasedNameKeepsTheSum(t *testing.T) {
	r := chain.Record{N: 1, Subject: "s", ActorID: "us-1", ActorName: "Lin Wei", Action: "x", Who: salt(1)}
	want, err := r.Sum(chain.Start().Hash)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := r.NameDigest()
	if err != nil || len(digest) != chain.Size {
		t.Fatalf("%x, %v", digest, err)
	}
	r.ActorName, r.Who = chain.Erased, digest
	if got, err := r.Sum(chain.Start().Hash); err != nil || !bytes.Equal(got, want) {
		t.Errorf("after the erasure %x, %v; before %x", got, err, want)
	}
	for who, tt := range map[string]struct {
		name string
		who  chain.Bytes
		want string
	}{
		"another name":  {"Somebody Else", digest, "a name stands where one was erased"},
		"short salt":    {"Lin Wei", salt(1)[1:], "the salt of the name is damaged"},
		"long salt":     {"Lin Wei", append(salt(1), 1), "the salt of the name is damaged"},
		"no salt":       {"Lin Wei", nil, "the salt of the name is damaged"},
		"erased, short": {chain.Erased, digest[1:], "the salt of the name is damaged"},
	} {
		r.ActorName, r.Who = tt.name, tt.who
		if _, err := r.NameDigest(); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", who, err, tt.want)
		}
		if sum, err := r.Sum(chain.Start().Hash); err == nil || sum != nil {
			t.Errorf("%s has a sum: %x", who, []byte(sum))
		}
	}
}

func TestNewSaltsDiffer(t *testing.T) {
	a, b := chain.NewSalt(), chain.NewSalt()
	if len(a) != 16 || len(b) != 16 || bytes.Equal(a, b) {
		t.Errorf("%x, %x", a, b)
	}
}

func TestParseHead(t *testing.T) {
	digits := strings.Repeat("0a", chain.Size)
	for s, n := range map[string]int64{"0:" + digits: 0, "1207:" + digits: 1207, " 7:" + digits + "\n": 7, "7:" + strings.ToUpper(digits): 7} {
		h, err := chain.ParseHead(s)
		if err != nil || h.N != n || h.String() != fmt.Sprintf("%d:%s", n, digits) {
			t.Errorf("%q: %v, %v", s, h, err)
		}
	}
	for _, s := range []string{"", ":", "7", digits, "7:", ":" + digits, "-1:" + digits, "x:" + digits, "7:" + digits[1:], "7:" + digits[2:], "7:" + digits + "00", "7:" + digits[2:] + "zz", "7:" + digits + ":", "9223372036854775808:" + digits} {
		if h, err := chain.ParseHead(s); err == nil || !strings.Contains(err.Error(), "want a number, a colon and 64 hexadecimal digits") {
			t.Errorf("%q is a head: %v, %v", s, h, err)
		}
	}
}

// TestVerifier: each way in which a log can be damaged is told in its sentence, one
// change is one problem, and a sound log has none.
func TestVerifier(t *testing.T) {
	whole := func() []chain.Record {
		events := make([]chain.Record, 0, 6)
		for i, subject := range []string{"pc-1", "pc-2", "pc-1", "user:us-9", "pc-1", "pc-2"} {
			events = append(events, chain.Record{Subject: subject, At: "t", ActorID: fmt.Sprintf("us-%d", i), ActorName: "Lin Wei", Action: "note", Who: salt(byte(i))})
		}
		return link(t, events...)
	}
	without := func(events []chain.Record, from, to int64) []chain.Record {
		return append(events[:from-1:from-1], events[to:]...)
	}
	erase := func(r *chain.Record) {
		digest, err := r.NameDigest()
		if err != nil {
			t.Fatal(err)
		}
		r.ActorName, r.Who = chain.Erased, digest
	}
	fine := headOf(whole())
	for name, tt := range map[string]struct {
		damage func([]chain.Record) []chain.Record
		noted  []chain.Head
		tail   chain.Head
		want   []string
	}{
		"nothing":           {tail: fine},
		"nothing, noted":    {tail: fine, noted: []chain.Head{chain.Start(), headOf(whole()[:3]), fine}},
		"no event, no head": {damage: func([]chain.Record) []chain.Record { return nil }, tail: chain.Start()},
		"an event is missing": {func(e []chain.Record) []chain.Record { return without(e, 4, 4) }, nil, fine,
			[]string{"event 4 of the chain is missing", "event 5 (pc-1, note) does not fit the one before: it, or what stood before it, was changed"}},
		"two are missing": {func(e []chain.Record) []chain.Record { return without(e, 3, 4) }, nil, fine,
			[]string{"events 3 to 4 of the chain are missing", "event 5 (pc-1, note) does not fit the one before: it, or what stood before it, was changed", "event 5 is number 3 of pc-1, and number 2 was due"}},
		"one is there twice": {func(e []chain.Record) []chain.Record { return append(e[:2:2], e[1:]...) }, nil, fine,
			[]string{"event 2 of the chain is there twice", "event 2 (pc-2, note) does not fit the one before: it, or what stood before it, was changed", "event 2 is number 1 of pc-2, and number 2 was due"}},
		"one was changed": {func(e []chain.Record) []chain.Record { e[2].Reason = "another"; return e }, nil, fine,
			[]string{"event 3 (pc-1, note) does not fit the one before: it, or what stood before it, was changed"}},
		"its hash was changed too": {func(e []chain.Record) []chain.Record {
			e[2].Reason = "another"
			sum, _ := e[2].Sum(e[1].Hash)
			e[2].Hash = sum
			return e
		}, nil, fine, []string{"event 4 (user:us-9, note) does not fit the one before: it, or what stood before it, was changed"}},
		"all after it were computed anew": {func(e []chain.Record) []chain.Record { e[2].Reason = "another"; return link(t, e...) }, nil, fine,
			[]string{"the last event has another hash than the head of the chain"}},
		"the head too, but one was noted": {func(e []chain.Record) []chain.Record { e[2].Reason = "another"; return link(t, e...) }, []chain.Head{headOf(whole()[:4])},
			headOf(link(t, func() []chain.Record { e := whole(); e[2].Reason = "another"; return e }()...)), []string{"event 4 has another hash than the one that was noted"}},
		"the salt is damaged": {func(e []chain.Record) []chain.Record { e[2].Who = nil; return e }, nil, fine,
			[]string{"event 3 (pc-1, note): the salt of the name is damaged"}},
		"another number within its subject": {func(e []chain.Record) []chain.Record { e[2].Seq = 5; return e }, nil, fine,
			[]string{"event 3 is number 5 of pc-1, and number 2 was due", "event 5 is number 3 of pc-1, and number 6 was due"}},
		"the end was cut off": {func(e []chain.Record) []chain.Record { return e[:4] }, nil, fine,
			[]string{"the chain ends with event 4 and should end with event 6: its end was cut off"}},
		"the head was set back": {nil, nil, headOf(whole()[:4]), []string{"the chain goes on to event 6, behind its head at event 4"}},
		"the noted event is gone": {func(e []chain.Record) []chain.Record { return e[:4] }, []chain.Head{fine, headOf(whole()[:5])}, headOf(whole()[:4]),
			[]string{"event 5, whose hash was noted, is not there", "event 6, whose hash was noted, is not there"}},
		"a name was erased, and an event says so": {func(e []chain.Record) []chain.Record {
			e[3].Action, e[1].ActorID = chain.EraseAction, "us-9"
			e = link(t, e...)
			erase(&e[1])
			return e
		}, nil, headOf(link(t, func() []chain.Record {
			e := whole()
			e[3].Action, e[1].ActorID = chain.EraseAction, "us-9"
			return e
		}()...)), nil},
		"somebody has the name that erased ones get": {func(e []chain.Record) []chain.Record { e[1].ActorName = chain.Erased; return link(t, e...) }, nil,
			headOf(link(t, func() []chain.Record { e := whole(); e[1].ActorName = chain.Erased; return e }()...)), nil},
		"a name was erased by hand, its person has another event": {func(e []chain.Record) []chain.Record {
			e[1].ActorID = "us-9"
			e = link(t, e...)
			erase(&e[1])
			return e
		}, nil,
			headOf(link(t, func() []chain.Record { e := whole(); e[1].ActorID = "us-9"; return e }()...)), []string{"event 2 has lost the name of its actor, and no event says that us-9 was erased"}},
		"nothing is left": {func([]chain.Record) []chain.Record { return nil }, []chain.Head{chain.Start(), headOf(whole()[:1])}, fine,
			[]string{"the chain ends with event 0 and should end with event 6: its end was cut off", "event 1, whose hash was noted, is not there"}},
		"names were erased by hand": {func(e []chain.Record) []chain.Record { erase(&e[1]); erase(&e[4]); return e }, nil, fine,
			[]string{"event 2 has lost the name of its actor, and no event says that us-1 was erased", "event 5 has lost the name of its actor, and no event says that us-4 was erased"}},
	} {
		t.Run(name, func(t *testing.T) {
			events := whole()
			if tt.damage != nil {
				events = tt.damage(events)
			}
			v := chain.NewVerifier(tt.noted...)
			for _, e := range events {
				v.Next(e)
			}
			if len(events) > 0 && v.Head().String() != headOf(events).String() {
				t.Errorf("the walk ends at %s", v.Head())
			}
			if d := cmp.Diff(tt.want, v.Finish(tt.tail)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// Of many problems twenty are told, and how many more there are.
func TestVerifierTellsTheFirstProblems(t *testing.T) {
	for n, want := range map[int]int{19: 19, 20: 20, 21: 21, 300: 21} {
		events := make([]chain.Record, n)
		for i := range events {
			events[i] = chain.Record{Subject: "pc-1", Action: "note", Who: salt(1)}
		}
		events = link(t, events...)
		tail := headOf(events)
		v := chain.NewVerifier()
		for _, e := range events {
			e.Reason = "changed"
			v.Next(e)
		}
		got := v.Finish(tail)
		if len(got) != want || n > 20 && got[20] != fmt.Sprintf("and %d more", n-20) || n <= 20 && !strings.HasPrefix(got[len(got)-1], "event ") {
			t.Errorf("%d problems are told as %d: %q", n, len(got), got)
		}
	}
}

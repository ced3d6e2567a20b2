// Package chain binds the lines of the audit log to each other. Each event's
// hash covers the hash of the event before, so that a line that was changed,
// taken out or put in breaks every line after it.
//
// What the chain protects against: anybody who changes, removes or inserts
// lines and does not compute all that follows anew. Who does compute it anew is
// found by the head, the last number and hash: the store keeps it sealed with a
// key that is not in the database. Who has that key as well is found only by a
// head that was noted elsewhere.
package chain

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Size is the length of a hash in bytes, saltSize that of the salt of a name.
const (
	Size     = sha256.Size
	saltSize = 16
)

// Erased stands in the place of the name of a person whose data was erased.
const Erased = "Erased person"

// Record is one event as it is chained. At is the text of the row, UTC in
// fixed width.
type Record struct {
	N            int64  `json:"n"` // its place in the chain, from 1
	Subject      string `json:"subject"`
	Seq          int64  `json:"seq"` // its place in the history of the subject, from 1
	At           string `json:"at"`
	AccountID    string `json:"account_id,omitempty"`
	ActorID      string `json:"actor_id"`
	ActorName    string `json:"actor_name"`
	ActorRole    string `json:"actor_role"`
	ActorAccount string `json:"actor_account,omitempty"`
	Action       string `json:"action"`
	From         string `json:"from,omitempty"`
	To           string `json:"to,omitempty"`
	RequestID    string `json:"request_id"`
	Reason       string `json:"reason,omitempty"`
	Detail       string `json:"detail,omitempty"`
	// Who is the salt of the actor's name, or, once the name is erased, the
	// digest that salt and name had: the name itself cannot be computed back.
	Who Bytes `json:"who"`
	// Hash is what the event was given when it was written.
	Hash Bytes `json:"hash"`
}

// Bytes are written as hexadecimal digits.
type Bytes []byte

// MarshalText writes the digits.
func (b Bytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalText reads digits.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// NewSalt is a salt for one event's name.
func NewSalt() Bytes {
	b := make(Bytes, saltSize)
	rand.Read(b)
	return b
}

// NameDigest is what the hash covers in the place of the name.
func (r *Record) NameDigest() (Bytes, error) {
	switch {
	case len(r.Who) == saltSize:
		h := sha256.New()
		h.Write(r.Who)
		h.Write([]byte(r.ActorName))
		return h.Sum(nil), nil
	case len(r.Who) == Size && r.ActorName == Erased:
		return r.Who, nil
	case len(r.Who) == Size:
		return nil, errors.New("a name stands where one was erased")
	}
	return nil, errors.New("the salt of the name is damaged")
}

// Sum is the hash of the event that follows one with the hash previous: SHA-256
// over previous and each field as "length:bytes,", so that no two events have
// the same bytes. The place in the subject's history is not covered: it follows
// from the order of the chain, and Verifier compares it.
func (r *Record) Sum(previous []byte) (Bytes, error) {
	name, err := r.NameDigest()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	put(h, "demarc event 1")
	put(h, string(previous))
	put(h, strconv.FormatInt(r.N, 10))
	for _, f := range []string{r.Subject, r.At, r.AccountID, r.ActorID, string(name), r.ActorRole, r.ActorAccount, r.Action, r.From, r.To, r.RequestID, r.Reason, r.Detail} {
		put(h, f)
	}
	return h.Sum(nil), nil
}

func put(h hash.Hash, s string) {
	h.Write(strconv.AppendInt(nil, int64(len(s)), 10))
	h.Write([]byte{':'})
	h.Write([]byte(s))
	h.Write([]byte{','})
}

// Head is where the chain ends.
type Head struct {
	N    int64
	Hash Bytes
}

// Start is the head of a chain without events.
func Start() Head { return Head{Hash: make(Bytes, Size)} }

// String is a head as people note it: "1207:5e0f…".
func (h Head) String() string { return fmt.Sprintf("%d:%x", h.N, []byte(h.Hash)) }

// ParseHead reads what String wrote.
func ParseHead(s string) (Head, error) {
	n, digits, ok := strings.Cut(strings.TrimSpace(s), ":")
	num, err := strconv.ParseInt(n, 10, 64)
	b, herr := hex.DecodeString(digits)
	if !ok || err != nil || herr != nil || num < 0 || len(b) != Size {
		return Head{}, fmt.Errorf("%q is no head of an audit log: want a number, a colon and %d hexadecimal digits", s, 2*Size)
	}
	return Head{num, b}, nil
}

// Seal is the proof that the owner of key wrote this head.
func (h Head) Seal(key []byte) Bytes {
	m := hmac.New(sha256.New, key)
	put(m, "demarc audit head 1")
	put(m, strconv.FormatInt(h.N, 10))
	put(m, string(h.Hash))
	return m.Sum(nil)
}

// Sealed reports whether seal is the seal of this head.
func (h Head) Sealed(key, seal []byte) bool { return hmac.Equal(h.Seal(key), seal) }

// maxProblems is how many breaks are told; after the first, most follow from it.
const maxProblems = 20

// Verifier walks along a chain.
type Verifier struct {
	head     Head
	seqs     map[string]int64
	noted    map[int64]Bytes // heads that were noted elsewhere
	problems []string
	erased   map[string]bool // people whose erasure is in the chain, by actor ID
	nameless map[string]int64
}

// NewVerifier begins at the first event. noted are heads that the chain must
// pass through.
func NewVerifier(noted ...Head) *Verifier {
	v := &Verifier{head: Start(), seqs: map[string]int64{}, noted: map[int64]Bytes{}, erased: map[string]bool{}, nameless: map[string]int64{}}
	for _, h := range noted {
		v.noted[h.N] = h.Hash
	}
	return v
}

// EraseAction is the event that explains why the names of a person are gone;
// its subject is "user:" and the person's ID.
const EraseAction = "erase_person"

// Next looks at the next event in the order of N.
func (v *Verifier) Next(r Record) {
	switch {
	case r.N == v.head.N+1:
	case r.N <= v.head.N:
		v.problem("event %d of the chain is there twice", r.N)
	case r.N == v.head.N+2:
		v.problem("event %d of the chain is missing", v.head.N+1)
	default:
		v.problem("events %d to %d of the chain are missing", v.head.N+1, r.N-1)
	}
	sum, err := r.Sum(v.head.Hash)
	if err != nil {
		v.problem("event %d (%s, %s): %v", r.N, r.Subject, r.Action, err)
	} else if !hmac.Equal(sum, r.Hash) {
		v.problem("event %d (%s, %s) does not fit the one before: it, or what stood before it, was changed", r.N, r.Subject, r.Action)
	}
	if v.seqs[r.Subject]++; r.Seq != v.seqs[r.Subject] {
		v.problem("event %d is number %d of %s, and number %d was due", r.N, r.Seq, r.Subject, v.seqs[r.Subject])
		v.seqs[r.Subject] = r.Seq
	}
	if r.Action == EraseAction {
		v.erased[strings.TrimPrefix(r.Subject, "user:")] = true
	}
	if r.ActorName == Erased && len(r.Who) == Size {
		v.nameless[r.ActorID] = r.N
	}
	// What follows is compared with what stands here, so that one change is
	// one problem.
	v.head = Head{r.N, r.Hash}
	if want, ok := v.noted[r.N]; ok {
		if !hmac.Equal(want, r.Hash) {
			v.problem("event %d has another hash than the one that was noted", r.N)
		}
		delete(v.noted, r.N)
	}
}

func (v *Verifier) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// Head is the last event that was looked at.
func (v *Verifier) Head() Head { return v.head }

// Finish says what is wrong with the chain, in sentences; nothing is a sound
// chain. tail is the head that was kept beside the chain.
func (v *Verifier) Finish(tail Head) []string {
	switch {
	case tail.N > v.head.N:
		v.problem("the chain ends with event %d and should end with event %d: its end was cut off", v.head.N, tail.N)
	case tail.N < v.head.N:
		v.problem("the chain goes on to event %d, behind its head at event %d", v.head.N, tail.N)
	case !hmac.Equal(tail.Hash, v.head.Hash):
		v.problem("the last event has another hash than the head of the chain")
	}
	for _, n := range slices.Sorted(maps.Keys(v.noted)) {
		if n > 0 {
			v.problem("event %d, whose hash was noted, is not there", n)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.nameless)) {
		if n := v.nameless[id]; !v.erased[id] {
			v.problem("event %d has lost the name of its actor, and no event says that %s was erased", n, id)
		}
	}
	if n := len(v.problems); n > maxProblems {
		return append(v.problems[:maxProblems:maxProblems], fmt.Sprintf("and %d more", n-maxProblems))
	}
	return v.problems
}

package views

import (
	"time"

	"demarc/views/ui"
)

// LetterKeys is the page about what letters are signed with.
type LetterKeys struct {
	Own         bool // the operator's own certificate
	SelfSigned  bool
	Problem     string // why no letter can be signed now; "" when one can
	Subject     string
	Issuer      string
	Algorithm   string // "ECDSA P-256"
	From, Until time.Time
	Fingerprint string // SHA-256, hex
	Published   string // address of the public keys
	Schema      string // address of the schema of the facts
	Keys        []LetterKey
	Form        KeyForm
}

// LetterKey is one key, active or retired.
type LetterKey struct {
	ID        string
	PDF       bool // signs PDFs; otherwise the facts
	Algorithm string
	Active    bool
	Created   time.Time
	Retired   time.Time // zero while active
}

// KeyForm makes new keys.
type KeyForm struct {
	Reason string
	Key    string
	Errors map[string]string
}

func (f KeyForm) hidden() []ui.Hidden { return []ui.Hidden{{Name: "key", Value: f.Key}} }

func (k LetterKey) purpose() string {
	if k.PDF {
		return "The PDF"
	}
	return "The facts inside (letter.json)"
}

func (v LetterKeys) issuerWords() string {
	if v.SelfSigned {
		return "Itself (self-signed)"
	}
	return v.Issuer
}

// effects says what making new keys does.
func (v LetterKeys) effects() []string {
	pdf := "A new key for the facts and a new self-signed certificate for PDFs are made."
	if v.Own {
		pdf = "A new key for the facts is made. Your certificate for PDFs stays: replace its files and start again to change it."
	}
	return []string{pdf, "The private halves of the old keys are destroyed. This cannot be undone.", "Letters that are out stay good: the public halves stay published."}
}

func keyDay(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") + " (UTC)" }

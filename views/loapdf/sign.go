package loapdf

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"demarc/store/letter"
	"demarc/store/letter/signing"
	"demarc/views/paper"
)

// Names of the files inside a letter: the facts, and the signature over them.
const (
	FactsName     = "letter.json"
	SignatureName = "letter.json.jws"
)

// Print makes the letter that is issued: the pages, its facts as JSON with an
// Ed25519 signature inside, and one signature over the whole file (PAdES
// baseline B-B). Two prints of one letter differ in the signature only. Errors:
// as Render.
func Print(s letter.Snapshot, keys signing.Keys) ([]byte, error) {
	facts, err := s.Marshal()
	if err != nil {
		return nil, err
	}
	jws, err := signing.SignFacts(keys.Facts, facts)
	if err != nil {
		return nil, err
	}
	f, err := build(s, []paper.Attachment{
		{Name: FactsName, MIME: "application/json", Description: "What this letter says, for programs", Relationship: "Data", Content: facts},
		{Name: SignatureName, MIME: "application/jose", Description: "Ed25519 signature over " + FactsName, Relationship: "Supplement", Content: []byte(jws)},
	})
	if err != nil {
		return nil, err
	}
	return sign(f, s, keys)
}

// The places of the signature's dictionary that are filled in when everything
// else is fixed.
const (
	rangePlace = "/ByteRange [0 0000000000 0000000000 0000000000]"
	rangeEnd   = "\n/Contents <"
)

// sign adds a signature over every byte of the file but the signature itself.
func sign(f paper.File, s letter.Snapshot, keys signing.Keys) ([]byte, error) {
	length, err := signing.CommonLength(keys)
	if err != nil {
		return nil, err
	}
	id := f.ID()
	widget, signature := f.Reserve(), f.Reserve()
	page := paper.PageObject(1)
	f.Set(widget, "<</Type /Annot /Subtype /Widget /FT /Sig /T (Signature) /TU %s /F 132 /Rect [0 0 0 0] /P %d 0 R /V %d 0 R>>",
		paper.Text("Signature of "+s.Issuer.LegalName), page, signature)
	f.Extend(page, fmt.Sprintf("/Annots [%d 0 R]", widget))
	// The first signature says that nothing may change (DocMDP, 1).
	f.Extend(f.Root, fmt.Sprintf("/AcroForm <</Fields [%d 0 R] /SigFlags 3>> /Perms <</DocMDP %d 0 R>>", widget, signature))
	f.Set(signature, "<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Name %s /Reason %s /M (%s)\n/Reference [<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /P 1 /V /1.2>>>>]\n%s%s%s>>>",
		paper.Text(s.Issuer.LegalName), paper.Text("Issue of "+s.Title()), paper.PDFTime(s.IssuedAt), rangePlace, rangeEnd, strings.Repeat("0", 2*length))
	pdf := f.Bytes(id)

	at := bytes.LastIndex(pdf, []byte(rangePlace))
	before := at + len(rangePlace) + len(rangeEnd) - 1
	after := before + 2*length + 2
	ranges := fmt.Sprintf("/ByteRange [0 %d %d %d]", before, after, len(pdf)-after)
	copy(pdf[at:], ranges+strings.Repeat(" ", len(rangePlace)-len(ranges)))
	der, err := signing.SignCMSLength(keys, digest(pdf, before, after), length)
	if err != nil {
		return nil, err
	}
	hex.Encode(pdf[before+1:], der)
	return pdf, nil
}

// digest is the SHA-256 of the file without what is from before to after.
func digest(pdf []byte, before, after int) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(pdf[:before])
	h.Write(pdf[after:])
	h.Sum(sum[:0])
	return sum
}

// Signed is what a letter proves by itself. Whether its keys are the operator's
// is another question: see [signing.Set].
type Signed struct {
	Chain    []*x509.Certificate // of the signature over the file, the signer's own first
	Facts    []byte              // the JSON inside
	FactsKey string              // ID of the key that signed the facts
	FactsSig string              // the signature over the facts
	Letter   letter.Snapshot
}

var byteRange = regexp.MustCompile(`^/ByteRange \[0 (\d{1,10}) (\d{1,10}) (\d{1,10})\] *` + rangeEnd)

// Verify checks the signature over the file: that it is one that Print made, is
// of this file and of all of it. A file with any byte changed is refused. The
// signature over the facts is for [Signed.VerifyFacts]. Errors:
// signing.ErrSignature, with what is wrong.
func Verify(pdf []byte) (Signed, error) {
	bad := func(what string) (Signed, error) {
		return Signed{}, fmt.Errorf("%w: %s", signing.ErrSignature, what)
	}
	at := max(0, bytes.Index(pdf, []byte("/ByteRange")))
	m := byteRange.FindSubmatch(pdf[at:])
	if m == nil || bytes.LastIndex(pdf, []byte("/ByteRange")) != at {
		return bad("the file has no signature, or more than one")
	}
	number := func(i int) int { n, _ := strconv.Atoi(string(m[i])); return n }
	before, after, rest := number(1), number(2), number(3)
	if before != at+len(m[0])-1 || after <= before+2 || after > len(pdf) || rest != len(pdf)-after || pdf[before] != '<' || pdf[after-1] != '>' {
		return bad("it does not cover the whole file")
	}
	written := pdf[before+1 : after-1]
	der := make([]byte, hex.DecodedLen(len(written)))
	if _, err := hex.Decode(der, written); err != nil || !bytes.Equal(hex.AppendEncode(nil, der), written) {
		return bad("it is damaged")
	}
	chain, err := signing.VerifyCMS(der, digest(pdf, before, after))
	if err != nil {
		return Signed{}, err
	}
	s := Signed{Chain: chain}
	if err := s.open(pdf); err != nil {
		return bad(err.Error())
	}
	return s, nil
}

var (
	specEntry = regexp.MustCompile(`^<</Type /Filespec /F \(([^)]*)\) .*/EF <</F (\d+) 0 R`)
	errNoJSON = errors.New("the facts are not inside")
	errTwice  = errors.New("the facts are inside more than once")
)

// open reads the files inside.
func (s *Signed) open(pdf []byte) error {
	f, err := paper.ReadFile(pdf)
	if err != nil {
		return err
	}
	for _, o := range f.Objects {
		m := specEntry.FindSubmatch(o)
		if m == nil {
			continue
		}
		name := string(m[1])
		if name == FactsName && s.Facts != nil || name == SignatureName && s.FactsSig != "" {
			return errTwice
		}
		n, _ := strconv.Atoi(string(m[2]))
		if name != FactsName && name != SignatureName {
			continue
		}
		content, err := f.Content(n)
		if err != nil {
			return err
		}
		if name == FactsName {
			s.Facts = content
		} else {
			s.FactsSig = string(content)
		}
	}
	if s.Facts == nil || s.FactsSig == "" {
		return errNoJSON
	}
	if s.FactsKey, err = signing.FactsKeyID(s.FactsSig); err != nil {
		return err
	}
	s.Letter, err = letter.Unmarshal(s.Facts)
	return err
}

// VerifyFacts checks the signature over the facts. Errors:
// signing.ErrSignature.
func (s Signed) VerifyFacts(key ed25519.PublicKey) error {
	return signing.VerifyFacts(key, s.Facts, s.FactsSig)
}

// Report says in lines what a letter proves by the published keys, and whether
// all of it is good. Whether it is valid as of now only its check page knows.
func Report(pdf []byte, published signing.Set) (lines []string, good bool) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	s, err := Verify(pdf)
	if err != nil {
		say("BAD   file: %v", err)
		return lines, false
	}
	good = true
	say("good  file: %s, no byte was changed since it was signed", s.Letter.Title())
	if k, ok := published.Certificate(s.Chain[0]); ok {
		say("good  certificate: published, %s, SHA-256 %s", k.Status, signing.Fingerprint(s.Chain[0]))
	} else {
		good = false
		say("BAD   certificate: not among the published keys: %s, SHA-256 %s", s.Chain[0].Subject, signing.Fingerprint(s.Chain[0]))
	}
	if key, k, ok := published.Facts(s.FactsKey); !ok {
		good = false
		say("BAD   facts: signed with a key that is not published, %s", s.FactsKey)
	} else if err := s.VerifyFacts(key); err != nil {
		good = false
		say("BAD   facts: %v", err)
	} else {
		say("good  facts: signed with published key %s, %s", s.FactsKey, k.Status)
	}
	if good {
		say("      Whether it is valid now: %s", s.Letter.CheckURL)
	}
	return lines, good
}

// Package signing says how a letter is signed: the PDF by a CMS signature of
// the profile PAdES B-B, its facts by an Ed25519 signature in a detached JWS, and
// how the public halves of the keys are published for checking offline. It
// keeps no key; demarc/store/keyring does.
package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Keys are what one letter is signed with.
type Keys struct {
	// Chain is the certificate for PDFs, the signer's own first, then those that
	// issued it.
	Chain []*x509.Certificate
	// PDF is the private key of the first certificate: ECDSA, or RSA of 2048 bits
	// or more.
	PDF crypto.Signer
	// Facts is the key for the facts.
	Facts ed25519.PrivateKey
}

// Check says why letters cannot be signed with k at the given time; nil when
// they can.
func (k Keys) Check(now time.Time) error {
	switch {
	case len(k.Chain) == 0 || k.PDF == nil || len(k.Facts) != ed25519.PrivateKeySize:
		return errors.New("there is no key for letters")
	case now.Before(k.Chain[0].NotBefore):
		return fmt.Errorf("the certificate for letters is valid from %s only", k.Chain[0].NotBefore.UTC().Format(time.RFC1123))
	case now.After(k.Chain[0].NotAfter):
		return fmt.Errorf("the certificate for letters expired on %s", k.Chain[0].NotAfter.UTC().Format(time.RFC1123))
	}
	return nil
}

// Usable says why a certificate chain and its key do not suit letters; nil when
// they do. It does not look at the time.
func Usable(chain []*x509.Certificate, key crypto.Signer) error {
	if len(chain) == 0 {
		return errors.New("there is no certificate")
	}
	leaf := chain[0]
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		if public.Curve.Params().BitSize < 256 || !public.Equal(leaf.PublicKey) {
			return errors.New("the key is not the one of the first certificate")
		}
	case *rsa.PublicKey:
		if !public.Equal(leaf.PublicKey) {
			return errors.New("the key is not the one of the first certificate")
		}
		if public.N.BitLen() < 3072 { // 128 bits of security, like the others (SP 800-57)
			return fmt.Errorf("the RSA key has %d bits: 3072 at least", public.N.BitLen())
		}
	default:
		return errors.New("the key is neither ECDSA nor RSA")
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return errors.New("the first certificate is not for signatures (its key usage says so)")
	}
	if SelfSigned(chain) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) != nil {
		return errors.New("the self-signed certificate is damaged")
	}
	for i := 1; i < len(chain); i++ {
		if !bytes.Equal(chain[i-1].RawIssuer, chain[i].RawSubject) || chain[i-1].CheckSignatureFrom(chain[i]) != nil {
			return fmt.Errorf("certificate %d did not issue certificate %d: the signer's comes first, then the one that issued it", i+1, i)
		}
	}
	return nil
}

// SelfSigned says whether the first certificate vouches for itself: nobody but
// its owner says whose it is.
func SelfSigned(chain []*x509.Certificate) bool {
	return len(chain) == 1 && bytes.Equal(chain[0].RawIssuer, chain[0].RawSubject)
}

// Fingerprint is the SHA-256 of a certificate in lower-case hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// Detached JWS (RFC 7515, appendix F) over the bytes themselves (RFC 7797) with
// EdDSA (RFC 8037). What is signed is the header, a point, and the facts as they
// are: no canonical form is needed.
type header struct {
	Alg  string   `json:"alg"`
	B64  bool     `json:"b64"`
	Crit []string `json:"crit"`
	Kid  string   `json:"kid"`
	Typ  string   `json:"typ"`
}

// The type in the header of a signature over the facts of a letter.
const factsType = "demarc-letter+json"

// ErrSignature means that a signature does not fit what it should sign.
var ErrSignature = errors.New("signing: the signature does not fit")

// SignFacts signs the facts: "header..signature", as in a compact JWS whose
// middle part is left out.
func SignFacts(key ed25519.PrivateKey, facts []byte) (string, error) {
	h, err := json.Marshal(header{"EdDSA", false, []string{"b64"}, KeyID(key.Public().(ed25519.PublicKey)), factsType})
	if err != nil {
		return "", err
	}
	head := base64.RawURLEncoding.EncodeToString(h)
	sig := ed25519.Sign(key, signed(head, facts))
	return head + ".." + base64.RawURLEncoding.EncodeToString(sig), nil
}

func signed(head string, facts []byte) []byte {
	return append([]byte(head+"."), facts...)
}

// FactsKeyID is the key that a signature of [SignFacts] says it was made with.
// Errors: ErrSignature when it is none.
func FactsKeyID(jws string) (string, error) {
	h, _, _, err := splitJWS(jws)
	return h.Kid, err
}

// VerifyFacts checks a signature of [SignFacts]. Errors: ErrSignature.
func VerifyFacts(key ed25519.PublicKey, facts []byte, jws string) error {
	h, head, sig, err := splitJWS(jws)
	if err != nil {
		return err
	}
	if len(key) != ed25519.PublicKeySize || h.Kid != KeyID(key) || !ed25519.Verify(key, signed(head, facts), sig) {
		return ErrSignature
	}
	return nil
}

func splitJWS(jws string) (h header, head string, sig []byte, err error) {
	head, rest, ok := strings.Cut(jws, "..")
	raw, err1 := base64.RawURLEncoding.Strict().DecodeString(head)
	sig, err2 := base64.RawURLEncoding.Strict().DecodeString(rest)
	if !ok || err1 != nil || err2 != nil || len(sig) != ed25519.SignatureSize {
		return h, "", nil, ErrSignature
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if dec.Decode(&h) != nil || h.Alg != "EdDSA" || h.B64 || len(h.Crit) != 1 || h.Crit[0] != "b64" || h.Typ != factsType {
		return h, "", nil, ErrSignature
	}
	return h, head, sig, nil
}

// FactsPublic is the public half of the key for facts.
func (k Keys) FactsPublic() ed25519.PublicKey { return k.Facts.Public().(ed25519.PublicKey) }

package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// What a published key is for, and whether new letters are signed with it.
const (
	ForPDF   = "pdf"   // signs the PDF
	ForFacts = "facts" // signs the facts

	Active  = "active"
	Retired = "retired" // signs nothing new; what it signed stays good
)

// JWK is the public half of a key (RFC 7517) with what a checker wants to know
// about it. The members below "status" are Demarc's own.
type JWK struct {
	Kty string   `json:"kty"`
	Crv string   `json:"crv,omitempty"`
	X   string   `json:"x,omitempty"`
	Y   string   `json:"y,omitempty"`
	N   string   `json:"n,omitempty"`
	E   string   `json:"e,omitempty"`
	Kid string   `json:"kid"` // thumbprint of RFC 7638
	Use string   `json:"use"` // "sig"
	Alg string   `json:"alg"`
	X5c [][]byte `json:"x5c,omitempty"`      // the certificates, the signer's own first; DER in base 64
	X5t string   `json:"x5t#S256,omitempty"` // SHA-256 of the first, base 64 for URLs

	Status    string     `json:"status"`               // Active or Retired
	Purpose   string     `json:"purpose"`              // ForPDF or ForFacts
	CreatedAt time.Time  `json:"created_at"`           // signs letters issued from then, UTC …
	RetiredAt *time.Time `json:"retired_at,omitempty"` // … until then
}

// Set is what is published: all keys that ever signed a letter, the newest first.
type Set struct {
	Keys []JWK `json:"keys"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// KeyID is the thumbprint of RFC 7638 of an Ed25519 key.
func KeyID(key ed25519.PublicKey) string {
	return thumbprint(`{"crv":"Ed25519","kty":"OKP","x":"` + b64(key) + `"}`)
}

func thumbprint(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return b64(sum[:])
}

// FactsJWK is the public form of a key for facts.
func FactsJWK(key ed25519.PublicKey) JWK {
	return JWK{Kty: "OKP", Crv: "Ed25519", X: b64(key), Kid: KeyID(key), Use: "sig", Alg: "EdDSA", Purpose: ForFacts}
}

// PDFJWK is the public form of a certificate chain for PDFs. It refuses a key
// that [Usable] does not take.
func PDFJWK(chain []*x509.Certificate) (JWK, error) {
	if len(chain) == 0 {
		return JWK{}, errors.New("signing: no certificate")
	}
	sum := sha256.Sum256(chain[0].Raw)
	k := JWK{Use: "sig", Purpose: ForPDF, X5t: b64(sum[:])}
	for _, c := range chain {
		k.X5c = append(k.X5c, c.Raw)
	}
	switch public := chain[0].PublicKey.(type) {
	case *ecdsa.PublicKey:
		raw, err := public.Bytes() // 4, x, y
		if err != nil {
			return JWK{}, err
		}
		half := (len(raw) - 1) / 2
		k.Kty, k.Crv, k.X, k.Y = "EC", public.Curve.Params().Name, b64(raw[1:1+half]), b64(raw[1+half:])
		k.Kid = thumbprint(`{"crv":"` + k.Crv + `","kty":"EC","x":"` + k.X + `","y":"` + k.Y + `"}`)
		k.Alg = map[elliptic.Curve]string{elliptic.P256(): "ES256", elliptic.P384(): "ES384", elliptic.P521(): "ES512"}[public.Curve]
	case *rsa.PublicKey:
		k.Kty, k.N, k.E, k.Alg = "RSA", b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes()), "RS256"
		k.Kid = thumbprint(`{"e":"` + k.E + `","kty":"RSA","n":"` + k.N + `"}`)
	default:
		return JWK{}, fmt.Errorf("signing: no way to publish a %T", public)
	}
	return k, nil
}

// ParseSet reads a published set.
func ParseSet(b []byte) (Set, error) {
	var s Set
	if err := json.Unmarshal(b, &s); err != nil {
		return Set{}, fmt.Errorf("signing: not a set of keys: %w", err)
	}
	if len(s.Keys) == 0 {
		return Set{}, errors.New("signing: the set has no keys")
	}
	return s, nil
}

// Facts finds the key for facts with an ID; ok is false when it is not in the
// set, or says of itself what is not so.
func (s Set) Facts(kid string) (key ed25519.PublicKey, of JWK, ok bool) {
	for _, k := range s.Keys {
		if k.Purpose != ForFacts || k.Kid != kid || k.Kty != "OKP" || k.Crv != "Ed25519" {
			continue
		}
		key, err := base64.RawURLEncoding.DecodeString(k.X)
		if err == nil && len(key) == ed25519.PublicKeySize && KeyID(key) == kid {
			return key, k, true
		}
	}
	return nil, JWK{}, false
}

// Certificate finds the entry of a certificate for PDFs.
func (s Set) Certificate(c *x509.Certificate) (JWK, bool) {
	for _, k := range s.Keys {
		if k.Purpose == ForPDF && len(k.X5c) > 0 && bytes.Equal(k.X5c[0], c.Raw) {
			return k, true
		}
	}
	return JWK{}, false
}

// Algorithm names the kind of a key for people: "ECDSA P-256", "RSA 3072",
// "Ed25519".
func Algorithm(key crypto.PublicKey) string {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "unknown"
}

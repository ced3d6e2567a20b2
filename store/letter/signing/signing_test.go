package signing_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"demarc/store/letter/signing"
)

func selfSigned(t *testing.T, key crypto.Signer) signing.Keys {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "Example"}, NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(3e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	_, facts, _ := ed25519.GenerateKey(rand.Reader)
	return signing.Keys{Chain: []*x509.Certificate{cert}, PDF: key, Facts: facts}
}

func curve(t *testing.T, c elliptic.Curve) signing.Keys {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return selfSigned(t, key)
}

// The place for a signature has its exact size, whatever chance makes of it.
func TestLengthIsKept(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]signing.Keys{"P-256": curve(t, elliptic.P256()), "P-384": curve(t, elliptic.P384()), "P-521": curve(t, elliptic.P521()), "RSA": selfSigned(t, r)} {
		n, err := signing.CommonLength(k)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			digest := sha256.Sum256([]byte{byte(i)})
			der, err := signing.SignCMSLength(k, digest, n)
			if err != nil || len(der) != n {
				t.Errorf("%s: %d bytes, want %d (%v)", name, len(der), n, err)
			}
			if chain, err := signing.VerifyCMS(der, digest); err != nil || !chain[0].Equal(k.Chain[0]) {
				t.Errorf("%s: %v", name, err)
			}
			digest[0] ^= 1
			if _, err := signing.VerifyCMS(der, digest); !errors.Is(err, signing.ErrSignature) {
				t.Errorf("%s: good for other content (%v)", name, err)
			}
		}
	}
}

// A certificate with the same name and key, but another one, does not stand in.
func TestAnotherCertificateDoesNotStandIn(t *testing.T) {
	k := curve(t, elliptic.P256())
	digest := sha256.Sum256(nil)
	der, err := signing.SignCMS(k, digest)
	if err != nil {
		t.Fatal(err)
	}
	other := selfSigned(t, k.PDF).Chain[0]
	swapped := strings.Replace(string(der), string(k.Chain[0].Raw), string(other.Raw), 1)
	if len(other.Raw) == len(k.Chain[0].Raw) && swapped == string(der) {
		t.Fatal("the certificate is not in the signature")
	}
	if _, err := signing.VerifyCMS([]byte(swapped), digest); !errors.Is(err, signing.ErrSignature) {
		t.Errorf("%v", err)
	}
}

func TestVerifyFactsRefuses(t *testing.T) {
	k := curve(t, elliptic.P256())
	facts := []byte(`{"schema":2}`)
	good, err := signing.SignFacts(k.Facts, facts)
	if err != nil {
		t.Fatal(err)
	}
	if err := signing.VerifyFacts(k.FactsPublic(), facts, good); err != nil {
		t.Fatal(err)
	}
	head, sig, _ := strings.Cut(good, "..")
	with := func(change func(map[string]any)) string {
		raw, _ := base64.RawURLEncoding.DecodeString(head)
		var h map[string]any
		json.Unmarshal(raw, &h)
		change(h)
		raw, _ = json.Marshal(h)
		encoded := base64.RawURLEncoding.EncodeToString(raw)
		// Signed anew: only the header is to blame.
		return encoded + ".." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k.Facts, append([]byte(encoded+"."), facts...)))
	}
	if err := signing.VerifyFacts(k.FactsPublic(), facts, with(func(map[string]any) {})); err != nil {
		t.Fatalf("the helper of this test does not sign: %v", err)
	}
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	foreign, _ := signing.SignFacts(other, facts)
	for name, jws := range map[string]string{
		"nothing": "", "no signature": head + "..", "no header": ".." + sig, "attached": head + ".e30." + sig, "more": good + "=", "cut": good[:len(good)-1],
		"another key":       foreign,
		"no algorithm":      with(func(h map[string]any) { h["alg"] = "none" }),
		"another algorithm": with(func(h map[string]any) { h["alg"] = "HS256" }),
		"encoded payload":   with(func(h map[string]any) { h["b64"] = true }),
		"b64 not critical":  with(func(h map[string]any) { delete(h, "crit") }),
		"more critical":     with(func(h map[string]any) { h["crit"] = []string{"b64", "exp"} }),
		"another type":      with(func(h map[string]any) { h["typ"] = "JWT" }),
		"another key ID":    with(func(h map[string]any) { h["kid"] = "x" }),
		"a key of its own":  with(func(h map[string]any) { h["jwk"] = map[string]string{"kty": "OKP"} }),
	} {
		if err := signing.VerifyFacts(k.FactsPublic(), facts, jws); !errors.Is(err, signing.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if signing.VerifyFacts(k.FactsPublic(), append(facts, '\n'), good) == nil {
		t.Error("good for other facts")
	}
	if signing.VerifyFacts(nil, facts, good) == nil {
		t.Error("good for no key")
	}
}

// RFC 8037, appendix A.3.
func TestKeyIDIsTheStandardThumbprint(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := signing.KeyID(key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSetRefusesWhatIsNotItself(t *testing.T) {
	k := curve(t, elliptic.P256())
	entry := signing.FactsJWK(k.FactsPublic())
	pdf, err := signing.PDFJWK(k.Chain)
	if err != nil {
		t.Fatal(err)
	}
	set := signing.Set{Keys: []signing.JWK{entry, pdf}}
	b, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `"d"`) {
		t.Errorf("a private key is published: %s", b)
	}
	back, err := signing.ParseSet(b)
	if err != nil {
		t.Fatal(err)
	}
	if key, _, ok := back.Facts(entry.Kid); !ok || !key.Equal(k.FactsPublic()) {
		t.Error("a published key is not found")
	}
	if _, ok := back.Certificate(k.Chain[0]); !ok {
		t.Error("a published certificate is not found")
	}
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	lie := signing.FactsJWK(other.Public().(ed25519.PublicKey))
	lie.Kid = entry.Kid
	if _, _, ok := (signing.Set{Keys: []signing.JWK{lie}}).Facts(entry.Kid); ok {
		t.Error("a key with the ID of another is taken")
	}
	for _, bad := range []string{"", "{}", "[]", `{"keys":[]}`} {
		if _, err := signing.ParseSet([]byte(bad)); err == nil {
			t.Errorf("%q is a set", bad)
		}
	}
}

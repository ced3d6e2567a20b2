package keyring

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
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"demarc/store/letter/signing"
)

var now = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

func options(dir string) Options {
	return Options{Dir: dir, Operator: "Example Cloud", Now: func() time.Time { return now }}
}

func open(t *testing.T, o Options) *Ring {
	t.Helper()
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func published(t *testing.T, r *Ring) signing.Set {
	t.Helper()
	set, err := r.Published()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestFirstStartMakesKeysThatStay(t *testing.T) {
	dir := t.TempDir()
	r := open(t, options(dir))
	k := r.Keys()
	if err := k.Check(now); err != nil {
		t.Error(err)
	}
	if !signing.SelfSigned(k.Chain) || r.Own() || signing.Algorithm(k.PDF.Public()) != "ECDSA P-256" {
		t.Errorf("%v, own %v, %s", k.Chain[0].Subject, r.Own(), signing.Algorithm(k.PDF.Public()))
	}
	if k.Check(now.AddDate(selfSignedYears, 0, 1)) == nil || k.Check(now.AddDate(0, 0, -1)) == nil {
		t.Error("an expired or future certificate signs letters")
	}
	info, err := os.Stat(filepath.Join(dir, File))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	again := open(t, options(dir))
	if !again.Keys().Facts.Equal(k.Facts) || !again.Keys().Chain[0].Equal(k.Chain[0]) {
		t.Error("a second start has other keys")
	}
}

func TestRotationKeepsOldKeysPublishedAndDestroysTheirSecrets(t *testing.T) {
	dir := t.TempDir()
	r := open(t, options(dir))
	before := r.Keys()
	facts := []byte(`{"schema":2}`)
	jws, err := signing.SignFacts(before.Facts, facts)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Rotate(); err != nil {
		t.Fatal(err)
	}
	after := r.Keys()
	if after.Facts.Equal(before.Facts) || after.Chain[0].Equal(before.Chain[0]) {
		t.Error("the keys are the old ones")
	}
	for name, r := range map[string]*Ring{"at once": r, "after a restart": open(t, options(dir))} {
		set := published(t, r)
		kid, _ := signing.FactsKeyID(jws)
		key, entry, ok := set.Facts(kid)
		if !ok || entry.Status != signing.Retired || !entry.RetiredAt.Equal(now) || signing.VerifyFacts(key, facts, jws) != nil {
			t.Errorf("%s: an old letter cannot be checked: %+v", name, entry)
		}
		if entry, ok := set.Certificate(before.Chain[0]); !ok || entry.Status != signing.Retired {
			t.Errorf("%s: the old certificate is not published: %+v", name, entry)
		}
		if _, entry, _ := set.Facts(signing.KeyID(after.FactsPublic())); entry.Status != signing.Active || entry.RetiredAt != nil {
			t.Errorf("%s: the new key is %+v", name, entry)
		}
		if !r.Keys().Facts.Equal(after.Facts) {
			t.Errorf("%s: other keys", name)
		}
	}
	file, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(file), `"seed"`) + strings.Count(string(file), `"private"`); n != 2 {
		t.Errorf("%d secrets in the file, want those of the two active keys:\n%s", n, file)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

// own writes a key and its certificate, issued by another, as PEM.
func own(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) (o Options) {
	t.Helper()
	o = options(t.TempDir())
	ca, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Root"}, NotBefore: now, NotAfter: now.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Example Letters"}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature}
	if change != nil {
		change(leaf)
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, ca.Public(), ca)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), ca)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, blocks ...*pem.Block) string {
		var b []byte
		for _, p := range blocks {
			b = append(b, pem.EncodeToMemory(p)...)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	o.Key = write("key.pem", &pem.Block{Type: "PRIVATE KEY", Bytes: private})
	o.Certificates = write("cert.pem", &pem.Block{Type: "CERTIFICATE", Bytes: leafDER}, &pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	return o
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOperatorsOwnKey(t *testing.T) {
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	for name, key := range map[string]crypto.Signer{"RSA": rsaKey(t, 3072), "ECDSA": p384} {
		t.Run(name, func(t *testing.T) {
			o := own(t, key, nil)
			made := open(t, options(o.Dir)).Keys() // it ran with its own certificate before
			r := open(t, o)
			k := r.Keys()
			if !r.Own() || len(k.Chain) != 2 || k.Chain[0].Subject.CommonName != "Example Letters" || signing.SelfSigned(k.Chain) {
				t.Fatalf("own %v, %d certificates", r.Own(), len(k.Chain))
			}
			digest := sha256.Sum256([]byte("a letter"))
			der, err := signing.SignCMS(k, digest)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := signing.VerifyCMS(der, digest); err != nil {
				t.Error(err)
			}
			if entry, ok := published(t, r).Certificate(made.Chain[0]); !ok || entry.Status != signing.Retired {
				t.Errorf("the certificate of before is %+v", entry)
			}
			file, _ := os.ReadFile(filepath.Join(o.Dir, File))
			if strings.Contains(string(file), `"private"`) {
				t.Error("a private key for PDFs is in the data folder")
			}
			// New keys are for facts only; the certificate stays the operator's.
			if err := r.Rotate(); err != nil {
				t.Fatal(err)
			}
			if !r.Keys().Chain[0].Equal(k.Chain[0]) || r.Keys().Facts.Equal(k.Facts) {
				t.Error("rotation took the operator's certificate away, or left the key for facts")
			}
			// Back to a certificate that the program makes, and to the operator's again.
			if !signing.SelfSigned(open(t, options(o.Dir)).Keys().Chain) {
				t.Error("without the flags the operator's certificate is still used")
			}
			set := published(t, open(t, o))
			if n := len(slices.DeleteFunc(slices.Clone(set.Keys), func(k signing.JWK) bool { return k.Purpose != signing.ForPDF })); n != 3 {
				t.Errorf("%d certificates are published, want three, each once", n)
			}
		})
	}
}

func TestRefusedKeys(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	plain := func(key crypto.Signer, change func(*x509.Certificate)) func(t *testing.T) Options {
		return func(t *testing.T) Options { return own(t, key, change) }
	}
	for name, tt := range map[string]struct {
		options func(t *testing.T) Options
		want    string
	}{
		"only the key":         {func(t *testing.T) Options { o := own(t, p256, nil); o.Certificates = ""; return o }, "both"},
		"only the certificate": {func(t *testing.T) Options { o := own(t, p256, nil); o.Key = ""; return o }, "both"},
		"key of another":       {func(t *testing.T) Options { o := own(t, p256, nil); o.Key = own(t, rsaKey(t, 3072), nil).Key; return o }, "does not match"},
		"no file":              {func(t *testing.T) Options { o := own(t, p256, nil); o.Key += ".missing"; return o }, "no such file"},
		"not PEM":              {func(t *testing.T) Options { o := own(t, p256, nil); o.Key = o.Dir; return o }, "directory"},
		"wrong order": {func(t *testing.T) Options {
			o := own(t, p256, nil)
			b, _ := os.ReadFile(o.Certificates)
			first, rest := pem.Decode(b)
			os.WriteFile(o.Certificates, append(rest, pem.EncodeToMemory(first)...), 0o600)
			return o
		}, "does not match"},
		"unrelated issuer": {func(t *testing.T) Options {
			o := own(t, p256, nil)
			b, _ := os.ReadFile(o.Certificates)
			first, _ := pem.Decode(b)
			other, _ := os.ReadFile(own(t, p256, nil).Certificates)
			_, root := pem.Decode(other)
			os.WriteFile(o.Certificates, append(pem.EncodeToMemory(first), root...), 0o600)
			return o
		}, "did not issue"},
		"weak RSA":                               {plain(rsaKey(t, 2048), nil), "3072 at least"},
		"weak ECDSA":                             {plain(p224, nil), ""},
		"Ed25519, which PDF readers do not know": {plain(ed, nil), "neither ECDSA nor RSA"},
		"for encryption only":                    {plain(p256, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), "not for signatures"},
	} {
		t.Run(name, func(t *testing.T) {
			o := tt.options(t)
			_, err := Open(o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if left, _ := os.ReadDir(o.Dir); len(left) != 0 {
				t.Errorf("something was written: %v", left)
			}
		})
	}
}

// A damaged file is never replaced by new keys: old letters would lose theirs.
func TestDamagedFileIsLeftAlone(t *testing.T) {
	for name, damage := range map[string]func(string) string{
		"cut":         func(s string) string { return s[:len(s)/2] },
		"empty":       func(string) string { return "" },
		"newer":       func(s string) string { return strings.Replace(s, `"version": 1`, `"version": 2`, 1) },
		"other seed":  func(s string) string { i := strings.Index(s, `"seed": "`) + 9; return s[:i] + "AAAA" + s[i+4:] },
		"certificate": func(s string) string { i := strings.Index(s, `"certificates"`) + 60; return s[:i] + "AAAA" + s[i+4:] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			open(t, options(dir))
			path := filepath.Join(dir, File)
			b, _ := os.ReadFile(path)
			bad := damage(string(b))
			os.WriteFile(path, []byte(bad), 0o600)
			if _, err := Open(options(dir)); err == nil {
				t.Error("it opened")
			}
			after, _ := os.ReadFile(path)
			if diff := cmp.Diff(bad, string(after)); diff != "" {
				t.Errorf("the file was changed:\n%s", diff)
			}
		})
	}
}

func TestRotateWhileLettersAreSigned(t *testing.T) {
	r := open(t, options(t.TempDir()))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				k := r.Keys()
				jws, err := signing.SignFacts(k.Facts, []byte("{}"))
				if err != nil {
					t.Error(err)
				}
				set, err := r.Published()
				kid, _ := signing.FactsKeyID(jws)
				if key, _, ok := set.Facts(kid); err != nil || !ok || signing.VerifyFacts(key, []byte("{}"), jws) != nil {
					t.Errorf("a letter's key is not published (%v)", err)
				}
			}
		})
	}
	for range 5 {
		if err := r.Rotate(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if n := len(published(t, r).Keys); n != 12 {
		t.Errorf("%d keys published, want 12", n)
	}
}

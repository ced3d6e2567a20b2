package loapdf

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/pdfsign/verify"
	"github.com/digitorus/pkcs7"

	"demarc/store/letter"
	"demarc/store/letter/signing"
	"demarc/views/paper"
	"demarc/views/paper/papertest"
)

var keys = sync.OnceValue(func() signing.Keys {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1 << 40), Subject: pkix.Name{CommonName: "Example Cloud letters", Organization: []string{"Example Cloud"}},
		NotBefore: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2046, 11, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	_, facts, _ := ed25519.GenerateKey(rand.Reader)
	return signing.Keys{Chain: []*x509.Certificate{cert}, PDF: key, Facts: facts}
})

// chained are keys whose certificate was issued by another, and of RSA.
var chained = sync.OnceValue(func() signing.Keys {
	root := keys()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Root"}, NotBefore: root.Chain[0].NotBefore, NotAfter: root.Chain[0].NotAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		panic(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "示例云计算有限公司"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature}
	chain := make([]*x509.Certificate, 2)
	for i, c := range []*x509.Certificate{leaf, ca} {
		public := []any{&key.PublicKey, root.PDF.Public()}[i]
		der, err := x509.CreateCertificate(rand.Reader, c, ca, public, root.PDF)
		if err != nil {
			panic(err)
		}
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			panic(err)
		}
	}
	return signing.Keys{Chain: chain, PDF: key, Facts: root.Facts}
})

func printed(t testing.TB, s letter.Snapshot) []byte {
	t.Helper()
	b, err := Print(s, keys())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Everything but the signature is the same at each print.
func TestPrintsDifferInTheSignatureOnly(t *testing.T) {
	blank := regexp.MustCompile(`/Contents <[0-9a-f]+>`)
	a, b := printed(t, chinese()), printed(t, chinese())
	if bytes.Equal(a, b) {
		t.Error("two ECDSA signatures are the same")
	}
	if !bytes.Equal(blank.ReplaceAll(a, nil), blank.ReplaceAll(b, nil)) {
		t.Error("more than the signature differs")
	}
}

// What people who did not write this program say about the signature.
func TestOthersFindTheSignatureValid(t *testing.T) {
	for name, k := range map[string]signing.Keys{"self-signed ECDSA": keys(), "RSA with its chain": chained()} {
		for sample, s := range samples {
			t.Run(name+"/"+sample, func(t *testing.T) {
				pdf, err := Print(s.letter, k)
				if err != nil {
					t.Fatal(err)
				}
				out := papertest.Tool(t, pdf, "qpdf", "--check", "FILE")
				if !strings.Contains(out, "No syntax or stream encoding errors found") || strings.Contains(out, "WARNING") {
					t.Error(out)
				}
				out = papertest.Tool(t, pdf, "pdfsig", "FILE")
				for _, want := range []string{"Signature is Valid.", "Total document signed", "Signature Type: ETSI.CAdES.detached", "Hash Algorithm: SHA-256",
					"Signing Time: " + s.letter.IssuedAt.UTC().Format("Jan 02 2006 15:04:05")} {
					if !strings.Contains(out, want) {
						t.Errorf("no %q in\n%s", want, out)
					}
				}
				if strings.Count(out, "Signature #") != 1 {
					t.Errorf("not one signature:\n%s", out)
				}
				checkWithPdfsign(t, pdf, s.letter)
				checkWithLibrary(t, pdf, k)
				checkWithOpenSSL(t, pdf, k)
			})
		}
	}
}

// place says where the signature is in the file.
func place(t *testing.T, pdf []byte) (before, after int) {
	t.Helper()
	m := regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) (\d+)\]`).FindSubmatch(pdf)
	if m == nil {
		t.Fatal("no byte range")
	}
	before, _ = strconv.Atoi(string(m[1]))
	after, _ = strconv.Atoi(string(m[2]))
	return before, after
}

// contents gives the signature and what it signs.
func contents(t *testing.T, pdf []byte) (der, signed []byte) {
	t.Helper()
	before, after := place(t, pdf)
	if _, err := fmt.Sscanf(string(pdf[before+1:after-1]), "%x", &der); err != nil {
		t.Fatal(err)
	}
	return der, append(bytes.Clone(pdf[:before]), pdf[after:]...)
}

// checkWithPdfsign verifies with a library for signatures of PDFs, which reads
// the file by itself.
func checkWithPdfsign(t *testing.T, pdf []byte, s letter.Snapshot) {
	t.Helper()
	r, err := verify.Verify(bytes.NewReader(pdf), int64(len(pdf)))
	if err != nil || r.Error != "" || len(r.Signers) != 1 || !r.Signers[0].ValidSignature {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := r.Signers[0]; got.Name != s.Issuer.LegalName || got.Reason != "Issue of "+s.Title() || !got.SignatureTime.Equal(s.IssuedAt) {
		t.Errorf("signed by %q for %q at %v", got.Name, got.Reason, got.SignatureTime)
	}
}

// checkWithLibrary verifies with a library for PKCS #7 and looks at what PAdES
// B-B wants of the attributes.
func checkWithLibrary(t *testing.T, pdf []byte, k signing.Keys) {
	t.Helper()
	der, signed := contents(t, pdf)
	p, err := pkcs7.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	p.Content = signed
	if err := p.Verify(); err != nil {
		t.Error(err)
	}
	if len(p.Certificates) != len(k.Chain) || !p.GetOnlySigner().Equal(k.Chain[0]) {
		t.Errorf("%d certificates, signed by %v", len(p.Certificates), p.GetOnlySigner())
	}
	has := map[string]bool{}
	for _, a := range p.Signers[0].AuthenticatedAttributes {
		has[a.Type.String()] = true
	}
	want := []string{"1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47"} // content-type, message-digest, signing-certificate-v2
	for _, oid := range want {
		if !has[oid] {
			t.Errorf("no attribute %s", oid)
		}
	}
	if len(has) != len(want) || len(p.Signers[0].UnauthenticatedAttributes) != 0 {
		t.Errorf("the attributes are %v: signing-time and others are not for PAdES B-B", has)
	}
}

// checkWithOpenSSL verifies the signature as CAdES: that wants the attribute
// signing-certificate-v2 and checks it.
func checkWithOpenSSL(t *testing.T, pdf []byte, k signing.Keys) {
	t.Helper()
	der, signed := contents(t, pdf)
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Chain[len(k.Chain)-1].Raw})
	out := run(t, map[string][]byte{"sig.der": der, "signed": signed, "root.pem": root}, "openssl", "cms", "-verify", "-cades", "-CAfile", "root.pem", "-purpose", "any",
		"-no_check_time", "-inform", "DER", "-in", "sig.der", "-content", "signed", "-binary", "-out", "copy")
	if !strings.Contains(out, "CAdES Verification successful") {
		t.Error(out)
	}
}

// run runs a program in a folder with these files, where it is installed; in CI
// it has to be.
func run(t *testing.T, files map[string][]byte, name string, args ...string) string {
	t.Helper()
	out, err := try(t, files, name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

func try(t *testing.T, files map[string][]byte, name string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Whoever trusts the operator's certificate is told so.
func TestTrustedCertificate(t *testing.T) {
	pdf, err := Print(ordinary(), chained())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("certutil"); err != nil {
		t.Skip(err)
	}
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chained().Chain[1].Raw})
	out := run(t, map[string][]byte{"letter.pdf": pdf, "root.pem": root}, "sh", "-c",
		"mkdir db && certutil -N -d sql:db --empty-password && certutil -A -d sql:db -n root -t C,C,C -i root.pem && pdfsig -nssdir sql:db letter.pdf")
	if !strings.Contains(out, "Certificate is Trusted") {
		t.Error(out)
	}
}

// The same facts are inside, for programs: those that were stored, byte for byte.
func TestFactsAreInside(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			pdf := printed(t, sample.letter)
			out := papertest.Tool(t, pdf, "pdfdetach", "-list", "FILE")
			if !strings.Contains(out, "2 embedded files") || !strings.Contains(out, "1: "+FactsName+"\n") || !strings.Contains(out, "2: "+SignatureName) {
				t.Error(out)
			}
			want, err := sample.letter.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if got := run(t, map[string][]byte{"letter.pdf": pdf}, "sh", "-c", "pdfdetach -save 1 -o facts letter.pdf && cat facts"); got != string(want) {
				t.Errorf("the facts are\n%s\nwant\n%s", got, want)
			}
			s, err := Verify(pdf)
			if err != nil {
				t.Fatal(err)
			}
			if string(s.Facts) != string(want) || s.Letter.Title() != sample.letter.Title() {
				t.Errorf("read back: %s", s.Facts)
			}
			if err := s.VerifyFacts(keys().FactsPublic()); err != nil {
				t.Error(err)
			}
		})
	}
}

// The signature over the facts is checked with OpenSSL alone, as the README
// says.
func TestFactsSignatureWithOpenSSL(t *testing.T) {
	public, err := x509.MarshalPKIXPublicKey(keys().FactsPublic())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Verify(printed(t, chinese()))
	if err != nil {
		t.Fatal(err)
	}
	head, sig, _ := strings.Cut(s.FactsSig, "..")
	raw, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"signed": append([]byte(head+"."), s.Facts...), "sig": raw,
		"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})}
	args := []string{"pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "signed", "-sigfile", "sig"}
	if out := run(t, files, "openssl", args...); !strings.Contains(out, "Signature Verified Successfully") {
		t.Error(out)
	}
	files["signed"] = bytes.Replace(files["signed"], []byte("C-07"), []byte("C-08"), 1)
	if out, err := try(t, files, "openssl", args...); err == nil {
		t.Errorf("another cabinet, and still %s", out)
	}
}

// No byte can be changed unseen: not by the verifier here, for bytes all over
// the file, …
func TestAnyByteChanged(t *testing.T) {
	for name, k := range map[string]signing.Keys{"ECDSA": keys(), "RSA with its chain": chained()} {
		pdf, err := Print(ordinary(), k)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(pdf); err != nil {
			t.Fatal(err)
		}
		from := bytes.Index(pdf, []byte("/ByteRange"))
		for i := range pdf {
			// Of the signature and what is around it each byte, also in the other
			// case; before it one of seven.
			bits := []int{i % 8, 5}
			if i < from-300 {
				if bits = bits[:1]; i%7 != 0 {
					continue
				}
			}
			for _, bit := range bits {
				pdf[i] ^= 1 << bit
				if _, err := Verify(pdf); err == nil {
					t.Errorf("%s: bit %d of byte %d of %d (%q) changed, and the signature is still good", name, bit, i, len(pdf), pdf[max(0, i-10):min(len(pdf), i+10)])
				}
				pdf[i] ^= 1 << bit
			}
		}
		for what, changed := range map[string][]byte{
			"a byte more": append(bytes.Clone(pdf), '\n'), "a byte less": pdf[:len(pdf)-1], "nothing": nil,
			"a byte before": append([]byte("\n"), pdf...),
			"an update":     append(bytes.Clone(pdf), "1 0 obj\n<<>>\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1>>\nstartxref\n0\n%%EOF\n"...),
			"upper case":    bytes.Replace(pdf, pdf[from+100:from+300], bytes.ToUpper(pdf[from+100:from+300]), 1),
		} {
			if _, err := Verify(changed); err == nil {
				t.Errorf("%s: with %s the signature is still good", name, what)
			}
		}
	}
}

// … nor by pdfsig, for samples from all over the file. Within the signature
// itself, which no signature can cover, pdfsig takes what means the same.
func TestAnyByteChangedForPdfsig(t *testing.T) {
	pdf := printed(t, ordinary())
	before, after := place(t, pdf)
	var places []int
	for i := range 40 {
		places = append(places, i*before/40+i%7)
	}
	for _, what := range []string{"/JavaScript", "/Title", "xpacket", "EmbeddedFile", "/OutputIntent", "/StructTreeRoot", "/ByteRange", "/SubFilter", "/M (", "/W [", "beginbfrange"} {
		if i := bytes.Index(pdf, []byte(what)); i >= 0 && i < before {
			places = append(places, i+len(what))
		}
	}
	for i := after; i < len(pdf); i += max(1, (len(pdf)-after)/12) {
		places = append(places, i)
	}
	places = append(places, 0, before-1, after, len(pdf)-1)
	files := map[string][]byte{}
	for _, i := range places {
		changed := bytes.Clone(pdf)
		changed[i] ^= 1
		files[fmt.Sprintf("%d.pdf", i)] = changed
	}
	out, _ := try(t, files, "sh", "-c", `for f in *.pdf; do printf '%s: ' $f; pdfsig $f 2>&1 | tr '\n' ' '; echo; done`)
	seen := 0
	for line := range strings.Lines(out) {
		seen++
		if strings.Contains(line, "Signature is Valid") && strings.Contains(line, "Total document signed") {
			t.Errorf("one byte changed: %s", line)
		}
	}
	if seen != len(files) {
		t.Errorf("%d answers for %d files:\n%s", seen, len(files), out)
	}
}

// readQR draws the first page and reads its QR code.
func readQR(t *testing.T, pdf []byte, dpi int) string {
	t.Helper()
	out := run(t, map[string][]byte{"letter.pdf": pdf}, "sh", "-c", fmt.Sprintf("pdftoppm -r %d -f 1 -l 1 -gray letter.pdf page && zbarimg -q --raw page*.pgm 2>errors", dpi))
	return strings.TrimSpace(out)
}

// The page, printed and photographed, leads to the check page.
func TestQRCodeIsReadFromThePage(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := readQR(t, printed(t, sample.letter), 100); got != sample.letter.CheckURL {
				t.Errorf("%q, want %q", got, sample.letter.CheckURL)
			}
		})
	}
}

// A long public address still makes a code that is read.
func TestQRCodeOfALongAddress(t *testing.T) {
	s := ordinary()
	s.CheckURL = "https://express-connect-console.international.network-services.example-cloud.example/loa/check/" + s.CheckCode
	if got := readQR(t, printed(t, s), 150); got != s.CheckURL {
		t.Errorf("%q, want %q", got, s.CheckURL)
	}
}

func TestReport(t *testing.T) {
	published := func(k signing.Keys) (set signing.Set) {
		pdf, err := signing.PDFJWK(k.Chain)
		if err != nil {
			t.Fatal(err)
		}
		facts := signing.FactsJWK(k.FactsPublic())
		pdf.Status, facts.Status = signing.Retired, signing.Active
		return signing.Set{Keys: []signing.JWK{facts, pdf}}
	}
	pdf := printed(t, ordinary())
	changed := bytes.Replace(pdf, []byte("/Lang (en)"), []byte("/Lang (fr)"), 1)
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	foreign := signing.Keys{Chain: chained().Chain, PDF: chained().PDF, Facts: other}
	for name, tt := range map[string]struct {
		pdf  []byte
		set  signing.Set
		want []string
		good bool
	}{
		"as issued": {pdf, published(keys()), []string{"good  file: LOA-2026-004817, no byte", "good  certificate: published, retired", "good  facts: signed with published key", ordinary().CheckURL}, true},
		"changed":   {changed, published(keys()), []string{"BAD   file"}, false},
		"no letter": {[]byte("%PDF-1.7"), published(keys()), []string{"BAD   file"}, false},
		"by others": {pdf, published(foreign), []string{"good  file", "BAD   certificate: not among", "BAD   facts: signed with a key that is not published"}, false},
	} {
		lines, good := Report(tt.pdf, tt.set)
		text := strings.Join(lines, "\n")
		if good != tt.good {
			t.Errorf("%s: good %v:\n%s", name, good, text)
		}
		for _, w := range tt.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", name, w, text)
			}
		}
	}
}

// What the README tells whoever has no Demarc to type does what it says.
func TestReadmeChecksALetter(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "    pdfsig LETTER.pdf")
	script, _, closed := strings.Cut(rest, "\n\n")
	if !ok || !closed {
		t.Fatal("the README does not say how to check a letter")
	}
	script = "KEY=" + signing.FactsJWK(keys().FactsPublic()).X + "\npdfsig LETTER.pdf" + script
	pdf := printed(t, chinese())
	out := run(t, map[string][]byte{"LETTER.pdf": pdf}, "bash", "-c", script)
	for _, want := range []string{"Signature is Valid", "Total document signed", `"kid":"` + signing.KeyID(keys().FactsPublic()) + `"`, "Signature Verified Successfully"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	script = strings.Replace(script, signing.FactsJWK(keys().FactsPublic()).X, signing.FactsJWK(other.Public().(ed25519.PublicKey)).X, 1)
	if out, err := try(t, map[string][]byte{"LETTER.pdf": pdf}, "bash", "-c", script); err == nil {
		t.Errorf("good by another key:\n%s", out)
	}
}

// What signing adds to a letter: see BenchmarkRender.
func BenchmarkPrint(b *testing.B) {
	for name, k := range map[string]signing.Keys{"ECDSA": keys(), "RSA": chained()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Print(ordinary(), k); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	pdf := printed(b, ordinary())
	for b.Loop() {
		if _, err := Verify(pdf); err != nil {
			b.Fatal(err)
		}
	}
}

// A signed file that holds the facts more than once says two things. It is
// refused at the second, however many there are.
func TestFactsAreInsideOnce(t *testing.T) {
	pdf := printed(t, ordinary())
	f, err := paper.ReadFile(pdf)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range f.Objects {
		if m := specEntry.FindSubmatch(o); m != nil && string(m[1]) == FactsName {
			for range 1000 {
				n := f.Reserve()
				f.Objects[n-1] = o
			}
			break
		}
	}
	var s Signed
	if err := s.open(f.Bytes([]byte("id"))); !errors.Is(err, errTwice) {
		t.Errorf("opened: %v", err)
	}
	if err := new(Signed).open(pdf); err != nil {
		t.Errorf("the letter itself: %v", err)
	}
}

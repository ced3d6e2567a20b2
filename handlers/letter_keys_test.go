package handlers_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"demarc/store"
	"demarc/store/letter"
	"demarc/store/letter/signing"
	"demarc/store/lifecycle"
	"demarc/views/loapdf"
	"demarc/web/paths"
)

func publishedKeys(t *testing.T, c *client) signing.Set {
	t.Helper()
	a := c.get(paths.LetterKeys).want(http.StatusOK)
	for name, want := range map[string]string{"Content-Type": "application/jwk-set+json", "Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, secret := range []string{`"d"`, "seed", "private"} {
		if strings.Contains(a.body, secret) {
			t.Errorf("%s is published: %s", secret, a.body)
		}
	}
	set, err := signing.ParseSet([]byte(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// issued lets a reviewer approve on the page, and gives the letter that the
// customer downloads.
func (s *site) issued(t *testing.T) (store.Connection, []byte) {
	t.Helper()
	c := s.At(t, lifecycle.InApplication)
	reviewer := s.as(reviewerMail)
	page := reviewer.get(paths.AdminLOA(c.ID)).want(http.StatusOK).doc()
	form := url.Values{}
	page.Find("form[action='" + paths.AdminApproval(c.ID) + "'] input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		name, _ := in.Attr("name")
		value, _ := in.Attr("value")
		form.Add(name, value)
	})
	form.Set("looked", "yes")
	reviewer.post(paths.AdminApproval(c.ID), form).want(http.StatusSeeOther)
	pdf := s.as(customerMail).get(paths.LOAPDF(c.ID)).want(http.StatusOK)
	return s.Get(t, c.ID), []byte(pdf.body)
}

// A letter that is issued on the page is good by what is published, before and
// after new keys are made, and by a program that nobody here wrote.
func TestIssuedLetterIsCheckedOffline(t *testing.T) {
	s := newSite(t)
	c, pdf := s.issued(t)
	anyone := s.anyone()
	check := func(status string) {
		t.Helper()
		signed, err := loapdf.Verify(pdf)
		if err != nil {
			t.Fatal(err)
		}
		if signed.Letter.Number != c.LOANo || signed.Letter.InterfaceID != c.ID {
			t.Errorf("the facts are of %s, %s", signed.Letter.Number, signed.Letter.InterfaceID)
		}
		set := publishedKeys(t, anyone)
		key, entry, ok := set.Facts(signed.FactsKey)
		if !ok || entry.Status != status {
			t.Fatalf("key %s is %+v, want %s", signed.FactsKey, entry, status)
		}
		if err := signed.VerifyFacts(key); err != nil {
			t.Error(err)
		}
		if cert, ok := set.Certificate(signed.Chain[0]); !ok || cert.Status != status {
			t.Errorf("the certificate is %+v, want %s", cert, status)
		}
	}
	check(signing.Active)
	// The address that the letter carries is the one of its QR code, and answers.
	signed, err := loapdf.Verify(pdf)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(signed.Letter.CheckURL)
	if err != nil {
		t.Fatal(err)
	}
	if page := anyone.get(at.Path).want(http.StatusOK).text(); !strings.Contains(page, "Valid") || !strings.Contains(page, c.LOANo) {
		t.Errorf("%s says %s", at.Path, page)
	}
	admin := s.as(adminMail)
	admin.post(paths.AdminLetterKeys, url.Values{"reason": {"Yearly change"}, "key": {"k1"}}).want(http.StatusSeeOther)
	check(signing.Retired)
	if again := s.as(customerMail).get(paths.LOAPDF(c.ID)).want(http.StatusOK).body; again != string(pdf) {
		t.Error("the letter changed with the keys")
	}
	if _, err := exec.LookPath("pdfsig"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdfsig", file).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Signature is Valid")) || !bytes.Contains(out, []byte("Total document signed")) {
		t.Errorf("pdfsig: %v\n%s", err, out)
	}
}

func TestNewLetterKeys(t *testing.T) {
	s := newSite(t)
	admin, anyone := s.as(adminMail), s.anyone()
	before := publishedKeys(t, anyone)
	page := admin.get(paths.AdminLetterKeys).want(http.StatusOK)
	for _, want := range []string{"The certificate is self-signed", "ECDSA P-256", before.Keys[0].Kid, before.Keys[1].Kid, signing.Fingerprint(s.LetterKeys().Chain[0]), paths.LetterKeys} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("no %q on the page:\n%s", want, page.text())
		}
	}

	// Without a reason nothing happens, and what was typed stays.
	a := admin.post(paths.AdminLetterKeys, url.Values{"reason": {"x"}, "key": {"k1"}})
	summaryHas(t, a, "reason", "Say why new keys are made")
	if got := a.doc().Find("#reason").Text(); got != "x" {
		t.Errorf("the field has %q", got)
	}
	if !slices.EqualFunc(before.Keys, publishedKeys(t, anyone).Keys, func(a, b signing.JWK) bool { return a.Kid == b.Kid }) {
		t.Error("a refused form made keys")
	}

	// A double click makes new keys once.
	for range 2 {
		admin.post(paths.AdminLetterKeys, url.Values{"reason": {"A laptop was stolen."}, "key": {"k2"}}).want(http.StatusSeeOther)
	}
	after := publishedKeys(t, anyone)
	if len(after.Keys) != 4 {
		t.Fatalf("%d keys, want 4", len(after.Keys))
	}
	retired := 0
	for _, k := range after.Keys {
		if k.Status == signing.Retired {
			retired++
		}
	}
	if retired != 2 {
		t.Errorf("%d are retired, want 2", retired)
	}
	if text := admin.get(paths.AdminLetterKeys).text(); strings.Count(text, "Retired ") < 2 {
		t.Errorf("the page shows no retired keys: %s", text)
	}
	log := admin.get(paths.AdminAudit).text()
	if strings.Count(log, "New keys for letters made") < 1 || !strings.Contains(log, "A laptop was stolen.") || strings.Contains(log, "seed") {
		t.Errorf("the audit log: %s", log)
	}
	if err := s.Store.RotateLetterKeys(t.Context(), s.Reviewer, "I want to"); store.KindOf(err) != store.Forbidden {
		t.Errorf("a reviewer makes keys: %v", err)
	}
}

// Of a letter that cannot be signed nothing is issued, and the reviewer reads
// why.
func TestExpiredCertificateStopsLettersOnly(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	s.Clock.Set(s.LetterKeys().Chain[0].NotAfter.AddDate(0, 0, 1))
	if text := s.as(adminMail).get(paths.AdminLetterKeys).want(http.StatusOK).text(); !strings.Contains(text, "No letter can be issued") || !strings.Contains(text, "expired on") {
		t.Errorf("the page says %s", text)
	}
	form := url.Values{"looked": {"yes"}, "key": {"k"}}
	a := s.as(reviewerMail).post(paths.AdminApproval(c.ID), form).want(http.StatusConflict)
	if !strings.Contains(a.text(), "No letter can be signed: the certificate for letters expired on") || !strings.Contains(a.text(), "Nothing was changed.") {
		t.Errorf("the reviewer reads %s", a.text())
	}
	if got := s.Get(t, c.ID); got.LOANo != "" {
		t.Errorf("letter %s", got.LOANo)
	}
}

func TestLetterSchemaIsPublished(t *testing.T) {
	s := newSite(t)
	a := s.anyone().get(paths.LetterSchema).want(http.StatusOK)
	if a.body != string(letter.JSONSchema) || a.header.Get("Content-Type") != "application/schema+json" || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", a.header)
	}
	var doc struct {
		Properties struct{ Schema struct{ Const int } }
	}
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || doc.Properties.Schema.Const != letter.Schema || !strings.Contains(paths.LetterSchema, "letter-"+string(rune('0'+letter.Schema))+".") {
		t.Errorf("schema %d at %s (%v)", doc.Properties.Schema.Const, paths.LetterSchema, err)
	}
}

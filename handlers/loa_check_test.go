package handlers_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"demarc/handlers"
	"demarc/store"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

// compare posts a file to the check page, as a browser does.
func (c *client) compare(path string, file []byte, header ...string) *answer {
	c.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("pdf", "letter.pdf")
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		c.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		c.t.Fatal(err)
	}
	return c.postBody(path, form.FormDataContentType(), b.String(), header...)
}

func (c *client) postBody(path, kind, body string, header ...string) *answer {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	return c.with(r, header...)
}

func (c *client) with(r *http.Request, header ...string) *answer {
	c.t.Helper()
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		c.t.Fatal(err)
	}
	return &answer{c.t, res.StatusCode, res.Header, b.String()}
}

func (s *site) code(id string) string {
	s.t.Helper()
	l, err := s.LOA(s.t.Context(), id)
	if err != nil || l == nil {
		s.t.Fatal(l, err)
	}
	return l.Snapshot.CheckCode
}

// next passes the time that a client has to wait between checks.
func (s *site) next() { s.Clock.Advance(time.Minute) }

func TestCheckPageSaysTheStatusInOneWord(t *testing.T) {
	s := newSite(t)
	public := s.anyone()
	word := func(code string) string {
		t.Helper()
		s.next()
		a := public.get(paths.LOACheck(code)).want(http.StatusOK)
		return a.doc().Find("#verdict-h").Text()
	}
	c := s.At(t, lifecycle.ApprovedLOA)
	first := s.code(c.ID)
	if got := word(first); got != "Valid" {
		t.Errorf("%q", got)
	}
	s.Do(t, c.ID, lifecycle.ReissueLOA)
	if got := word(first); got != "Superseded" {
		t.Errorf("%q", got)
	}
	a := public.get(paths.LOACheck(first)).want(http.StatusOK)
	for _, want := range []string{"A later version replaced this letter on", "Reason: The notes for installers changed.", "Admit nobody with it.", "As of"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("no %q in %s", want, a.text())
		}
	}
	s.Do(t, c.ID, lifecycle.RevokeLOA)
	if got := word(s.code(c.ID)); got != "Revoked" {
		t.Errorf("%q", got)
	}
	if got := word(s.code(s.At(t, lifecycle.WaitingForPayment).ID)); got != "Used" {
		t.Errorf("%q", got)
	}
	late := s.At(t, lifecycle.ApprovedLOA)
	s.Clock.Advance(100 * 24 * time.Hour)
	if got := word(s.code(late.ID)); got != "Expired" {
		t.Errorf("%q", got)
	}
	early := s.At(t, lifecycle.InApplication)
	day := s.Now().In(s.Catalogue().Zone(early.Region)).AddDate(0, 0, 2)
	d, err := s.PrepareLOA(t.Context(), s.Reviewer, early.ID, early.Version, store.Approval{ValidFrom: day.Format(store.SiteDayLayout)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.IssueLOA(t.Context(), s.Reviewer, d, storetest.PDF); err != nil {
		t.Fatal(err)
	}
	if got := word(d.Snapshot.CheckCode); got != "Not yet valid" {
		t.Errorf("%q", got)
	}
}

func TestCheckPageHoldsNoPerson(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.InApplication)
	d, err := s.PrepareLOA(t.Context(), s.Reviewer, c.ID, c.Version, store.Approval{Note: "Ask for Wu Tao"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.IssueLOA(t.Context(), s.Reviewer, d, storetest.PDF); err != nil {
		t.Fatal(err)
	}
	// Somebody who is signed in sees the same page as everybody.
	for _, who := range []*client{s.anyone(), s.as("owner@northwind.example")} {
		for _, a := range []*answer{who.get(paths.LOACheck(d.Snapshot.CheckCode)).want(http.StatusOK), who.get(paths.LOACheck(d.Snapshot.CheckCode) + ".json").want(http.StatusOK),
			who.compare(paths.LOACheck(d.Snapshot.CheckCode), storetest.PDF).want(http.StatusOK)} {
			for _, person := range []string{"Zhou Ming", "陈宇", "137 0000", "138 0000", "Wu Tao", s.Reviewer.Name, "Lin Wei", "owner@northwind", "Binjiang"} {
				if strings.Contains(a.body, person) {
					t.Errorf("%s is in the answer", person)
				}
			}
			for _, fact := range []string{d.Snapshot.FacilityName, d.Snapshot.Position, d.Snapshot.Panel, c.ID, "Northwind Trading", "浙江华临布线有限公司", d.Snapshot.Number} {
				if !strings.Contains(a.body, fact) {
					t.Errorf("%s is not in the answer", fact)
				}
			}
		}
	}
	// Who is signed in for another account is the public: nobody reads their name.
	ma := s.as("owner@southwind.example")
	ma.get(paths.LOACheck(d.Snapshot.CheckCode)).want(http.StatusOK)
	ma.compare(paths.LOACheck(d.Snapshot.CheckCode), storetest.PDF).want(http.StatusOK)
	u, err := s.UserByEmail(t.Context(), "owner@southwind.example")
	if err != nil || u.Name == "" {
		t.Fatal(u, err)
	}
	for _, path := range []string{paths.LOA(c.ID), paths.Activity} {
		if a := s.as(customerMail).get(path).want(http.StatusOK); strings.Contains(a.body, u.Name) || strings.Contains(a.body, u.ID) {
			t.Errorf("%s names %s, of another account", path, u.Name)
		}
	}
	got, err := s.LOAAccesses(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var public, known int
	for _, a := range got {
		if a.Public() {
			public += a.N
		} else if a.Name == s.Owner.Name {
			known += a.N
		}
	}
	if public != 5 || known != 3 {
		t.Errorf("kept %+v", got)
	}
}

// What nobody may tell apart looks the same to the byte, but for what was typed.
func TestWrongCodesAreAnsweredAlike(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	known := s.code(c.ID)
	public := s.anyone()
	const unknown = "4KQ4-M2XD-9PZA-3HTV"
	public.get(paths.LOACheck(unknown)) // prepares what is prepared once
	var bodies []string
	for _, typed := range []string{unknown, "UUUU-UUUU-UUUU-UUUU", "nonsense", known[:18], known + "A", "LOA-2026-000001"} {
		s.next()
		before := s.Reads()
		a := public.get(paths.LOACheck(typed)).want(http.StatusNotFound)
		if n := s.Reads() - before; n != 1 {
			t.Errorf("%s: %d reads, want 1", typed, n)
		}
		bodies = append(bodies, strings.ReplaceAll(a.body, typed, ""))
		data := public.get(paths.LOACheck(typed) + ".json").want(http.StatusNotFound)
		if data.body != `{"schema":1,"found":false,"message":"No letter has this code."}`+"\n" {
			t.Errorf("%s: %s", typed, data.body)
		}
		if got := public.compare(paths.LOACheck(typed), storetest.PDF).want(http.StatusNotFound); !strings.Contains(got.text(), "No letter has this code.") {
			t.Errorf("%s: %s", typed, got.text())
		}
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Errorf("the answers differ:\n%s", strings.Join(slices.Compact(bodies), "\n---\n"))
	}
	// The form does the same as the address, whatever way the code is typed.
	for _, typed := range []string{known, strings.ToLower(strings.ReplaceAll(known, "-", "+")), strings.ReplaceAll(known, "-", "")} {
		s.next()
		if a := public.get(paths.LOAChecks + "?code=" + typed).want(http.StatusOK); a.doc().Find("#verdict-h").Text() != "Valid" {
			t.Errorf("%s: %s", typed, a.text())
		}
	}
	s.next()
	if a := public.get(paths.LOAChecks + "?code=no%20such%20code").want(http.StatusNotFound); a.field("code") != "no such code" {
		t.Errorf("what was typed is lost: %q", a.field("code"))
	}
	if a := public.get(paths.LOAChecks + "?code=+").want(http.StatusUnprocessableEntity); !strings.Contains(a.text(), "Enter the check code") {
		t.Error(a.text())
	}
	public.get(paths.LOAChecks).want(http.StatusOK)
}

func TestCompareAFile(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	code, public := s.code(c.ID), s.anyone()
	owner := s.as("owner@northwind.example")
	file := []byte(owner.get(paths.LOAPDF(c.ID)).want(http.StatusOK).body)
	changed := bytes.Clone(file)
	changed[len(changed)/2] ^= 1
	for name, tc := range map[string]struct {
		file  []byte
		title string
		match string
	}{
		"the file":       {file, "The same file", "same"},
		"a byte changed": {changed, "Not the file that was issued", "altered"},
		"something else": {[]byte("%PDF-1.4 holiday photos"), "Not the file that was issued", "unknown"},
		"not a PDF":      {[]byte{0, 1, 2}, "Not the file that was issued", "unknown"},
	} {
		s.next()
		a := public.compare(paths.LOACheck(code), tc.file).want(http.StatusOK)
		if !strings.Contains(a.text(), tc.title) || a.doc().Find("#verdict-h").Text() != "Valid" {
			t.Errorf("%s: %s", name, a.text())
		}
		var data struct {
			File struct {
				Same  bool
				Match string
			}
		}
		if err := json.Unmarshal([]byte(public.compare(paths.LOACheck(code), tc.file, "Accept", "application/json").want(http.StatusOK).body), &data); err != nil {
			t.Fatal(err)
		}
		if data.File.Match != tc.match || data.File.Same != (tc.match == "same") {
			t.Errorf("%s: %+v", name, data)
		}
	}
	for name, tc := range map[string]struct {
		kind, body string
		status     int
		want       string
	}{
		"no file":      {"multipart/form-data; boundary=x", "--x--\r\n", http.StatusUnprocessableEntity, "Choose a PDF file"},
		"no name":      {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"pdf\"; filename=\"\"\r\n\r\n\r\n--x--\r\n", http.StatusUnprocessableEntity, "Choose a PDF file"},
		"empty":        {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"pdf\"; filename=\"a.pdf\"\r\n\r\n\r\n--x--\r\n", http.StatusUnprocessableEntity, "This file is empty"},
		"other kind":   {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"pdf\"; filename=\"a.pdf.exe\"\r\n\r\n%PDF-1.7\r\n--x--\r\n", http.StatusUnprocessableEntity, "Choose a PDF file, whose name ends in .pdf"},
		"broken off":   {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"pdf\"; filename=\"a.pdf\"\r\n\r\n%PDF", http.StatusBadRequest, ""},
		"another form": {"application/x-www-form-urlencoded", "pdf=1", http.StatusUnsupportedMediaType, ""},
		"too large": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"pdf\"; filename=\"a.pdf\"\r\n\r\n" + strings.Repeat("x", handlers.MaxCompared+1) + "\r\n--x--\r\n",
			http.StatusUnprocessableEntity, "at most 8 MB"},
		"far too large": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"pdf\"; filename=\"a.pdf\"\r\n\r\n" + strings.Repeat("x", handlers.MaxCompared+1<<20) + "\r\n--x--\r\n", 0, ""},
	} {
		s.next()
		a := public.postBody(paths.LOACheck(code), tc.kind, tc.body)
		if tc.status != 0 && a.status != tc.status || a.status == http.StatusOK || !strings.Contains(a.text(), tc.want) {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
	}
	// An old browser says nothing about where the form came from, or "null".
	s.next()
	public.compare(paths.LOACheck(code), file, "Origin", "null").want(http.StatusOK)
}

func TestCheckIsKeptFromCachesAndRobots(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	public := s.anyone()
	for _, path := range []string{paths.LOAChecks, paths.LOACheck(s.code(c.ID)), paths.LOACheck(s.code(c.ID)) + ".json", paths.LOACheck("unknown"), paths.LOACheck("unknown") + ".json"} {
		a := public.get(path)
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
		if !strings.HasSuffix(path, ".json") && a.doc().Find("meta[name=robots]").AttrOr("content", "") != "noindex, nofollow" {
			t.Errorf("%s does not ask robots to stay away", path)
		}
		if a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", path)
		}
	}
}

func TestChecksAreLimited(t *testing.T) {
	s := newSite(t)
	c := s.At(t, lifecycle.ApprovedLOA)
	public, known := s.anyone(), s.code(c.ID)
	tries := 0
	var a *answer
	for a = public.get(paths.LOACheck("unknown")); a.status == http.StatusNotFound; a = public.get(paths.LOACheck("unknown")) {
		if tries++; tries > 1000 {
			t.Fatal("a thousand wrong codes and no end")
		}
	}
	if tries > 20 {
		t.Errorf("%d wrong codes in a row were looked at", tries)
	}
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != http.StatusTooManyRequests || err != nil || seconds < 1 || !strings.Contains(a.text(), "Try again in "+strconv.Itoa(seconds)) || a.field("code") != "unknown" {
		t.Errorf("%d, %q: %s", a.status, a.header.Get("Retry-After"), a.text())
	}
	// Not even the right one is looked at now, nor a file, nor for a program.
	public.get(paths.LOACheck(known)).want(http.StatusTooManyRequests)
	public.compare(paths.LOACheck(known), storetest.PDF).want(http.StatusTooManyRequests)
	public.get(paths.LOACheck(known) + ".json").want(http.StatusTooManyRequests)
	s.Clock.Advance(time.Duration(seconds) * time.Second)
	public.get(paths.LOACheck(known)).want(http.StatusOK)
}

// The address on paper is the one that the router knows.
func TestPrintedAddressIsThePage(t *testing.T) {
	s := newSite(t)
	l, err := s.LOA(t.Context(), s.At(t, lifecycle.ApprovedLOA).ID)
	if err != nil {
		t.Fatal(err)
	}
	code, _ := letter.ParseCode(l.Snapshot.CheckCode)
	if letter.CheckURL("", code) != paths.LOACheck(l.Snapshot.CheckCode) || !strings.HasSuffix(l.Snapshot.CheckURL, paths.LOACheck(l.Snapshot.CheckCode)) {
		t.Errorf("%s is printed, %s is the page", l.Snapshot.CheckURL, paths.LOACheck(l.Snapshot.CheckCode))
	}
}

package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

// fuzzSite is the edge over a store, with the cookie of an owner and of an
// administrator, and the routes that people may reach.
type fuzzSite struct {
	*Server
	env     *storetest.Env
	cookies map[bool]string // by staff
	posts   []string        // patterns with objects in the place of parameters
	gets    []string
}

func newFuzzSite(f *testing.F) *fuzzSite {
	f.Helper()
	e := storetest.New(f, storetest.WithPasswords())
	c := e.At(f, lifecycle.InApplication)
	unpaid := e.Order(f, e.Owner)
	// For the limits of what one client or person may do, long passes between two
	// requests: what is only refused for coming too soon proves nothing.
	var looks atomic.Int64
	later := func() time.Time { return time.Unix(storetest.Start.Unix()+600*looks.Add(1), 0) }
	s, err := New(f.Context(), Config{Operator: "Example Cloud", Now: later, Log: slog.New(slog.DiscardHandler)}, e.Store)
	if err != nil {
		f.Fatal(err)
	}
	out := &fuzzSite{Server: s, env: e, cookies: map[bool]string{}}
	for staff, by := range map[bool]store.Actor{false: e.Owner, true: e.Admin} {
		id, secret, err := e.StartSession(f.Context(), store.Actor{UserID: by.UserID}, store.MethodPassword, "Test")
		if err != nil {
			f.Fatal(err)
		}
		session := s.sessions.empty()
		session.Start(id, secret)
		rec := httptest.NewRecorder()
		if err := session.save(httptest.NewRequest("GET", "/", nil), rec); err != nil {
			f.Fatal(err)
		}
		out.cookies[staff] = rec.Result().Cookies()[0].Name + "=" + rec.Result().Cookies()[0].Value
	}
	device := e.Catalogue().Devices(c.AccessPointID)[0]
	ports, err := e.Ports(f.Context(), device.ID)
	if err != nil {
		f.Fatal(err)
	}
	objects := strings.NewReplacer("/orders/:no", "/orders/"+unpaid.No, "/access-points/:id", "/access-points/"+c.AccessPointID, "/devices/:id", "/devices/"+device.ID,
		"/ports/:id", "/ports/"+ports[0].ID, "/accounts/:id", "/accounts/"+e.Northwind, "/regions/:id", "/regions/"+c.Region, "/people/:id", "/people/"+e.Owner.UserID,
		":id", c.ID, ":n", "1", ":seq", "1", ":token", "none", "*", "x")
	for _, r := range routesOf(s) {
		p := objects.Replace(r[1])
		switch {
		case p == paths.Logout || strings.HasPrefix(p, "/security/sessions"):
			// The fuzzer would sign itself out.
		case r[0] == http.MethodPost:
			out.posts = append(out.posts, p)
		case r[0] == http.MethodGet:
			out.gets = append(out.gets, p)
		}
	}
	return out
}

// answer asks and checks what must hold for every answer.
func (s *fuzzSite) answer(t *testing.T, r *http.Request, staff bool) *httptest.ResponseRecorder {
	t.Helper()
	r.Header.Set("Cookie", s.cookies[staff])
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	if rec.Code >= 500 || rec.Code == http.StatusTooManyRequests {
		t.Errorf("%s %s answers %d\n%s", r.Method, r.URL, rec.Code, rec.Body)
	}
	for name, values := range rec.Header() {
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				t.Errorf("%s %s: header %s %q", r.Method, r.URL, name, v)
			}
		}
	}
	if l := rec.Header().Get("Location"); l != "" && (!strings.HasPrefix(l, "/") || strings.HasPrefix(l, "//") || strings.HasPrefix(l, "/\\")) {
		t.Errorf("%s %s: sends to %q", r.Method, r.URL, l)
	}
	if body := rec.Body.String(); strings.Contains(body, "<zz9") || strings.Contains(body, `zz9"onx`) {
		t.Errorf("%s %s: what was sent is markup in the answer", r.Method, r.URL)
	}
	return rec
}

// FuzzForms sends any body to any form, as a customer or an administrator.
// What names no field of the form is as good as what does.
func FuzzForms(f *testing.F) {
	s := newFuzzSite(f)
	for i, p := range s.posts {
		f.Add(uint8(i), strings.HasPrefix(p, paths.Admin), "name=a&reason=because+of+it&rev=1&once=k&amount=1.00&reference=r&email=a%40b.example&next=%2F&confirm=yes&months=1&period=1")
	}
	f.Add(uint8(0), false, "region=cn-hangzhou&sp=CT&access_point=ap&spec=10G&port_type=10GBase-LR&name=%3Czz9%3E&description=zz9%22onx&terms=yes")
	f.Add(uint8(3), true, "company_name=%00&engineer-1-name=%ff%fe&engineer-16-name=x&scheduled_at=9999-99-99T99%3A99&bandwidth=99999999999999999999&leased_line=%F0%9F%92%A9&label=a&label=b")
	f.Fuzz(func(t *testing.T, route uint8, staff bool, body string) {
		p := s.posts[int(route)%len(s.posts)]
		r := httptest.NewRequest("POST", "http://example.com"+p, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if p == paths.AdminInventory {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		}
		s.answer(t, r, staff)
	})
}

// FuzzAddresses asks for any query of any page and for any path below it.
func FuzzAddresses(f *testing.F) {
	s := newFuzzSite(f)
	for i, p := range s.gets {
		f.Add(uint8(i), strings.HasPrefix(p, paths.Admin), "", "after=x~y~1&q=<zz9>&region=cn-hangzhou&status=waiting&by=name&sort=name&page=3&action=order&from=2026-01-01&before=1&code=1&state=2&next=//evil", "")
	}
	f.Add(uint8(1), true, "/../..", "after=%ff&q=zz9\"onx", "partial")
	f.Fuzz(func(t *testing.T, route uint8, staff bool, more, query, kind string) {
		u := &url.URL{Scheme: "http", Host: "example.com", Path: s.gets[int(route)%len(s.gets)] + more, RawQuery: query}
		r, err := http.NewRequest("GET", u.String(), nil)
		if err != nil {
			return // no client of net/http could send it
		}
		r.RequestURI = r.URL.RequestURI()
		r.RemoteAddr = "192.0.2.1:1"
		if kind != "" {
			r.Header["HX-Request"], r.Header["HX-Request-Type"], r.Header["Hx-Request"], r.Header["Hx-Request-Type"] = []string{"true"}, []string{kind}, []string{"true"}, []string{kind}
			r.Header.Set("Hx-Target", kind)
		}
		if rec := s.answer(t, r, staff); rec.Code == http.StatusServiceUnavailable {
			t.Errorf("%s: 503", u)
		}
	})
}

// FuzzUpload sends any file as the inventory, whatever it says it is.
func FuzzUpload(f *testing.F) {
	s := newFuzzSite(f)
	var csv bytes.Buffer
	if err := s.env.ExportInventory(f.Context(), s.env.Admin, &csv); err != nil {
		f.Fatal(err)
	}
	head, _, _ := strings.Cut(csv.String(), "\n")
	for _, c := range []string{"", csv.String()[:min(csv.Len(), 4000)], head + "\n\"", "\xef\xbb\xbf" + head, "PK\x03\x04zip", "%PDF-1.7", "\x1f\x8b\x08gz", strings.Repeat(",", 5000), "a\x00b", strings.Repeat("\"", 999)} {
		f.Add("inventory.csv", "text/csv", c)
		f.Add("../../../etc/passwd", "application/zip", c)
	}
	f.Fuzz(func(t *testing.T, name, kind, content string) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreatePart(map[string][]string{"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}, "Content-Type": {kind}})
		if err != nil {
			t.Skip()
		}
		part.Write([]byte(content))
		w.Close()
		r := httptest.NewRequest("POST", "http://example.com"+paths.AdminInventory, &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		s.answer(t, r, true)
	})
}

// FuzzCookie sends any cookie: it opens nothing and breaks nothing.
func FuzzCookie(f *testing.F) {
	s := newFuzzSite(f)
	good := s.cookies[true]
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add("demarc=; demarc=AAAA; __Host-demarc=x")
	f.Add("demarc=" + strings.Repeat("A", 5000))
	f.Fuzz(func(t *testing.T, cookie string) {
		if cookie == good || strings.Contains(cookie, good) {
			return
		}
		r := httptest.NewRequest("GET", "http://example.com"+paths.AdminPeople, nil)
		r.Header.Set("Cookie", cookie)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		if rec.Code != http.StatusSeeOther {
			t.Errorf("%q answers %d", cookie, rec.Code)
		}
	})
}

// FuzzForwarded lets a proxy say anything about its client.
func FuzzForwarded(f *testing.F) {
	extract := clientIP([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	f.Add("10.0.0.0/8, 192.0.2.1", "203.0.113.9, 10.1.1.1")
	f.Add("::/1", "<script>,,, [::1]:80")
	f.Fuzz(func(t *testing.T, list, forwarded string) {
		_, _ = ParseProxies(list)
		r := &http.Request{RemoteAddr: "10.0.0.1:80", Header: http.Header{"X-Forwarded-For": {forwarded}}}
		if ip := extract(r); ip != "" {
			if _, err := netip.ParseAddr(ip); err != nil {
				t.Errorf("%q is no address", ip)
			}
		}
	})
}

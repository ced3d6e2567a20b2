package web

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"demarc/store/storetest"
	"demarc/web/paths"
)

// writeCertificate makes a self-signed pair for 127.0.0.1 with this serial.
func writeCertificate(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "console.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// listen serves the site as the program does, with its own timeouts.
func (s *site) listen(t *testing.T) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.web.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr()
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := writeCertificate(t, dir, 1)
	s := newSite(t, func(c *Config) { c.TLSCert, c.TLSKey = certFile, keyFile })
	clock := time.Now()
	s.web.cert.now = func() time.Time { return clock }
	addr := s.listen(t).String()
	serial := func(version uint16) (int64, *http.Response, error) {
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: version}, DisableKeepAlives: true}}
		res, err := c.Get("https://" + addr + paths.Login)
		if err != nil {
			return 0, nil, err
		}
		res.Body.Close()
		return res.TLS.PeerCertificates[0].SerialNumber.Int64(), res, nil
	}
	n, res, err := serial(tls.VersionTLS13)
	if err != nil || n != 1 || res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Fatalf("%d %v %v", n, res, err)
	}
	if _, _, err := serial(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
	// The newest version is taken where both sides know it; older suites never are.
	for _, suite := range []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_RSA_WITH_AES_128_GCM_SHA256} {
		c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}})
		if (err == nil) != (suite == tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256) {
			t.Errorf("%s: %v", tls.CipherSuiteName(suite), err)
		}
		if err == nil {
			c.Close()
		}
	}
	if c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}); err != nil || c.ConnectionState().Version != tls.VersionTLS13 {
		t.Errorf("the newest version is not preferred: %v", err)
	} else {
		c.Close()
	}
	if res, err := http.Get("http://" + addr + paths.Login); err == nil && res.StatusCode != 400 {
		t.Errorf("without TLS: %d", res.StatusCode)
	}
	// A renewed certificate is taken; a broken one is not, and nothing stops.
	writeCertificate(t, dir, 2)
	clock = clock.Add(certificateEvery)
	if n, _, err := serial(0); err != nil || n != 2 {
		t.Errorf("after the renewal: %d %v", n, err)
	}
	if err := os.WriteFile(certFile, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(certificateEvery)
	if n, _, err := serial(0); err != nil || n != 2 {
		t.Errorf("with a broken file: %d %v", n, err)
	}
	if !strings.Contains(s.log.String(), "the old one stays in use") {
		t.Error("the broken file is not in the log")
	}
	for _, pair := range [][2]string{{certFile, ""}, {"", keyFile}, {certFile, keyFile}, {"/none", "/none"}} {
		if _, err := New(t.Context(), Config{TLSCert: pair[0], TLSKey: pair[1]}, s.env.Store); err == nil {
			t.Errorf("%q was taken", pair)
		}
	}
}

func TestClientAddress(t *testing.T) {
	for _, bad := range []string{"x", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.1,y"} {
		if p, err := ParseProxies(bad); err == nil {
			t.Errorf("%q was taken: %v", bad, p)
		}
	}
	for _, c := range []struct{ proxies, peer, forwarded, want string }{
		{"", "192.0.2.1", "", "192.0.2.1"},
		{"", "192.0.2.1", "203.0.113.9", "192.0.2.1"},
		{"", "127.0.0.1", "203.0.113.9", "127.0.0.1"},                                      // nobody is trusted for being near
		{"192.0.2.1", "192.0.2.1", "203.0.113.9", "203.0.113.9"},                           // our proxy
		{"192.0.2.1", "192.0.2.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"},                  // what the client wrote itself is not believed
		{"192.0.2.1", "192.0.2.2", "203.0.113.9", "192.0.2.2"},                             // not our proxy
		{"192.0.2.0/24, 10.0.0.0/8", "10.1.2.3", "203.0.113.9, 192.0.2.7", "203.0.113.9"},  // two in a row
		{"10.0.0.0/8", "10.1.2.3", "203.0.113.9, 192.168.0.7", "192.168.0.7"},              // the second is not ours
		{"10.0.0.0/8", "10.1.2.3", "<script>", "10.1.2.3"},                                 // no address at all
		{"2001:db8::/32", "2001:db8::1", "2001:db8:1::9, 2001:db9::5", "2001:db9::5"},      // six
		{"10.0.0.0/8", "10.1.2.3", strings.Repeat("9.9.9.9,", 500) + "8.8.8.8", "8.8.8.8"}, // long
	} {
		proxies, err := ParseProxies(c.proxies)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = net.JoinHostPort(c.peer, "4711")
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
			r.Header.Set("X-Real-Ip", "6.6.6.6")
			r.Header.Set("Forwarded", "for=6.6.6.6")
		}
		if got := clientIP(proxies)(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// A client that sends a byte now and then holds a connection for a while, and
// nobody else waits for it.
func TestSlowClients(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the time limits of the server")
	}
	t.Parallel()
	s := newSite(t)
	addr := s.listen(t).String()
	type end struct {
		name string
		took time.Duration
		got  string
	}
	ends := make(chan end)
	for name, first := range map[string]string{
		"nothing at all": "",
		"headers":        "GET /login HTTP/1.1\r\nHost: x\r\nX-A: ",
		"body":           "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nemail=",
		"upload":         "POST /admin/inventory HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x",
	} {
		go func() {
			start := time.Now()
			c, err := net.Dial("tcp", addr)
			if err != nil {
				ends <- end{name, 0, err.Error()}
				return
			}
			defer c.Close()
			io.WriteString(c, first)
			stop := make(chan struct{})
			defer close(stop)
			go func() { // drip
				tick := time.NewTicker(300 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-stop:
						return
					case <-tick.C:
						if first != "" {
							io.WriteString(c, "a")
						}
					}
				}
			}()
			c.SetReadDeadline(start.Add(40 * time.Second))
			line, err := bufio.NewReader(c).ReadString('\n')
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				line = "held"
			}
			ends <- end{name, time.Since(start), line}
		}()
	}
	// Meanwhile others are served.
	for range 20 {
		res, err := http.Get("http://" + addr + paths.Login)
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("%v %v", res, err)
		}
		res.Body.Close()
	}
	for range 4 {
		e := <-ends
		if e.got == "held" || strings.HasPrefix(e.got, "HTTP/1.1 2") {
			t.Errorf("%s: %q after %s", e.name, e.got, e.took)
		}
		t.Logf("%s: let go after %s, %q", e.name, e.took.Round(time.Second), strings.TrimSpace(e.got))
	}
}

func TestLargeAndBrokenRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	addr := s.listen(t).String()
	for name, c := range map[string]struct{ send, want string }{
		"headers too large":    {"GET /login HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431"},
		"no host":              {"GET /login HTTP/1.1\r\n\r\n", "400"},
		"two lengths":          {"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "400"},
		"length and chunks":    {"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		"space before a colon": {"GET /login HTTP/1.1\r\nHost : x\r\n\r\n", "400"},
		"line in a header":     {"GET /login HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", "400"},
		"no protocol":          {"hello\r\n\r\n", "400"},
	} {
		c0, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		go io.WriteString(c0, c.send)
		c0.SetReadDeadline(time.Now().Add(20 * time.Second))
		res, err := http.ReadResponse(bufio.NewReader(c0), nil)
		c0.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprint(res.StatusCode); c.want != "" && got != c.want || res.StatusCode < 400 {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Of a length and chunks the chunks count: what follows them is not taken for a part
// of the body, nor a part of the body for a request.
func TestChunksCountBesideALength(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c, err := net.Dial("tcp", s.listen(t).String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(c, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"c\r\nemail=zinnob\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(body), `value="zinnob"`) {
		t.Errorf("the form: %d, %v\n%s", res.StatusCode, err, body)
	}
	// The connection may end here as well.
	if res, err := http.ReadResponse(r, nil); err == nil && res.StatusCode != http.StatusNotFound {
		t.Errorf("the request after it: %d", res.StatusCode)
	}
}

// Nothing of what a client sends gets into a header of the answer.
func TestHeaderInjectionAndOpenRedirects(t *testing.T) {
	s := newSite(t)
	s.passwords(t, "owner@northwind.example")
	b := s.browser(t)
	evil := []string{"/x\r\nSet-Cookie: a=b", "/%0d%0aSet-Cookie:a=b", "//evil.example", "https:evil.example", "/\\evil.example", "\t//evil.example", "/..//evil.example", "/login?next=//evil.example", "/%2f%2fevil.example", "/a\x00b"}
	for _, next := range evil {
		for _, a := range []answer{
			b.get("/login?next=" + url.QueryEscape(next)),
			b.get("/messages?before=" + url.QueryEscape(next)),
			b.do("POST", paths.Preferences, url.Values{"next": {next}, "theme": {next}}),
			b.do("POST", paths.Preferences, url.Values{}, "Referer", "https://evil.example/"+url.QueryEscape(next)),
		} {
			checkRedirect(t, next, a)
		}
		fresh := s.browser(t)
		checkRedirect(t, next, fresh.do("POST", paths.Login, url.Values{"email": {"owner@northwind.example"}, "password": {storetest.Password}, "next": {next}}))
		checkRedirect(t, next, fresh.do("POST", paths.Preferences, url.Values{"next": {next}, "theme": {"dark"}}))
	}
	// Another host's name does not become part of an address.
	req, err := http.NewRequest("GET", s.URL+"/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	res, err := b.c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if l := res.Header.Get("Location"); strings.Contains(l, "evil") {
		t.Errorf("Location %q", l)
	}
}

func checkRedirect(t *testing.T, next string, a answer) {
	t.Helper()
	for _, h := range []string{"Location", "HX-Redirect"} {
		l := a.Header.Get(h)
		if l == "" {
			continue
		}
		u, err := url.Parse(l)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(l, "/") || strings.HasPrefix(l, "//") || strings.ContainsAny(l, "\\\r\n\t\x00") {
			t.Errorf("next %q: %s %q", next, h, l)
		}
	}
	for _, c := range a.Cookies() {
		if c.Name == "a" {
			t.Errorf("next %q: a cookie of the attacker's", next)
		}
	}
}

// A page in a frame would let another site borrow the clicks of its visitors.
func TestNoPageCanBeFramed(t *testing.T) {
	s := newSite(t)
	for path, b := range map[string]*browser{paths.Login: s.browser(t), paths.Home: s.browser(t).signIn("owner@northwind.example"), paths.Admin: s.browser(t).signIn("admin@cloud.example"), "/nowhere": s.browser(t)} {
		if a := b.get(path); !strings.Contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s may be framed", path)
		}
	}
}

// What answers say of the program: not its version, its files or its parts.
func TestNothingLeaksAboutTheProgram(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	tell := regexp.MustCompile(`(?i)echo/|go1\.|golang|sqlite|goroutine|/work/|\.go:\d|modernc|labstack`)
	for _, path := range []string{"/static/", "/static", "/static/css/", "/.git/config", "/debug/pprof/", "/metrics", "/admin/", "/../../etc/passwd", "/static/..%2f..%2fmain.go", "/data/demarc.db", "/demarc.db", "/login/", "/%00", "/healthz", "/readyz", "/robots.txt", "/server-status"} {
		a := b.get(path)
		if a.StatusCode == 200 && path != paths.Health && path != paths.Ready && path != paths.Robots {
			t.Errorf("%s answers %d", path, a.StatusCode)
		}
		var head strings.Builder
		a.Header.Write(&head)
		if m := tell.FindString(a.body + head.String()); m != "" {
			t.Errorf("%s tells %q", path, m)
		}
	}
}

// The console leaves the machine over TLS, its own or that of the proxy that its
// address names, or not at all.
func TestTheConsoleLeavesOverTLSOnly(t *testing.T) {
	certFile, keyFile := writeCertificate(t, t.TempDir(), 1)
	for name, c := range map[string]struct {
		edit func(*Config)
		far  bool // may be asked from other machines
	}{
		"nothing":                {func(*Config) {}, false},
		"an address with http":   {func(c *Config) { c.PublicURL = "http://console.example" }, false},
		"an address with https":  {func(c *Config) { c.PublicURL = "https://console.example" }, true},
		"a certificate":          {func(c *Config) { c.TLSCert, c.TLSKey = certFile, keyFile }, true},
		"the demo":               {func(c *Config) { c.Demo = true }, true},
		"a proxy without a name": {func(c *Config) { c.Proxies, _ = ParseProxies("192.0.2.1") }, false},
	} {
		s := newSite(t, c.edit)
		for address, here := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "0.0.0.0": false, "::": false, "192.0.2.7": false} {
			if err := s.web.CheckConsole(&net.TCPAddr{IP: net.ParseIP(address), Port: 8080}); (err == nil) != (here || c.far) {
				t.Errorf("%s, on %s: %v", name, address, err)
			}
		}
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := newSite(t).web.Serve(t.Context(), l); !errors.Is(err, ErrOpenConsole) {
		t.Errorf("served in the clear: %v", err)
	}
}

// Metrics leave the machine over TLS or not at all.
func TestMetricsLeaveOverTLSOnly(t *testing.T) {
	certFile, keyFile := writeCertificate(t, t.TempDir(), 1)
	open, protected := newSite(t), newSite(t, func(c *Config) { c.TLSCert, c.TLSKey = certFile, keyFile })
	for address, here := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "0.0.0.0": false, "::": false, "192.0.2.7": false} {
		at := &net.TCPAddr{IP: net.ParseIP(address), Port: 9464}
		if err := open.web.CheckMetrics(at); (err == nil) != here {
			t.Errorf("%s without TLS: %v", address, err)
		}
		if err := protected.web.CheckMetrics(at); err != nil {
			t.Errorf("%s with TLS: %v", address, err)
		}
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := open.web.ServeMetrics(t.Context(), l); !errors.Is(err, ErrOpenMetrics) {
		t.Errorf("served in the clear: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- protected.web.ServeMetrics(ctx, l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	for scheme, want := range map[string]int{"https": 200, "http": 400} {
		res, err := c.Get(scheme + "://127.0.0.1:" + port + "/metrics")
		if err != nil || res.StatusCode != want {
			t.Errorf("%s: %v %v", scheme, res, err)
		}
		if err == nil {
			res.Body.Close()
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestMetrics(t *testing.T) {
	s := newSite(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.web.ServeMetrics(ctx, l) }()
	b := s.browser(t).signIn("owner@northwind.example")
	b.get("/interfaces/pc-private-name").want(t, 404, "")
	b.get("/nowhere/private-name").want(t, 404, "")
	b.do("BREW", "/interfaces", nil)
	anonymous := s.browser(t)
	for range attemptsPerEmail + 2 {
		anonymous.do("POST", paths.Login, url.Values{"email": {"private-name@x.example"}, "password": {"private-word"}})
	}
	res, err := http.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	for _, want := range []string{
		`demarc_http_requests_total{method="GET",route="/interfaces/:id",status="404"} 1`,
		`demarc_http_requests_total{method="GET",route="none",status="404"} 1`,
		`demarc_http_request_seconds_count{route="/login"} 7`,
		`demarc_sign_in_refused_total{why="wrong"} 5`, `demarc_sign_in_refused_total{why="throttled"} 2`,
		"demarc_database_up 1", "demarc_writer_queue 0", "demarc_commits_total ", `demarc_database_bytes{file="demarc.db"} `, "demarc_audit_events ",
		`demarc_work_waiting{stage="in_application"} 0`, "go_goroutines ", "demarc_http_requests_in_flight 0",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(string(text), "private") || strings.Contains(string(text), "BREW") {
		t.Error("what a client sent is in the metrics")
	}
	if res, err := http.Get("http://" + l.Addr().String() + "/login"); err != nil || res.StatusCode != 404 {
		t.Errorf("the listener of the metrics serves more: %v %v", res, err)
	}
	anonymous.get("/metrics").want(t, 404, "")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/handlers"
	"demarc/store"
	"demarc/store/inventory"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/store/ticket"
	"demarc/web/paths"
	"demarc/web/pay"
	"demarc/web/pay/paytest"
)

// appetite is how much memory f takes: the most that was in use at once, as the
// collector finds it, and all that was ever asked for. What waits to be collected
// depends on how busy the machine is and does not count.
func appetite(t *testing.T, f func()) (peak, total uint64) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(60)) // look often
	runtime.GC()
	debug.FreeOSMemory()
	const live = "/gc/heap/live:bytes"
	sample := []runtimemetrics.Sample{{Name: live}, {Name: "/gc/heap/allocs:bytes"}}
	runtimemetrics.Read(sample)
	use, asked := sample[0].Value.Uint64(), sample[1].Value.Uint64()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s := []runtimemetrics.Sample{{Name: live}}
		for {
			runtimemetrics.Read(s)
			if now := s[0].Value.Uint64(); now > use {
				peak = max(peak, now-use)
			}
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	runtimemetrics.Read(sample)
	return peak, sample[1].Value.Uint64() - asked
}

// zeros packs so many zero bytes into a thousandth.
func zeros(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.CopyN(w, endless{}, n); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.Bytes()
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// nested is a PDF with a stream of streams: 64 MB at the third unpacking, a few
// kilobytes now.
func nested() []byte {
	content := make([]byte, 64<<20)
	for range 3 {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write(content)
		w.Close()
		content = b.Bytes()
	}
	return fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj\n<</Type /EmbeddedFile /Filter [/FlateDecode /FlateDecode /FlateDecode] /Length %d>>\nstream\n%s\nendstream\nendobj\n", len(content), content)
}

// upload is a form with one file.
func upload(t *testing.T, field, name string, content []byte) (body []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if field == "file" {
		if err := w.WriteField("mode", string(inventory.AddAndChange)); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// What is small on the wire stays small, and what is large is refused before it
// is taken apart. It is not parallel: it measures the memory of the process.
func TestBombs(t *testing.T) {
	s := newSite(t)
	c := s.env.At(t, lifecycle.ApprovedLOA)
	l, err := s.env.LOA(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	addr := s.listen(t).String()
	check := paths.LOACheck(l.Snapshot.CheckCode)
	s.browser(t).get(check).want(t, 200, "") // what is made once is made
	const form = "application/x-www-form-urlencoded"
	bomb := zeros(t, 256<<20)
	pdf, pdfKind := upload(t, "pdf", "letter.pdf", nested())
	large, largeKind := upload(t, "pdf", "letter.pdf", append([]byte("%PDF-"), make([]byte, handlers.MaxCompared)...))
	var parts bytes.Buffer
	for range 50_000 {
		parts.WriteString("--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n")
	}
	parts.WriteString("--x--\r\n")
	var heads bytes.Buffer
	heads.WriteString("--x\r\n")
	for i := range 60_000 {
		fmt.Fprintf(&heads, "X-%d: %s\r\n", i, strings.Repeat("a", 100))
	}
	heads.WriteString("\r\nx\r\n--x--\r\n")
	keys := make([]string, 100_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d=", i)
	}
	many := strings.Join(keys, "&")
	const x = "multipart/form-data; boundary=x"
	for _, b := range []struct {
		name, method, path, kind, packed string
		body                             []byte
		status                           int
		peak                             uint64 // bytes
	}{
		{"packed form", "POST", paths.Login, form, "gzip", bomb, 415, 4 << 20},
		{"form packed in another way", "POST", paths.Login, form, "br", bomb, 415, 4 << 20},
		{"packed upload", "POST", check, pdfKind, "gzip", bomb, 415, 4 << 20},
		{"packed JSON", "POST", check + ".json", "application/json", "gzip", bomb, 415, 4 << 20},
		{"form that only looks packed", "POST", paths.Login, form, "identity", []byte("email=x"), 422, 16 << 20},
		{"100,000 fields", "POST", paths.Login, form, "", []byte(many[:min(len(many), bodyLimit-1)]), 400, 16 << 20},
		{"500,000 fields of one name", "POST", paths.Login, form, "", []byte(strings.Repeat("a&", 500_000)), 400, 16 << 20},
		{"100,000 fields in the address", "GET", paths.Login + "?" + many, "", "", nil, 431, 8 << 20},
		{"as many as the address holds", "GET", paths.LOAChecks + "?" + strings.Repeat("a&", 12_000), "", "", nil, 200, 16 << 20},
		{"PDF of packed streams", "POST", check, pdfKind, "", pdf, 200, 16 << 20},
		{"file larger than any letter", "POST", check, largeKind, "", large, 422, 48 << 20},
		{"50,000 parts", "POST", check, x, "", parts.Bytes(), 400, 8 << 20},
		{"60,000 headers of a part", "POST", check, x, "", heads.Bytes(), 400, 48 << 20},
		{"a line without an end", "POST", check, x, "", bytes.Repeat([]byte("a"), int(compareLimit)+1), 400, 24 << 20},
		{"a boundary that never comes", "POST", check, x, "", append([]byte("--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n"), make([]byte, compareLimit)...), 413, 24 << 20},
		{"dashes", "POST", check, "multipart/form-data; boundary=--------", "", bytes.Repeat([]byte("-"), 4<<20), 400, 24 << 20},
	} {
		var status int
		var answer []byte
		peak, total := appetite(t, func() {
			r, err := http.NewRequest(b.method, "http://"+addr+b.path, bytes.NewReader(b.body))
			if err != nil {
				t.Fatal(err)
			}
			if b.kind != "" {
				r.Header.Set("Content-Type", b.kind)
			}
			if b.packed != "" {
				r.Header.Set("Content-Encoding", b.packed)
			}
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				// The answer may cross a body that nobody reads any more.
				t.Logf("%s: %v", b.name, err)
				return
			}
			defer res.Body.Close()
			status = res.StatusCode
			answer, _ = io.ReadAll(io.LimitReader(res.Body, 1<<20))
		})
		if status != b.status && status != 0 {
			t.Errorf("%s: %d, want %d", b.name, status, b.status)
		}
		if peak > b.peak {
			t.Errorf("%s: %d KB at once, want at most %d", b.name, peak>>10, b.peak>>10)
		}
		if bytes.Contains(answer, []byte("goroutine")) {
			t.Errorf("%s: a stack in the answer", b.name)
		}
		t.Logf("%-30s %8d bytes sent: %d, %6d KB at once, %6d KB in all", b.name, len(b.body), status, peak>>10, total>>10)
	}
}

// Files of an administrator that would grow when they are read.
func TestInventoryBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("sends files of 32 MB")
	}
	s := newSite(t)
	head := strings.Join(inventory.Header(), ",") + "\n"
	admin := s.browser(t).signIn("admin@cloud.example")
	fill := func(text string) []byte { return bytes.Repeat([]byte(text), (inventory.MaxBytes-len(head))/len(text)) }
	for _, b := range []struct {
		name, want string
		content    []byte
	}{
		{"32 million columns", "A row is longer than 64 KB", fill(",")},
		{"60,000 columns", "more than there are", bytes.Repeat([]byte(","), 60_000)},
		{"32 million cells in a row", "A row is longer than 64 KB", append([]byte(head), fill(",")...)},
		{"a row of many lines", "A row is longer than 64 KB", append([]byte(head), fill("\"\n\",")...)},
		{"a cell of 32 MB", "A row is longer than 64 KB", append([]byte(head+"\""), fill("a")[1:]...)},
		{"quotation marks", "A row is longer than 64 KB", append([]byte(head), fill("\"")...)},
		{"empty lines", "", append([]byte(head), fill("\n")...)},
		{"more rows than there may be", "", append([]byte(head), fill("x\n")...)},
		{"a packed file", "", zeros(t, 256<<20)},
		{"larger than it may be", "at most 32 MB", append([]byte(head), make([]byte, inventory.MaxBytes)...)},
	} {
		body, kind := upload(t, "file", "inventory.csv", b.content)
		var page answer
		peak, _ := appetite(t, func() {
			r, err := http.NewRequest("POST", s.URL+paths.AdminInventory, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			res, err := admin.c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			page = answer{res, string(text)}
			for deadline := time.Now().Add(time.Minute); page.StatusCode == 303 || strings.Contains(page.body, "Dry run under way"); page = admin.get(paths.AdminInventory) {
				if time.Now().After(deadline) {
					t.Fatalf("%s: still read", b.name)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
		if !strings.Contains(page.body, b.want) {
			t.Errorf("%s: %d without %q", b.name, page.StatusCode, b.want)
		}
		// The file itself is on the disk, not in memory.
		if peak > 160<<20 {
			t.Errorf("%s: %d MB at once", b.name, peak>>20)
		}
		t.Logf("%-28s %4d, %d MB at once", b.name, page.StatusCode, peak>>20)
	}
}

// Whoever reads slowly, or connects and says nothing, holds a connection for a
// while and nothing else.
func TestSlowReadersAndIdleConnections(t *testing.T) {
	s := newSite(t)
	for _, limit := range []time.Duration{s.web.limited().ReadHeaderTimeout, s.web.limited().ReadTimeout, s.web.limited().WriteTimeout, s.web.limited().IdleTimeout} {
		if limit <= 0 || limit > 2*time.Minute {
			t.Errorf("a limit of a connection is %s", limit)
		}
	}
	const readers = 50
	var begun, letGo atomic.Int64 // answers to slow readers
	// Something to read: more than the buffers of a connection hold.
	page := make([]byte, 1<<20)
	s.web.echo.GET("/test/large", func(c echo.Context) error {
		begun.Add(1)
		for range 64 {
			if _, err := c.Response().Write(page); err != nil {
				letGo.Add(1)
				return err
			}
		}
		return nil
	})
	srv := s.web.limited()
	srv.WriteTimeout = 2 * time.Second // sooner than in life
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	defer srv.Close()
	before := runtime.NumGoroutine()
	until := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d slow readers were answered, %d of them let go; %d goroutines, %d before", what, begun.Load(), letGo.Load(), runtime.NumGoroutine(), before)
			}
		}
	}
	dial := func(send string) net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.(*net.TCPConn).SetReadBuffer(4 << 10)
		io.WriteString(c, send)
		return c
	}
	for range readers {
		dial("GET /test/large HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	// What their answers take is not what idle connections take.
	until("nobody reads slowly", func() bool { return begun.Load() == readers })
	// Others are served meanwhile.
	client := &http.Client{Timeout: time.Minute}
	for range 10 {
		res, err := client.Get("http://" + l.Addr().String() + paths.Login)
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("%v %v", res, err)
		}
		res.Body.Close()
	}
	const idle = 400
	peak, _ := appetite(t, func() {
		for n := range idle {
			c := dial("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
			c.SetReadDeadline(time.Now().Add(time.Minute))
			if line, err := textproto.NewReader(bufio.NewReader(c)).ReadLine(); err != nil || !strings.Contains(line, "200") {
				t.Fatalf("connection %d: %q %v", n, line, err)
			}
		}
	})
	if peak > idle*64<<10 {
		t.Errorf("%d idle connections take %d KB", idle, peak>>10)
	}
	// The slow ones are let go, although they never read on.
	until("they are still answered", func() bool { return letGo.Load() == readers })
	srv.Close()
	until("their goroutines are left", func() bool { return runtime.NumGoroutine() <= before+20 })
}

// Whoever sends files slowly does not keep others from comparing theirs: neither
// one client, nor its whole network, nor several networks with one letter.
func TestSlowComparisonsLeaveRoom(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Proxies, _ = ParseProxies("127.0.0.1") })
	letter := func() string {
		l, err := s.env.LOA(t.Context(), s.env.At(t, lifecycle.ApprovedLOA).ID)
		if err != nil {
			t.Fatal(err)
		}
		return paths.LOACheck(l.Snapshot.CheckCode)
	}
	one, two := letter(), letter()
	addr := s.listen(t).String()
	body, kind := upload(t, "pdf", "letter.pdf", []byte("%PDF-1.7"))
	compare := func(client, path string) *http.Response {
		s.env.Clock.Advance(checkWait) // it is not about the number of checks
		r, err := http.NewRequest("POST", "http://"+addr+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		r.Header.Set("X-Forwarded-For", client)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body) // to its end: its place is given back by then
		res.Body.Close()
		return res
	}
	var slow []net.Conn
	// A sender is told to go on once its file has a place; the rest of it never
	// comes.
	send := func(client, path string) (status string) {
		t.Helper()
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nX-Forwarded-For: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, client, kind, len(body))
		conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		line, err := textproto.NewReader(bufio.NewReader(conn)).ReadLine()
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(body[:10])
		slow = append(slow, conn)
		return line
	}
	const goOn = "HTTP/1.1 100 Continue"
	// A code that no letter has takes no place, and its file is not read.
	for range 2 * comparesPerLetter {
		if got := send("192.0.2.9", paths.LOACheck("unknown")); got == goOn {
			t.Errorf("an unknown code: %s", got)
		}
	}
	for i := range comparesPerNetwork {
		if got := send(fmt.Sprintf("192.0.2.%d", i+1), one); got != goOn {
			t.Errorf("file %d of a network: %s", i+1, got)
		}
	}
	if res := compare("192.0.2.77", two); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("a network may compare any number of files at once: %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	if res := compare("198.51.100.1", one); res.StatusCode != http.StatusOK {
		t.Errorf("another network, the same letter: %d", res.StatusCode)
	}
	for i := range comparesPerLetter - comparesPerNetwork {
		if got := send(fmt.Sprintf("2001:db8:%x::1", i), one); got != goOn {
			t.Errorf("file %d of a letter: %s", comparesPerNetwork+i+1, got)
		}
	}
	if res := compare("198.51.100.1", one); res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one letter may be compared any number of times at once: %d", res.StatusCode)
	}
	if res := compare("198.51.100.1", two); res.StatusCode != http.StatusOK {
		t.Errorf("another letter: %d", res.StatusCode)
	}
	// A place is free again when a file is over, or its sender went away.
	for _, conn := range slow {
		conn.Close()
	}
	for deadline := time.Now().Add(time.Minute); compare("192.0.2.1", one).StatusCode != http.StatusOK; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the places stay taken")
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for _, group := range [][]string{
		{"192.0.2.1", "192.0.2.255", "::ffff:192.0.2.7"},
		{"192.0.3.1"},
		{"2001:db8:7::1", "2001:db8:7:ffff::1", "2001:db8:7::1%eth0"},
		{"2001:db8:8::1"},
		{"no address"}, {""},
	} {
		for _, ip := range group {
			if networkOf(ip) != networkOf(group[0]) {
				t.Errorf("%q and %q: %q, %q", ip, group[0], networkOf(ip), networkOf(group[0]))
			}
		}
	}
	if networkOf("192.0.2.1") == networkOf("192.0.3.1") || networkOf("2001:db8:7::1") == networkOf("2001:db8:8::1") {
		t.Error("two networks are one")
	}
}

// TestPublicPagesAreLimited asks for one-time links that are none, sends events
// that nobody signed, and asks for public files without end.
func TestPublicPagesAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Proxies, _ = ParseProxies("127.0.0.1") })
	s.web.cfg.Cards = pay.NewDesk(s.env.Store, paytest.New(), "https://console.example", slog.New(slog.DiscardHandler))
	ask := func(client, method, path string) *http.Response {
		t.Helper()
		r, err := http.NewRequest(method, s.URL+path, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		if method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		r.Header.Set("X-Forwarded-For", client)
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	_, link, err := s.env.NewLink(t.Context(), s.env.Admin, s.env.Owner.UserID)
	if err != nil {
		t.Fatal(err)
	}
	good := paths.Setup(link.Token)
	for range 2 * missesPerClient { // whoever has a link may open it as often as they like
		if res := ask("192.0.2.1", "GET", good); res.StatusCode != http.StatusOK {
			t.Fatalf("a link that opens: %d", res.StatusCode)
		}
	}
	for name, c := range map[string]struct {
		method, path string
		status, most int
	}{
		"links":   {"POST", paths.Setup("none"), http.StatusNotFound, missesPerClient},
		"events":  {"POST", paths.CardWebhook, http.StatusBadRequest, missesPerClient},
		"keys":    {"GET", paths.LetterKeys, http.StatusOK, filesPerClient},
		"schemas": {"GET", paths.LetterSchema, http.StatusOK, filesPerClient},
	} {
		client := fmt.Sprintf("198.51.100.%d", len(name))
		var res *http.Response
		n := 0
		for ; n <= c.most; n++ {
			if res = ask(client, c.method, c.path); res.StatusCode != c.status {
				break
			}
		}
		if n != c.most || res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d were answered, then %d, Retry-After %q", name, n, res.StatusCode, res.Header.Get("Retry-After"))
		}
		if res := ask("203.0.113.1", c.method, c.path); res.StatusCode != c.status {
			t.Errorf("%s: another client gets %d", name, res.StatusCode)
		}
		s.env.Clock.Advance(missWait)
		if res := ask(client, c.method, c.path); res.StatusCode != c.status {
			t.Errorf("%s, a moment later: %d", name, res.StatusCode)
		}
	}
}

// TestWritesAreLimited sends forms, and asks for files, faster than people do.
func TestWritesAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b, colleague := s.browser(t).signIn("owner@northwind.example"), s.browser(t).signIn("finance@cloud.example")
	refused := func(what string, a answer) {
		t.Helper()
		if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "Too many requests. Try again in") {
			t.Errorf("%s: %d, Retry-After %q", what, a.StatusCode, a.Header.Get("Retry-After"))
		}
	}
	open := url.Values{"key": {"k-1"}, "title": {"A title"}, "body": {""}}
	for range writesPerPerson {
		b.do("POST", paths.Tickets, open).want(t, http.StatusUnprocessableEntity, "")
	}
	open.Set("body", "Long text that nobody wants to type again")
	a := b.do("POST", paths.Tickets, open)
	refused("a form too many", a)
	if !strings.Contains(a.body, "Long text that nobody wants to type again") || !strings.Contains(a.body, "What you entered is kept on this page.") {
		t.Error("what was typed is gone")
	}
	refused("another session of the same person", s.browser(t).signIn("owner@northwind.example").do("POST", paths.Tickets, open))
	b.get(paths.Tickets).want(t, http.StatusOK, "") // to look is no form
	colleague.do("POST", paths.Preferences, url.Values{"theme": {"dark"}}).want(t, http.StatusSeeOther, paths.Home)
	s.env.Clock.Advance(writeWait)
	if a := b.do("POST", paths.Tickets, open); a.StatusCode == http.StatusTooManyRequests {
		t.Error("a moment later it is still refused")
	}
	for range exportsPerPerson {
		b.get(paths.InterfacesCSV).want(t, http.StatusOK, "")
	}
	refused("a file too many", b.get(paths.InterfacesCSV))
	refused("another file", b.get(paths.StatementCSV))
	colleague.get(paths.AdminLedgerCSV+"?from=2026-10-01&to=2026-10-31").want(t, http.StatusOK, "")
	s.env.Clock.Advance(exportWait)
	b.get(paths.StatementCSV).want(t, http.StatusOK, "")

	// Every route that sends a file counts.
	b.get(paths.InterfacesCSV)
	admin := s.browser(t).signIn("admin@cloud.example")
	for range exportsPerPerson {
		admin.get(paths.AdminOrdersCSV).want(t, http.StatusOK, "")
	}
	seen := 0
	for _, r := range s.web.echo.Routes() {
		who := b
		if strings.HasPrefix(r.Path, paths.Admin+"/") {
			who = admin
		}
		if r.Method == http.MethodGet && slices.Contains([]string{".csv", ".jsonl", ".pdf", "/pdf"}, r.Path[strings.LastIndexAny(r.Path, "./"):]) {
			seen++
			refused(r.Path, who.get(strings.NewReplacer(":id", "pc-1", ":no", "1").Replace(r.Path)))
		}
	}
	if seen < 14 {
		t.Errorf("%d routes send files", seen)
	}
}

// Of many clients that check letters at once, each within its own limit, so many
// are answered as there may be in all.
func TestChecksOfManyClients(t *testing.T) {
	t.Parallel()
	clock := &storetest.Clock{}
	clock.Set(storetest.Start)
	k := newChecks(clock.Now)
	answered := func(from int) (n int) {
		for i := range 3 * checksInAll {
			switch wait, ok := k.Take(fmt.Sprintf("10.%d.%d.1", from, i)); {
			case ok:
				n++
			case wait <= 0 || wait > time.Second:
				t.Fatalf("client %d is told to wait %s", i, wait)
			}
		}
		return n
	}
	if n := answered(1); n != checksInAll {
		t.Errorf("%d were answered at once, want %d", n, checksInAll)
	}
	clock.Advance(time.Second)
	if n := answered(2); n != checkRate {
		t.Errorf("%d were answered a second later, want %d", n, checkRate)
	}
}

// SECURITY.md tells the limits that hold.
func TestSecurityStatementTellsTheLimits(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	told := strings.Join(strings.Fields(string(text)), " ")
	for _, want := range []string{
		fmt.Sprintf("%d forms, then one a second; %d files, then one a second;", writesPerPerson, exportsPerPerson),
		fmt.Sprintf("%d in vain, then one every two seconds; public files: %d, then ten a second", missesPerClient, filesPerClient),
		fmt.Sprintf("%d checks of letters, then %d a second; 8 files compared at once, %d of a network, %d of a letter", checksInAll, checkRate, comparesPerNetwork, comparesPerLetter),
		fmt.Sprintf("%d KB of headers, %d MB of a form, %d seconds of a request", (&Server{log: slog.New(slog.DiscardHandler)}).limited().MaxHeaderBytes>>10, bodyLimit>>20, int(requestLimit.Seconds())),
		fmt.Sprintf("(an address, or /64 of IPv6) has %d, and a name %d from everywhere", attemptsPerClient, attemptsAnywhere),
		fmt.Sprintf("%d minutes without use, %d hours in all, %d minutes to change how one signs in", int(store.IdleLimit.Minutes()), int(store.SessionLimit.Hours()), int(store.FreshLimit.Minutes())),
		fmt.Sprintf("opens once, for %d hours or, for a forgotten password, one", int(store.InvitationLimit.Hours())),
		fmt.Sprintf("at most %d MB and 100,000 rows", inventory.MaxBytes>>20), fmt.Sprintf("PDF, `.pdf`, at most %d MB", handlers.MaxCompared>>20),
		fmt.Sprintf("%d open tickets and %d that staff opened, %d messages in a ticket", ticket.OpenMost, ticket.OpenMost, ticket.MessagesMost),
	} {
		if !strings.Contains(told, want) {
			t.Errorf("SECURITY.md does not say: %s", want)
		}
	}
	if writeWait != time.Second || exportWait != time.Second || missWait != 2*time.Second || fileWait != time.Second/10 || attemptsPerEmail != 5 || attemptWait != 5*time.Minute || store.ResetLimit != time.Hour || store.StepLimit != 10*time.Minute || store.ImportLimit != time.Hour || inventory.MaxRows != 100_000 {
		t.Error("a limit that SECURITY.md tells in words is another")
	}
}

package web

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/storetest"
	"demarc/web/paths"
)

// The benchmarks run the server in a process of its own, ask it over HTTP, and
// count the processor time of that process alone: what else the machine does
// moves the figures little, and the cost of asking does not count. Each page is
// compared, in turns within one run, with echo serving the same bytes as a
// constant from the same process; "×const" is the median of the turns.

const (
	benchVar     = "DEMARC_BENCH_SERVER"
	benchRowsVar = "DEMARC_BENCH_ROWS" // interfaces of the large account
	benchTurn    = 40                  // requests of one turn

	benchProfileVar = "DEMARC_BENCH_PROFILE" // where the server writes its CPU profile
)

// benchPage is a page that the benchmarks ask for.
type benchPage struct {
	Name, Path string
	Header     http.Header // of the request
	Bytes      int
	Gzip       int
}

// benchReport is what the server process says when it is ready.
type benchReport struct {
	App, Constant string // addresses
	Pages         []benchPage
}

// benchUse is what the server process has used so far.
type benchUse struct {
	CPU                  time.Duration
	Mallocs, Alloc, Read uint64
	RSS                  int64 // bytes
}

// BenchmarkPages measures pages. Set DEMARC_BENCH_ROWS to give the large
// account more interfaces than 100,000.
func BenchmarkPages(b *testing.B) {
	rows, _ := strconv.Atoi(os.Getenv(benchRowsVar))
	rows = cmp.Or(rows, 100_000)
	s := startBench(b, rows)
	for i, page := range s.Pages {
		b.Run(page.Name, func(b *testing.B) {
			app, constant := dialBench(b, s.App, page.Path, page.Header), dialBench(b, s.Constant, paths.With("/constant", "n", strconv.Itoa(i)), nil)
			for range 2 * benchTurn { // caches and connections
				app.ask(b)
				constant.ask(b)
			}
			turn := func(c *benchConn) benchUse {
				before := s.use(b)
				for range benchTurn {
					c.ask(b)
				}
				after := s.use(b)
				return benchUse{CPU: (after.CPU - before.CPU) / benchTurn, Mallocs: (after.Mallocs - before.Mallocs) / benchTurn,
					Alloc: (after.Alloc - before.Alloc) / benchTurn, Read: (after.Read - before.Read) / benchTurn}
			}
			var ratios, took []float64
			var last benchUse
			for b.Loop() {
				last = turn(app)
				same := turn(constant)
				took = append(took, float64(last.CPU.Microseconds()))
				ratios = append(ratios, float64(last.CPU)/float64(same.CPU))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(middle(ratios), "×const")
			b.ReportMetric(middle(took), "cpu-µs")
			b.ReportMetric(float64(last.Mallocs), "allocs")
			b.ReportMetric(float64(last.Alloc), "alloc-B")
			b.ReportMetric(float64(last.Read), "statements")
			b.ReportMetric(float64(page.Bytes), "bytes")
			b.ReportMetric(float64(page.Gzip), "gzip-B")
		})
	}
	b.Logf("%d interfaces in the large account; resident after all of it: %.1f MiB", rows, float64(s.use(b).RSS)/(1<<20))
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

type benchServer struct{ benchReport }

// startBench starts this test binary as the server and waits for its report.
func startBench(b *testing.B, rows int) *benchServer {
	b.Helper()
	args := []string{"-test.run=^TestServeBenchmarks$", "-test.timeout=0"}
	if file := os.Getenv(benchProfileVar); file != "" {
		args = append(args, "-test.cpuprofile="+file)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), benchVar+"="+strconv.Itoa(rows))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // the server ends when this closes
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	var s benchServer
	r := bufio.NewReader(out)
	line, err := r.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &s.benchReport) != nil {
		rest, _ := io.ReadAll(r)
		b.Fatalf("the server said %s%s %v", line, rest, err)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return &s
}

func (s *benchServer) use(b *testing.B) (u benchUse) {
	b.Helper()
	res, err := http.Get("http://" + s.Constant + "/use")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&u); err != nil {
		b.Fatal(err)
	}
	return u
}

// benchConn asks one thing again and again over one connection.
type benchConn struct {
	conn    net.Conn
	request []byte
	read    *bufio.Reader
}

func dialBench(b *testing.B, addr, path string, header http.Header) *benchConn {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	var text bytes.Buffer
	fmt.Fprintf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\n", path, addr)
	if err := header.Write(&text); err != nil {
		b.Fatal(err)
	}
	text.WriteString("\r\n")
	return &benchConn{conn, text.Bytes(), bufio.NewReaderSize(conn, 64<<10)}
}

func (c *benchConn) ask(b *testing.B) {
	b.Helper()
	if _, err := c.conn.Write(c.request); err != nil {
		b.Fatal(err)
	}
	res, err := http.ReadResponse(c.read, nil)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		b.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotModified {
		b.Fatalf("%s answers %d", c.request, res.StatusCode)
	}
}

// TestServeBenchmarks is the server process of the benchmarks; it does nothing
// in an ordinary run.
func TestServeBenchmarks(t *testing.T) {
	rows, err := strconv.Atoi(os.Getenv(benchVar))
	if err != nil {
		t.Skip("the server process of the benchmarks")
	}
	env := storetest.New(t, storetest.WithPasswords())
	// The same sites, prices and pages before both: one account is large, the
	// other has as many interfaces as a page shows and a few.
	env.Crowd(t, env.Southwind, 0, rows)
	env.Crowd(t, env.Northwind, rows, 60)
	enabled := env.At(t, lifecycle.Enabled)
	waiting := env.At(t, lifecycle.WaitingForCabling)
	for _, stage := range []lifecycle.Stage{lifecycle.InApplication, lifecycle.Terminating} {
		env.At(t, stage)
	}
	edge, err := New(t.Context(), Config{Operator: "Example Cloud", Now: env.Clock.Now, Log: slog.New(slog.DiscardHandler)}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	large, small, staff := benchCookie(t, edge, env.OtherOwner), benchCookie(t, edge, env.Owner), benchCookie(t, edge, env.Admin)
	list := func(query ...string) string { return paths.With(paths.Interfaces, append(query, "size", "50")...) }
	var pages []benchPage
	var bodies [][]byte
	add := func(name string, cookie http.Header, path string) {
		pages = append(pages, benchPage{Name: name, Path: path, Header: cookie})
	}
	deep := max(rows-50_000, rows/2)
	add("list-50", large, list())
	add("list-50-small-account", small, list())
	add("list-50-deep", large, list("after", storetest.CrowdCursor(deep)))
	add("list-50-page-40", large, list("page", "40"))
	add("list-50-filtered", large, list("status", "enabled"))
	add("list-20", large, paths.Interfaces)
	add("list-50-kept", packing(large), list())
	add("list-20-kept", packing(large), paths.Interfaces)
	add("overview", large, paths.Home)
	add("detail", small, paths.Interface(enabled.ID))
	add("live-unchanged", small, benchLive(t, edge, small, waiting.ID))
	add("apply", small, paths.NewInterface)
	add("work-queue", staff, paths.Admin)
	add("staff-interfaces", staff, paths.AdminInterfaces)
	add("loa-queue", staff, paths.AdminLOAs)
	for i := range pages {
		p := &pages[i]
		if p.Name == "live-unchanged" {
			p.Header = p.Header.Clone()
			p.Header.Set("HX-Request", "true")
			p.Header.Set("HX-Request-Type", "partial")
		}
		plain := benchGet(edge, p.Path, p.Header)
		p.Bytes, p.Gzip = plain.Body.Len(), benchGet(edge, p.Path, packing(p.Header)).Body.Len()
		if plain.Code != http.StatusOK && plain.Code != http.StatusNotModified {
			t.Fatalf("%s answers %d", p.Path, plain.Code)
		}
		bodies = append(bodies, plain.Body.Bytes())
	}

	constant := echo.New()
	constant.GET("/constant", func(c echo.Context) error {
		n, _ := strconv.Atoi(c.QueryParam("n"))
		return c.Blob(http.StatusOK, "text/html; charset=utf-8", bodies[n])
	})
	constant.GET("/use", func(c echo.Context) error {
		var cpu syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &cpu); err != nil {
			return err
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return c.JSON(http.StatusOK, benchUse{CPU: time.Duration(cpu.Utime.Nano() + cpu.Stime.Nano()), Mallocs: m.Mallocs, Alloc: m.TotalAlloc, Read: uint64(env.Reads()), RSS: resident()})
	})
	report := benchReport{Pages: pages}
	for _, server := range []struct {
		handler http.Handler
		addr    *string
	}{{edge, &report.App}, {constant, &report.Constant}} {
		s := httptest.NewServer(server.handler)
		defer s.Close()
		*server.addr = s.Listener.Addr().String()
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// packing is the header of a client that takes gzip. It may be answered with a
// page that was kept, and others are not.
func packing(header http.Header) http.Header {
	out := header.Clone()
	out.Set("Accept-Encoding", "gzip")
	return out
}

// resident is the memory of this process that is in use, in bytes; 0 where the
// system does not tell.
func resident() int64 {
	text, _ := os.ReadFile("/proc/self/statm")
	if f := strings.Fields(string(text)); len(f) > 1 {
		n, _ := strconv.ParseInt(f[1], 10, 64)
		return n * int64(os.Getpagesize())
	}
	return 0
}

// benchLive is the address with which the page of an interface asks whether it
// changed.
func benchLive(t *testing.T, edge http.Handler, cookie http.Header, id string) string {
	t.Helper()
	_, rest, ok := strings.Cut(benchGet(edge, paths.Interface(id), cookie).Body.String(), `hx-get="`+paths.InterfaceLive(id))
	query, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal("the page of the interface does not ask for changes")
	}
	return paths.InterfaceLive(id) + strings.ReplaceAll(query, "&amp;", "&")
}

func benchGet(edge http.Handler, path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header = header.Clone()
	w := httptest.NewRecorder()
	edge.ServeHTTP(w, r)
	return w
}

// benchCookie signs a person in.
func benchCookie(t testing.TB, edge http.Handler, who store.Actor) http.Header {
	t.Helper()
	form := url.Values{"email": {who.Email}, "password": {storetest.Password}}
	r := httptest.NewRequest(http.MethodPost, paths.Login, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	edge.ServeHTTP(w, r)
	var cookies []string
	for _, c := range w.Result().Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	if w.Code != http.StatusSeeOther || len(cookies) == 0 {
		t.Fatalf("sign-in answered %d", w.Code)
	}
	return http.Header{"Cookie": {strings.Join(cookies, "; ")}}
}

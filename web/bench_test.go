package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store/storetest"
	"demarc/web/paths"
)

// BenchmarkPages compares pages with echo serving the same bytes as a
// constant, in turns within one run: "×const" is how many times as long the
// page takes. Rows say how many interfaces the account has.
func BenchmarkPages(b *testing.B) {
	for _, rows := range []int{1_000, 100_000} {
		s := benchSite(b, rows)
		id := firstInterface(b, s.get(b, paths.Interfaces).Body.String())
		for _, page := range []struct{ name, path string }{
			{"list-50", paths.With(paths.Interfaces, "limit", "50")},
			{"list-50-page-40", paths.With(paths.Interfaces, "limit", "50", "page", "40")},
			{"list-50-filtered", paths.With(paths.Interfaces, "limit", "50", "status", "enabled")},
			{"detail", paths.Interface(id)},
			{"apply", paths.NewInterface},
		} {
			b.Run(page.name+"/rows="+map[int]string{1_000: "1e3", 100_000: "1e5"}[rows], func(b *testing.B) {
				first := s.get(b, page.path)
				if first.Code != http.StatusOK {
					b.Fatalf("%s answers %d", page.path, first.Code)
				}
				constant := echo.New()
				body := first.Body.Bytes()
				constant.GET("/", func(c echo.Context) error { return c.Blob(http.StatusOK, "text/html; charset=utf-8", body) })
				var took [2]time.Duration
				for b.Loop() {
					t0 := time.Now()
					s.get(b, page.path)
					t1 := time.Now()
					for range 10 { // so short that one alone cannot be timed
						w := httptest.NewRecorder()
						constant.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
					}
					took[0] += t1.Sub(t0)
					took[1] += time.Since(t1) / 10
				}
				b.ReportMetric(float64(took[0])/float64(took[1]), "×const")
				b.ReportMetric(float64(len(body)), "bytes")
			})
		}
	}
}

type bench struct {
	web    http.Handler
	cookie *http.Cookie
}

func benchSite(b *testing.B, rows int) *bench {
	b.Helper()
	env := storetest.New(b, storetest.WithPasswords())
	env.Crowd(b, rows)
	edge, err := New(b.Context(), Config{Operator: "Example Cloud", Now: env.Clock.Now, Log: slog.New(slog.DiscardHandler)}, env.Store)
	if err != nil {
		b.Fatal(err)
	}
	form := url.Values{"email": {env.OtherOwner.Email}, "password": {storetest.Password}}
	r := httptest.NewRequest(http.MethodPost, paths.Login, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	edge.ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) == 0 {
		b.Fatalf("sign-in answered %d", w.Code)
	}
	return &bench{edge, cookies[0]}
}

// firstInterface is the first interface that a list links to.
func firstInterface(b *testing.B, html string) string {
	b.Helper()
	id := regexp.MustCompile(`pc-[a-z0-9]{17}`).FindString(html)
	if id == "" {
		b.Fatal("the list names no interface")
	}
	return id
}

func (s *bench) get(b *testing.B, path string) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.AddCookie(s.cookie)
	w := httptest.NewRecorder()
	s.web.ServeHTTP(w, r)
	return w
}

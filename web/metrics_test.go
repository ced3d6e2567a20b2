package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"demarc/store/storetest"
)

// scrape reads the metrics as Prometheus does: name and labels, and the value.
func scrape(t *testing.T, s *Server) map[string]float64 {
	t.Helper()
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, err := io.ReadAll(rec.Body)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatalf("%d %v\n%s", rec.Code, err, text)
	}
	out := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			if out[name], err = strconv.ParseFloat(value, 64); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	}
	return out
}

// What somebody who is woken at night asks first.
func TestMetricsOfTheOperator(t *testing.T) {
	ctx := context.Background()
	env := storetest.New(t, storetest.WithMail())
	cert, key := writeCertificate(t, t.TempDir(), 1)
	s, err := New(ctx, Config{Operator: "Example Cloud", Now: env.Clock.Now, TLSCert: cert, TLSKey: key}, env.Store)
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, values map[string]float64) {
		t.Helper()
		got := scrape(t, s)
		for name, v := range values {
			if have, ok := got[name]; !ok || have != v {
				t.Errorf("%s: %s is %v (%t), want %v", when, name, have, ok, v)
			}
		}
	}
	want("at first", map[string]float64{`demarc_mails{state="waiting"}`: 0, `demarc_mails{state="sending"}`: 0, `demarc_mails{state="failed"}`: 0, "demarc_mail_oldest_seconds": 0,
		"demarc_letter_keys_ready": 1, "demarc_database_up": 1, `demarc_work_overdue{stage="in_application"}`: 0})
	if _, ok := scrape(t, s)[`demarc_job_last_success_timestamp_seconds{job="mail"}`]; ok {
		t.Error("a job that does not run is told of")
	}
	mail, due := s.Job(JobMail), s.Job(JobDue)
	mail(errors.New("no disk"))
	due(nil)
	if err := env.SendTestMail(ctx, env.Admin); err != nil {
		t.Fatal(err)
	}
	first := env.Clock.Now()
	env.Clock.Advance(90 * time.Second)
	want("with a mail", map[string]float64{`demarc_mails{state="waiting"}`: 1, "demarc_mail_oldest_seconds": 90,
		`demarc_job_last_success_timestamp_seconds{job="mail"}`: 0, `demarc_job_failures_total{job="mail"}`: 1, `demarc_job_failures_total{job="due"}`: 0,
		`demarc_job_last_success_timestamp_seconds{job="due"}`: float64(first.Unix())})
	m, err := env.ClaimMail(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want("while it is sent", map[string]float64{`demarc_mails{state="waiting"}`: 0, `demarc_mails{state="sending"}`: 1, "demarc_mail_oldest_seconds": 0})
	if err := env.MailProblem(ctx, m.ID, "No such mailbox", true); err != nil {
		t.Fatal(err)
	}
	want("after it failed", map[string]float64{`demarc_mails{state="sending"}`: 0, `demarc_mails{state="failed"}`: 1})
	got := scrape(t, s)
	for _, name := range []string{"demarc_disk_free_bytes", "demarc_letter_certificate_expiry_timestamp_seconds", "demarc_tls_certificate_expiry_timestamp_seconds", `demarc_database_bytes{file="demarc.db"}`, "demarc_commits_total"} {
		if got[name] <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if left := time.Until(time.Unix(int64(got["demarc_tls_certificate_expiry_timestamp_seconds"]), 0)); left < 50*time.Minute || left > time.Hour {
		t.Errorf("the TLS certificate is good for %s", left)
	}
	env.Clock.Set(time.Unix(int64(got["demarc_letter_certificate_expiry_timestamp_seconds"]), 0).Add(time.Hour))
	want("when the certificate for letters is over", map[string]float64{"demarc_letter_keys_ready": 0})

	// The README's table names every one of ours, and no other.
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`(demarc_[a-z_]+)").FindAllStringSubmatch(string(readme), -1) {
		named[m[1]] = true
	}
	have := map[string]bool{}
	for name := range got {
		if base, _, _ := strings.Cut(name, "{"); strings.HasPrefix(base, "demarc_") {
			have[regexp.MustCompile("_(bucket|sum|count)$").ReplaceAllString(base, "")] = true
		}
	}
	for name := range have {
		if !named[name] {
			t.Errorf("the README does not explain %s", name)
		}
	}
	for name := range named {
		if !have[name] && !strings.HasPrefix(name, "demarc_http_") {
			t.Errorf("the README explains %s, which there is not", name)
		}
	}
}

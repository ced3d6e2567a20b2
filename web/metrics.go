package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"demarc/store"
	"demarc/web/paths"
)

// metrics counts what the edge does. Labels are patterns of routes, methods
// and numbers: nothing that a client chose, and nobody's name.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	refused  *prometheus.CounterVec
	worked   *prometheus.GaugeVec
	failed   *prometheus.CounterVec
}

func newMetrics(st *store.Store) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "demarc_http_requests_total", Help: "Requests answered, by pattern of the route, method and status."}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "demarc_http_request_seconds", Help: "How long answers took, by pattern of the route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30}}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "demarc_http_requests_in_flight", Help: "Requests that are being answered."}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "demarc_sign_in_refused_total", Help: "Sign-ins refused: wrong (name, password or code) or throttled."}, []string{"why"}),
	}
	m.worked = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "demarc_job_last_success_timestamp_seconds", Help: "When a job last did all that was due, in Unix time; 0 when not since the start."}, []string{"job"})
	m.failed = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "demarc_job_failures_total", Help: "Rounds of a job that failed; the log says why."}, []string{"job"})
	m.refused.WithLabelValues("wrong")
	m.refused.WithLabelValues("throttled")
	m.registry.MustRegister(m.requests, m.seconds, m.inFlight, m.refused, m.worked, m.failed, storeMetrics{st},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// knownMethod is the method of a request as it may be written down: clients
// make up methods, and put into them what they like.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead:
		return method
	}
	return "other"
}

// answered counts one answer.
func (m *metrics) answered(route, method string, status int, took time.Duration) {
	if route == "" || status == http.StatusNotFound && route == "/*" {
		route = "none"
	}
	method = knownMethod(method)
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
	if method == http.MethodPost && route == paths.Login {
		switch status {
		case http.StatusUnprocessableEntity:
			m.refused.WithLabelValues("wrong").Inc()
		case http.StatusTooManyRequests:
			m.refused.WithLabelValues("throttled").Inc()
		}
	}
}

// Jobs are what runs beside the requests.
const (
	JobDue       = "due"       // what time does: expiry, reminders, renewals, erasure
	JobDocuments = "documents" // the PDF of receipts and invoices
	JobMail      = "mail"      // the outbox
	JobCards     = "cards"     // card payments and refunds
)

// Job tells the metrics about a job that is going to run, so that one that never
// succeeds is seen, and returns what is called after each of its rounds.
func (s *Server) Job(name string) (ran func(error)) {
	worked, failed := s.metrics.worked.WithLabelValues(name), s.metrics.failed.WithLabelValues(name)
	return func(err error) {
		if err != nil {
			failed.Inc()
			return
		}
		worked.Set(float64(s.cfg.Now().Unix()))
	}
}

// tlsMetrics tells until when the certificate in use is good.
type tlsMetrics struct{ c *certificate }

var tlsDesc = prometheus.NewDesc("demarc_tls_certificate_expiry_timestamp_seconds", "Until when the TLS certificate in use is good, in Unix time.", nil, nil)

func (tlsMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- tlsDesc }

func (m tlsMetrics) Collect(ch chan<- prometheus.Metric) {
	if pair, err := m.c.get(nil); err == nil && pair.Leaf != nil {
		ch <- prometheus.MustNewConstMetric(tlsDesc, prometheus.GaugeValue, float64(pair.Leaf.NotAfter.Unix()))
	}
}

// storeMetrics asks the store when it is asked itself.
type storeMetrics struct{ s *store.Store }

var (
	queueDesc   = prometheus.NewDesc("demarc_writer_queue", "Write transactions that wait for the writer.", nil, nil)
	jobsDesc    = prometheus.NewDesc("demarc_write_transactions_total", "Write transactions carried out.", nil, nil)
	commitsDesc = prometheus.NewDesc("demarc_commits_total", "Commits; transactions divided by commits is the size of a group.", nil, nil)
	bytesDesc   = prometheus.NewDesc("demarc_database_bytes", "Size of the files of the database.", []string{"file"}, nil)
	eventsDesc  = prometheus.NewDesc("demarc_audit_events", "Place of the last event in the chain of the audit log.", nil, nil)
	workDesc    = prometheus.NewDesc("demarc_work_waiting", "Interfaces that wait for staff, by stage.", []string{"stage"}, nil)
	overdueDesc = prometheus.NewDesc("demarc_work_overdue", "Interfaces that wait for staff past their due time, by stage. Counted up to 1000.", []string{"stage"}, nil)
	freeDesc    = prometheus.NewDesc("demarc_disk_free_bytes", "What the disk of the data folder still takes.", nil, nil)
	mailsDesc   = prometheus.NewDesc("demarc_mails", "Mails of the outbox that are not sent, by state: waiting, sending, failed. Counted up to 1000.", []string{"state"}, nil)
	mailAgeDesc = prometheus.NewDesc("demarc_mail_oldest_seconds", "Age of the mail that waits longest, 0 when none waits.", nil, nil)
	lettersDesc = prometheus.NewDesc("demarc_letter_keys_ready", "1 when letters of authorization can be signed now.", nil, nil)
	letterDesc  = prometheus.NewDesc("demarc_letter_certificate_expiry_timestamp_seconds", "Until when the certificate for letters is good, in Unix time.", nil, nil)
	upDesc      = prometheus.NewDesc("demarc_database_up", "1 when the database answers and takes writes.", nil, nil)
)

func (storeMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueDesc, jobsDesc, commitsDesc, bytesDesc, eventsDesc, workDesc, overdueDesc, freeDesc, mailsDesc, mailAgeDesc, lettersDesc, letterDesc, upDesc} {
		ch <- d
	}
}

func (m storeMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	jobs, commits := m.s.WriteStats()
	ch <- prometheus.MustNewConstMetric(jobsDesc, prometheus.CounterValue, float64(jobs))
	ch <- prometheus.MustNewConstMetric(commitsDesc, prometheus.CounterValue, float64(commits))
	up := 0.0
	if m.s.Ready(ctx) == nil {
		up = 1
	}
	gauge(upDesc, up)
	st, err := m.s.Stats(ctx)
	if err != nil {
		return // what is known is told; demarc_database_up says the rest
	}
	gauge(queueDesc, float64(st.Queue))
	gauge(eventsDesc, float64(st.Events))
	for file, n := range st.Bytes {
		gauge(bytesDesc, float64(n), file)
	}
	if st.Free >= 0 {
		gauge(freeDesc, float64(st.Free))
	}
	for state, n := range st.Mails {
		gauge(mailsDesc, float64(n), state)
	}
	age := 0.0
	if !st.MailSince.IsZero() {
		age = max(0, m.s.Now().Sub(st.MailSince).Seconds())
	}
	gauge(mailAgeDesc, age)
	ready := 0.0
	if st.Letters {
		ready = 1
	}
	gauge(lettersDesc, ready)
	if !st.CertificateEnds.IsZero() {
		gauge(letterDesc, float64(st.CertificateEnds.Unix()))
	}
	for _, w := range st.Work {
		gauge(workDesc, float64(w.Waiting), string(w.Stage))
		gauge(overdueDesc, float64(w.Overdue), string(w.Stage))
	}
}

// ServeMetrics answers Prometheus on l until ctx ends. It is a listener of its
// own, which the operator keeps from the public.
func (s *Server) ServeMetrics(ctx context.Context, l net.Listener) error {
	if err := s.CheckMetrics(l.Addr()); err != nil {
		return err
	}
	if !onThisMachine(l.Addr()) {
		l = tls.NewListener(l, s.cert.config())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 15 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 8 << 10, ErrorLog: log.New(connectionLog{s.log}, "", 0)}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ErrOpenMetrics means that metrics would cross a network readable.
var ErrOpenMetrics = errors.New("metrics leave this machine over TLS only: give -tls-cert and -tls-key, or listen on 127.0.0.1")

// CheckMetrics is ErrOpenMetrics where ServeMetrics would not serve, at the start.
func (s *Server) CheckMetrics(at net.Addr) error {
	if s.cert == nil && !onThisMachine(at) {
		return ErrOpenMetrics
	}
	return nil
}

func onThisMachine(at net.Addr) bool {
	tcp, ok := at.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

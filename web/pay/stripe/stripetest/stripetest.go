// Package stripetest is a small Stripe for tests: the part of its interface
// that Demarc uses, a page that takes no card but does as it is told, and signed
// webhooks. Unlike stripe-mock it remembers. Only tests use it.
package stripetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The secrets that the program under test is started with.
const (
	Key    = "sk_test_stripetest"
	Secret = "whsec_stripetest"
)

// Server is the gateway.
type Server struct {
	*httptest.Server
	// Webhooks is where events are sent; none are when it is "".
	webhooks string
	// step is called around what the gateway does, with "checkout", "refund" or
	// "look" and whether it is done.
	step func(what string, done bool)

	mu       sync.Mutex
	n        int
	sessions map[string]*session
	keys     map[string]any // idempotency key -> what it made
	events   []event
}

type session struct {
	ID, OrderNo, PaymentID, Name, Return, Back, Intent string
	Currency                                           string
	Amount                                             int64
	Expires                                            int64
	Status                                             string // open, complete, expired
	Refund                                             string
	Refunds                                            int
}

type event struct{ id, body string }

// New starts a gateway; Close ends it.
func New() *Server {
	s := &Server{sessions: map[string]*session{}, keys: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/checkout/sessions", s.create)
	mux.HandleFunc("GET /v1/checkout/sessions/{id}", s.show)
	mux.HandleFunc("POST /v1/checkout/sessions/{id}/expire", s.expire)
	mux.HandleFunc("POST /v1/refunds", s.refund)
	mux.HandleFunc("GET /v1/refunds/{id}", s.showRefund)
	mux.HandleFunc("GET /pay/{id}", s.page)
	mux.HandleFunc("POST /pay/{id}", s.act)
	s.Server = httptest.NewServer(mux)
	return s
}

// SendTo sends events to a program from now on; "" keeps them.
func (s *Server) SendTo(url string) { s.mu.Lock(); defer s.mu.Unlock(); s.webhooks = url }

// OnStep sets what is called around each thing that the gateway does.
func (s *Server) OnStep(f func(what string, done bool)) { s.mu.Lock(); defer s.mu.Unlock(); s.step = f }

func (s *Server) at(what string, done bool) {
	s.mu.Lock()
	f := s.step
	s.mu.Unlock()
	if f != nil {
		f(what, done)
	}
}

func (s *Server) id(prefix string) string { s.n++; return fmt.Sprintf("%s_%d", prefix, s.n) }

func fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"type": "invalid_request_error", "code": code, "message": message}})
}

func (s *Server) authorized(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Authorization") == "Bearer "+Key {
		return true
	}
	fail(w, http.StatusUnauthorized, "", "Invalid API Key provided")
	return false
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(w, r) {
		return
	}
	s.at("checkout", false)
	_ = r.ParseForm()
	f := r.PostForm
	amount, err := strconv.ParseInt(f.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	expires, err2 := strconv.ParseInt(f.Get("expires_at"), 10, 64)
	if err != nil || err2 != nil || f.Get("mode") != "payment" {
		fail(w, http.StatusBadRequest, "parameter_invalid", "not a checkout")
		return
	}
	key := r.Header.Get("Idempotency-Key") + " " + f.Encode()
	s.mu.Lock()
	for k := range s.keys {
		if strings.HasPrefix(k, r.Header.Get("Idempotency-Key")+" ") && k != key {
			s.mu.Unlock()
			fail(w, http.StatusBadRequest, "idempotency_key_in_use", "another request has this key")
			return
		}
	}
	made, ok := s.keys[key].(*session)
	if !ok {
		made = &session{ID: s.id("cs_test"), OrderNo: f.Get("metadata[demarc_order]"), PaymentID: f.Get("metadata[demarc_payment]"), Name: f.Get("line_items[0][price_data][product_data][name]"),
			Return: f.Get("success_url"), Back: f.Get("cancel_url"), Currency: f.Get("line_items[0][price_data][currency]"), Amount: amount, Expires: expires, Status: "open"}
		s.sessions[made.ID], s.keys[key] = made, made
	}
	out := s.json(made)
	s.mu.Unlock()
	s.at("checkout", true)
	w.Write(out)
}

// json is a session as Stripe writes it. The caller holds mu.
func (s *Server) json(c *session) []byte {
	out := map[string]any{"id": c.ID, "object": "checkout.session", "url": nil, "expires_at": c.Expires, "status": c.Status, "payment_status": "unpaid", "amount_total": c.Amount, "currency": c.Currency,
		"client_reference_id": c.OrderNo, "payment_intent": nil, "metadata": map[string]string{"demarc_order": c.OrderNo, "demarc_payment": c.PaymentID}}
	if c.Status == "open" {
		out["url"] = s.URL + "/pay/" + c.ID
	}
	if c.Status == "complete" {
		out["payment_status"], out["payment_intent"] = "paid", c.Intent
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return b
}

func (s *Server) find(w http.ResponseWriter, r *http.Request) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.sessions[r.PathValue("id")]
	if c == nil {
		fail(w, http.StatusNotFound, "resource_missing", "no such session")
	}
	return c
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(w, r) {
		return
	}
	s.at("look", false)
	if c := s.find(w, r); c != nil {
		s.mu.Lock()
		out := s.json(c)
		s.mu.Unlock()
		s.at("look", true)
		w.Write(out)
	}
}

func (s *Server) expire(w http.ResponseWriter, r *http.Request) {
	c := s.find(w, r)
	if c == nil || !s.authorized(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Status != "open" {
		fail(w, http.StatusBadRequest, "", "only open sessions can be expired")
		return
	}
	c.Status = "expired"
	w.Write(s.json(c))
}

func (s *Server) refund(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(w, r) {
		return
	}
	s.at("refund", false)
	intent := r.FormValue("payment_intent")
	s.mu.Lock()
	var c *session
	for _, other := range s.sessions {
		if other.Intent == intent && intent != "" {
			c = other
		}
	}
	if c == nil {
		s.mu.Unlock()
		fail(w, http.StatusNotFound, "resource_missing", "no such charge")
		return
	}
	key := "refund " + r.Header.Get("Idempotency-Key")
	if _, again := s.keys[key]; !again {
		if c.Refund != "" {
			s.mu.Unlock()
			fail(w, http.StatusBadRequest, "charge_already_refunded", "it is refunded")
			return
		}
		c.Refund = s.id("re_test")
		c.Refunds++
		s.keys[key] = c
	}
	out := refundJSON(c)
	s.mu.Unlock()
	s.at("refund", true)
	w.Write(out)
}

func (s *Server) showRefund(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sessions {
		if c.Refund == r.PathValue("id") {
			w.Write(refundJSON(c))
			return
		}
	}
	fail(w, http.StatusNotFound, "resource_missing", "no such refund")
}

func refundJSON(c *session) []byte {
	return fmt.Appendf(nil, `{"id":%q,"object":"refund","status":"succeeded","amount":%d,"currency":%q,"payment_intent":%q,"metadata":{"demarc_order":%q,"demarc_payment":%q}}`,
		c.Refund, c.Amount, c.Currency, c.Intent, c.OrderNo, c.PaymentID)
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pay {{.Name}}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head><body><main><h1>Checkout</h1>
<p>{{.Name}}: {{.Amount}} {{.Currency}}</p>{{if .Declined}}<p role="alert">Your card was declined.</p>{{end}}
<form method="post"><button name="do" value="pay">Pay with the good card</button> <button name="do" value="decline">Pay with the bad card</button></form>
<p><a href="{{.Back}}">Go back</a></p></main></body></html>`))

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	c := s.find(w, r)
	if c == nil {
		return
	}
	s.mu.Lock()
	open, view := c.Status == "open", map[string]any{"Name": c.Name, "Amount": c.Amount, "Currency": c.Currency, "Back": c.Back, "Declined": r.URL.Query().Get("declined") != ""}
	s.mu.Unlock()
	if !open {
		http.Error(w, "This page has ended.", http.StatusGone)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, view)
}

func (s *Server) act(w http.ResponseWriter, r *http.Request) {
	c := s.find(w, r)
	if c == nil {
		return
	}
	if r.FormValue("do") == "decline" {
		s.Decline(c.ID)
		http.Redirect(w, r, "/pay/"+c.ID+"?declined=1", http.StatusSeeOther)
		return
	}
	if !s.Pay(c.ID) {
		http.Error(w, "This page has ended.", http.StatusGone)
		return
	}
	http.Redirect(w, r, c.Return, http.StatusSeeOther)
}

// Pay is the customer paying on a page; false when it has ended.
func (s *Server) Pay(id string) bool {
	s.mu.Lock()
	c := s.sessions[id]
	if c == nil || c.Status != "open" {
		s.mu.Unlock()
		return false
	}
	c.Status, c.Intent = "complete", s.id("pi_test")
	e := s.newEvent("checkout.session.completed", string(s.json(c)))
	s.mu.Unlock()
	s.Send(e)
	return true
}

// Decline is a card that is refused on a page.
func (s *Server) Decline(id string) {
	s.mu.Lock()
	c := s.sessions[id]
	e := s.newEvent("payment_intent.payment_failed", fmt.Sprintf(`{"id":"pi_declined","amount":%d,"currency":%q,"last_payment_error":{"code":"card_declined"},"metadata":{"demarc_order":%q,"demarc_payment":%q}}`,
		c.Amount, c.Currency, c.OrderNo, c.PaymentID))
	s.mu.Unlock()
	s.Send(e)
}

// newEvent keeps an event. The caller holds mu.
func (s *Server) newEvent(kind, object string) string {
	id := s.id("evt_test")
	s.events = append(s.events, event{id, fmt.Sprintf(`{"id":%q,"object":"event","api_version":"2026-03-25.dahlia","created":%d,"type":%q,"data":{"object":%s}}`, id, time.Now().Unix(), kind, object)})
	return id
}

// Send delivers an event and returns the status, 0 when nobody answered.
func (s *Server) Send(id string) int {
	s.mu.Lock()
	to, body := s.webhooks, ""
	for _, e := range s.events {
		if e.id == id {
			body = e.body
		}
	}
	s.mu.Unlock()
	if to == "" {
		return 0
	}
	r, err := http.NewRequest(http.MethodPost, to+"/webhooks/stripe", bytes.NewReader([]byte(body)))
	if err != nil {
		return 0
	}
	now := time.Now().Unix()
	m := hmac.New(sha256.New, []byte(Secret))
	fmt.Fprintf(m, "%d.%s", now, body)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now, hex.EncodeToString(m.Sum(nil))))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// SendAll delivers every event again, as Stripe does until it is answered, and
// returns the statuses.
func (s *Server) SendAll() []int {
	s.mu.Lock()
	events := append([]event(nil), s.events...)
	s.mu.Unlock()
	var out []int
	for _, e := range events {
		out = append(out, s.Send(e.id))
	}
	return out
}

// Open are the pages of an order on which somebody can pay now.
func (s *Server) Open(orderNo string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for id, c := range s.sessions {
		if c.OrderNo == orderNo && c.Status == "open" {
			out = append(out, id)
		}
	}
	return out
}

// Charges is how many charges of an order there were, and how many of them were
// not given back.
func (s *Server) Charges(orderNo string) (all, kept int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sessions {
		if c.OrderNo == orderNo && c.Status == "complete" {
			all++
			if c.Refunds == 0 {
				kept++
			}
		}
	}
	return all, kept
}

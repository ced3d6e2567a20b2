package stripe

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store/money"
	"demarc/store/payment"
	"demarc/web/pay"
)

const secret = "whsec_test"

var now = time.Date(2026, 11, 20, 7, 12, 0, 0, time.UTC)

var mock struct {
	once sync.Once
	url  string
	stop func()
	err  error
}

// stripeMock is Stripe's own test server, which knows the description of the
// real interface and refuses what that does not allow. It is built and started
// once for the package.
func stripeMock(t *testing.T) string {
	t.Helper()
	mock.once.Do(func() {
		dir, err := os.MkdirTemp("", "stripe-mock")
		if err != nil {
			mock.err = err
			return
		}
		bin := filepath.Join(dir, "stripe-mock")
		if out, err := exec.Command("go", "build", "-o", bin, "github.com/stripe/stripe-mock").CombinedOutput(); err != nil {
			mock.err = fmt.Errorf("build stripe-mock: %v\n%s", err, out)
			return
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			mock.err = err
			return
		}
		addr := l.Addr().String()
		l.Close()
		cmd := exec.Command(bin, "-http-addr", addr)
		out, err := cmd.StdoutPipe()
		if err != nil {
			mock.err = err
			return
		}
		cmd.Stderr = cmd.Stdout
		if mock.err = cmd.Start(); mock.err != nil {
			return
		}
		mock.stop = func() { cmd.Process.Kill(); cmd.Wait(); os.RemoveAll(dir) }
		mock.url = "http://" + addr
		// It says that it listens before anything can be asked.
		var said bytes.Buffer
		buf := make([]byte, 1024)
		for !strings.Contains(said.String(), "Listening for HTTP") {
			n, err := out.Read(buf)
			said.Write(buf[:n])
			if err != nil {
				mock.err = fmt.Errorf("stripe-mock: %v: %s", err, said.String())
				return
			}
		}
		go io.Copy(io.Discard, out)
	})
	if mock.err != nil {
		t.Fatal(mock.err)
	}
	return mock.url
}

func TestMain(m *testing.M) {
	code := m.Run()
	if mock.stop != nil {
		mock.stop()
	}
	os.Exit(code)
}

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

func checkout() payment.Checkout {
	return payment.Checkout{Key: "202611200001", PaymentID: "pay-1", OrderNo: "202611200001", What: "Initial installation fee, order 202611200001", Amount: usd(1500_00),
		ExpiresAt: now.Add(payment.SessionLife), ReturnURL: "https://console.example/orders/202611200001/payment", BackURL: "https://console.example/orders/202611200001?card=back"}
}

func TestStripeMockTakesOurRequests(t *testing.T) {
	g, ctx := New(Config{Key: "sk_test_123", URL: stripeMock(t)}), context.Background()
	s, err := g.Checkout(ctx, checkout())
	if err != nil || s.ID == "" || s.URL == "" {
		t.Fatalf("checkout: %+v, %v", s, err)
	}
	if _, err := g.Look(ctx, s.ID); err != nil {
		t.Errorf("look: %v", err)
	}
	if err := g.Close(ctx, s.ID); err != nil {
		t.Errorf("close: %v", err)
	}
	e, err := g.Refund(ctx, payment.Refund{Key: "refund:pay-1", PaymentID: "pay-1", OrderNo: "202611200001", IntentID: "pi_123", Amount: usd(1500_00)})
	if err != nil || e.RefundID == "" || e.PaymentID != "pay-1" || e.Notice != payment.RefundDone {
		t.Errorf("refund: %+v, %v", e, err)
	}
}

// TestStripeMockRefuses proves that the server above looks at what it is sent.
func TestStripeMockRefuses(t *testing.T) {
	ctx := context.Background()
	_, err := New(Config{Key: "not a key", URL: stripeMock(t)}).Checkout(ctx, checkout())
	if !errors.Is(err, pay.ErrRefused) || strings.Contains(err.Error(), "not a key") {
		t.Errorf("with a wrong key: %v", err)
	}
	g := New(Config{Key: "sk_test_123", URL: stripeMock(t)})
	if _, err = g.Refund(ctx, payment.Refund{Key: "k", IntentID: ""}); err == nil {
		t.Log("stripe-mock lets a refund of nothing pass")
	}
	resp, err := http.Post(stripeMock(t)+"/v1/checkout/sessions", "application/x-www-form-urlencoded", strings.NewReader("mode=barter"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode < 400 {
		t.Errorf("the mode barter gets %d", resp.StatusCode)
	}
}

// TestWhatIsSent reads the request itself: the amount of the order, the key,
// nothing of the customer.
func TestWhatIsSent(t *testing.T) {
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key")+" "+r.PostForm.Encode())
		io.WriteString(w, `{"id":"cs_1","object":"checkout.session","url":"https://checkout.stripe.example/c/pay/cs_1","expires_at":1795162320}`)
	}))
	defer srv.Close()
	s, err := New(Config{Key: "sk_test_123", URL: srv.URL}).Checkout(context.Background(), checkout())
	if err != nil {
		t.Fatal(err)
	}
	if s.ID != "cs_1" || s.URL != "https://checkout.stripe.example/c/pay/cs_1" || s.ExpiresAt.Unix() != 1795162320 {
		t.Errorf("session %+v", s)
	}
	want := "POST /v1/checkout/sessions 202611200001 cancel_url=https%3A%2F%2Fconsole.example%2Forders%2F202611200001%3Fcard%3Dback&client_reference_id=202611200001&expires_at=1795160820" +
		"&line_items%5B0%5D%5Bprice_data%5D%5Bcurrency%5D=usd&line_items%5B0%5D%5Bprice_data%5D%5Bproduct_data%5D%5Bname%5D=Initial+installation+fee%2C+order+202611200001" +
		"&line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=150000&line_items%5B0%5D%5Bquantity%5D=1&metadata%5Bdemarc_order%5D=202611200001&metadata%5Bdemarc_payment%5D=pay-1&mode=payment" +
		"&payment_intent_data%5Bdescription%5D=Initial+installation+fee%2C+order+202611200001&payment_intent_data%5Bmetadata%5D%5Bdemarc_order%5D=202611200001&payment_intent_data%5Bmetadata%5D%5Bdemarc_payment%5D=pay-1" +
		"&payment_method_types%5B0%5D=card&success_url=https%3A%2F%2Fconsole.example%2Forders%2F202611200001%2Fpayment"
	if len(got) != 1 || got[0] != want {
		t.Errorf("sent\n%q\nwant\n%q", got, want)
	}
}

// The browser goes by itself to what Stripe names as its page.
func TestTheCardPageIsAPage(t *testing.T) {
	address := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"id": "cs_1", "object": "checkout.session", "url": address})
	}))
	defer srv.Close()
	g := New(Config{Key: "sk_test_123", URL: srv.URL})
	for a, good := range map[string]bool{
		"https://checkout.stripe.example/c/pay/cs_1": true, "http://127.0.0.1:12111/pay/cs_1": true, "http://[::1]/pay": true,
		"": false, "/pay": false, "//pay.example": false, "https:": false, "https://": false, "https:///pay": false,
		"http://pay.example/pay": false, "javascript:alert(1)": false, "data:text/html,x": false, "ftp://127.0.0.1/": false, "https://pay.example/\r\nX: y": false,
	} {
		address = a
		if s, err := g.Checkout(t.Context(), checkout()); (err == nil) != good || err != nil && !errors.Is(err, pay.ErrRefused) || err == nil && s.URL != a {
			t.Errorf("%q: %+v, %v", a, s, err)
		}
	}
}

func TestProblems(t *testing.T) {
	status, body := 0, ""
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	defer srv.Close()
	g, ctx := New(Config{Key: "sk_test_123", URL: srv.URL}), context.Background()
	for _, c := range []struct {
		status  int
		body    string
		refused bool
	}{
		{400, `{"error":{"type":"invalid_request_error","code":"parameter_unknown","message":"secret words"}}`, true},
		{401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_test_123"}}`, true},
		{409, `{"error":{"type":"idempotency_error"}}`, false},
		{429, `{"error":{"type":"rate_limit_error"}}`, false},
		{500, `{"error":{"type":"api_error"}}`, false},
		{502, `not JSON`, false},
	} {
		status, body = c.status, c.body
		_, err := g.Checkout(ctx, checkout())
		if err == nil || errors.Is(err, pay.ErrRefused) != c.refused {
			t.Errorf("%d: %v, refused for good: %t", c.status, err, c.refused)
		}
		if err != nil && (strings.Contains(err.Error(), "secret words") || strings.Contains(err.Error(), "sk_test")) {
			t.Errorf("%d: the error repeats what Stripe said: %v", c.status, err)
		}
	}
	status, body = 400, `{"error":{"type":"invalid_request_error","message":"Only open sessions can be expired."}}`
	if err := g.Close(ctx, "cs_1"); err != nil {
		t.Errorf("closing what is closed: %v", err)
	}
	status = 500
	if err := g.Close(ctx, "cs_1"); err == nil {
		t.Error("closing while Stripe is down is no error")
	}
	status, body = 400, `{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`
	if e, err := g.Refund(ctx, payment.Refund{Key: "k", PaymentID: "pay-1", IntentID: "pi_1", Amount: usd(5)}); err != nil || e.Notice != payment.RefundDone || e.ID == "" {
		t.Errorf("refunding again: %+v, %v", e, err)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was asked of somebody else", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	leads := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer leads.Close()
	if _, err := New(Config{Key: "sk_test_123", URL: leads.URL}).Checkout(ctx, checkout()); err == nil || errors.Is(err, pay.ErrRefused) {
		t.Errorf("led elsewhere: %v", err)
	}
	srv.Close()
	if _, err := g.Checkout(ctx, checkout()); err == nil || errors.Is(err, pay.ErrRefused) {
		t.Errorf("without a network: %v", err)
	}
	before := calls
	for _, a := range []money.Amount{{Minor: 100, Currency: "ISK"}, {Minor: 1000, Currency: "KWD"}, {Minor: 100, Currency: "XXX"}, usd(0), usd(-1)} {
		c := checkout()
		c.Amount = a
		if _, err := g.Checkout(ctx, c); !errors.Is(err, pay.ErrRefused) {
			t.Errorf("an amount of %v: %v", a, err)
		}
	}
	if calls != before {
		t.Error("Stripe was asked about an amount that it does not take")
	}
}

// header signs a body as Stripe does.
func header(body, secret string, at time.Time) string {
	m := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(m, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(m.Sum(nil)))
}

func event(kind, object string) string {
	return fmt.Sprintf(`{"id":"evt_1","object":"event","api_version":"2020-08-27","created":%d,"type":%q,"data":{"object":%s}}`, now.Unix(), kind, object)
}

func TestParseEvent(t *testing.T) {
	g := New(Config{Key: "sk_test_123", WebhookSecret: secret})
	const meta = `"metadata":{"demarc_order":"202611200001","demarc_payment":"pay-1"}`
	base := payment.Event{ID: "evt_1", At: now, OrderNo: "202611200001", PaymentID: "pay-1"}
	with := func(f func(e *payment.Event)) payment.Event { e := base; f(&e); return e }
	for _, c := range []struct {
		kind, object string
		want         payment.Event
	}{
		{"checkout.session.completed", `{"id":"cs_1","payment_intent":"pi_1","payment_status":"paid","amount_total":150000,"currency":"usd",` + meta + `}`,
			with(func(e *payment.Event) {
				e.SessionID, e.IntentID, e.Amount, e.Notice = "cs_1", "pi_1", usd(1500_00), payment.Paid
			})},
		{"checkout.session.completed", `{"id":"cs_1","payment_intent":"pi_1","payment_status":"unpaid","amount_total":150000,"currency":"usd",` + meta + `}`,
			with(func(e *payment.Event) { e.SessionID, e.IntentID, e.Amount = "cs_1", "pi_1", usd(1500_00) })},
		{"checkout.session.expired", `{"id":"cs_1","payment_intent":null,"payment_status":"unpaid","amount_total":150000,"currency":"usd",` + meta + `}`,
			with(func(e *payment.Event) { e.SessionID, e.Amount, e.Notice = "cs_1", usd(1500_00), payment.Closed })},
		{"payment_intent.payment_failed", `{"id":"pi_1","amount":150000,"currency":"usd","last_payment_error":{"code":"card_declined","decline_code":"insufficient_funds"},` + meta + `}`,
			with(func(e *payment.Event) {
				e.IntentID, e.Amount, e.Notice, e.Reason = "pi_1", usd(1500_00), payment.Declined, "insufficient_funds"
			})},
		{"refund.updated", `{"id":"re_1","payment_intent":"pi_1","amount":150000,"currency":"usd","status":"succeeded",` + meta + `}`,
			with(func(e *payment.Event) {
				e.RefundID, e.IntentID, e.Amount, e.Notice = "re_1", "pi_1", usd(1500_00), payment.RefundDone
			})},
		{"refund.failed", `{"id":"re_1","payment_intent":"pi_1","amount":150000,"currency":"usd","status":"failed","failure_reason":"lost_or_stolen_card",` + meta + `}`,
			with(func(e *payment.Event) {
				e.RefundID, e.IntentID, e.Amount, e.Notice, e.Reason = "re_1", "pi_1", usd(1500_00), payment.RefundFailed, "lost_or_stolen_card"
			})},
		{"refund.created", `{"id":"re_1","payment_intent":"pi_1","amount":150000,"currency":"usd","status":"pending",` + meta + `}`,
			with(func(e *payment.Event) { e.RefundID, e.IntentID, e.Amount = "re_1", "pi_1", usd(1500_00) })},
		{"charge.dispute.created", `{"id":"dp_1","payment_intent":"pi_1","amount":150000,"currency":"usd","reason":"fraudulent","metadata":{}}`,
			payment.Event{ID: "evt_1", At: now, IntentID: "pi_1", Amount: usd(1500_00), Notice: payment.Disputed, Reason: "fraudulent"}},
		{"customer.created", `{"id":"cus_1","metadata":{}}`, payment.Event{ID: "evt_1", At: now}},
	} {
		body := event(c.kind, c.object)
		got, err := g.ParseEvent([]byte(body), header(body, secret, now), now)
		c.want.Type = c.kind
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v\nwant %+v", c.kind, got, err, c.want)
		}
	}
}

func TestForgedEvents(t *testing.T) {
	g := New(Config{Key: "sk_test_123", WebhookSecret: secret})
	body := event("checkout.session.completed", `{"id":"cs_1","payment_status":"paid"}`)
	good := header(body, secret, now)
	old := header(body, secret, now.Add(-6*time.Minute))
	sign := func(body string) (string, string) { return body, header(body, secret, now) }
	type forged struct{ what, body, header, reason string }
	cases := []forged{
		{"no signature", body, "", pay.Unsigned},
		{"another secret", body, header(body, "whsec_other", now), pay.WrongKey},
		{"an altered body", strings.Replace(body, "paid", "PAID", 1), good, pay.WrongKey},
		{"no version", body, fmt.Sprintf("t=%d", now.Unix()), pay.WrongKey},
		{"an old version alone", body, strings.Replace(good, "v1=", "v0=", 1), pay.WrongKey},
		{"nonsense", body, "nonsense", pay.WrongKey},
		{"an old signature", body, old, pay.WrongTime},
		{"a signature of the future", body, header(body, secret, now.Add(6*time.Minute)), pay.WrongTime},
		// The library would check the last time, and ours the first.
		{"an old signature with a new time before it", body, fmt.Sprintf("t=%d,%s", now.Unix(), old), pay.WrongTime},
		{"an old signature with a new time after it", body, fmt.Sprintf("%s,t=%d", old, now.Unix()), pay.WrongKey},
	}
	for what, text := range map[string]string{"not JSON": "{", "a list": "[]", "a thin event": `{"id":"evt_1","object":"v2.core.event","type":"x"}`, "no ID": `{"object":"event","type":"x"}`} {
		b, h := sign(text)
		cases = append(cases, forged{what, b, h, pay.Unreadable})
	}
	for _, c := range cases {
		_, err := g.ParseEvent([]byte(c.body), c.header, now)
		var f *pay.Forged
		if !errors.As(err, &f) || f.Reason != c.reason {
			t.Errorf("%s: %v, want %q", c.what, err, c.reason)
		}
	}
	for _, at := range []time.Duration{-5 * time.Minute, 0, 5 * time.Minute} {
		if _, err := g.ParseEvent([]byte(body), header(body, secret, now.Add(at)), now); err != nil {
			t.Errorf("signed %v from now: %v", at, err)
		}
	}
	// While a secret is being replaced, Stripe signs with both.
	two := good + "," + strings.TrimPrefix(header(body, "whsec_new", now), fmt.Sprintf("t=%d,", now.Unix()))
	for _, s := range []string{secret, "whsec_new"} {
		if _, err := New(Config{WebhookSecret: s}).ParseEvent([]byte(body), two, now); err != nil {
			t.Errorf("two signatures, secret %s: %v", s, err)
		}
	}
	// Without a secret nobody is believed, not even who signs with none.
	if _, err := New(Config{}).ParseEvent([]byte(body), header(body, "", now), now); err == nil {
		t.Error("an empty secret is believed")
	}
}

func TestTakes(t *testing.T) {
	g := New(Config{})
	for currency, want := range map[string]bool{"USD": true, "JPY": true, "SGD": true, "KWD": false, "ISK": false, "XXX": false, "": false} {
		if g.Takes(currency) != want {
			t.Errorf("takes %q: %t", currency, !want)
		}
	}
}

// FuzzParseEvent reads any body, signed and not, under any header: it never
// takes what is not signed, and never breaks.
func FuzzParseEvent(f *testing.F) {
	g := New(Config{Key: "sk_test_123", WebhookSecret: secret})
	f.Add([]byte(`{"id":"evt_1","object":"event","type":"refund.failed","created":1,"data":{"object":{"id":"re_1","amount":1,"currency":"usd","metadata":{"demarc_order":"1"}}}}`), "t=1,v1=00")
	f.Add([]byte(`{"id":"evt_1","object":"event","type":"checkout.session.completed","created":-9223372036854775808,"data":{"object":{"amount_total":-1,"currency":"zzz"}}}`), "")
	f.Add([]byte("\xff"), "t=99999999999999999999,t=1,v1=")
	f.Fuzz(func(t *testing.T, body []byte, claimed string) {
		if e, err := g.ParseEvent(body, claimed, now); err == nil {
			t.Errorf("an event that nobody signed: %+v", e)
		}
		_, _ = g.ParseEvent(body, header(string(body), secret, now), now)
	})
}

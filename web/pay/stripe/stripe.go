// Package stripe takes cards through Stripe Checkout. It is the only package
// that imports Stripe's library.
package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v85"

	"demarc/store/money"
	"demarc/store/payment"
	"demarc/web/pay"
)

// tolerance is how far the time of a signature may be from ours, both ways.
const tolerance = 5 * time.Minute

// callLimit bounds one call, retries of the library included.
const callLimit = 20 * time.Second

// Config says how to reach Stripe. Both secrets come from Stripe's dashboard.
type Config struct {
	Key           string // secret API key
	WebhookSecret string // of the endpoint that Stripe sends events to
	URL           string // of the API; Stripe's own when empty
}

// Gateway is Stripe.
type Gateway struct {
	client *sdk.Client
	secret string
}

var _ pay.Gateway = (*Gateway)(nil)

// New returns Stripe. Nothing is asked of it yet.
func New(c Config) *Gateway {
	backend := &sdk.BackendConfig{
		HTTPClient: &http.Client{Timeout: callLimit, CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the gateway led elsewhere") // Stripe's API does not; whoever does would get what we send
		}},
		LeveledLogger:     &sdk.LeveledLogger{Level: sdk.LevelNull}, // we log, once, without bodies
		MaxNetworkRetries: sdk.Int64(1),                             // the worker tries again, with the same keys
		EnableTelemetry:   sdk.Bool(false),
	}
	if c.URL != "" {
		backend.URL = sdk.String(c.URL)
	}
	return &Gateway{client: sdk.NewClient(c.Key, sdk.WithBackends(sdk.NewBackendsWithConfig(backend))), secret: c.WebhookSecret}
}

// Name implements pay.Gateway.
func (g *Gateway) Name() string { return "Stripe" }

// differs are currencies whose smallest unit at Stripe is not that of ISO 4217
// (docs.stripe.com/currencies). Those with three decimals are left out too:
// Stripe takes them in tens only.
var differs = map[string]bool{"ISK": true, "UGX": true, "MGA": true}

// Takes implements pay.Gateway.
func (g *Gateway) Takes(currency string) bool {
	n, ok := money.Decimals(currency)
	return ok && n <= 2 && !differs[currency]
}

const (
	metaOrder   = "demarc_order"
	metaPayment = "demarc_payment"
)

// isPage reports whether the browser can be sent to the address by itself: a page
// with https, or of this machine, where something stands in for Stripe.
func isPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && net.ParseIP(u.Hostname()).IsLoopback())
}

// Checkout implements pay.Gateway.
func (g *Gateway) Checkout(ctx context.Context, c payment.Checkout) (payment.Session, error) {
	if !g.Takes(c.Amount.Currency) || c.Amount.Minor <= 0 {
		return payment.Session{}, fmt.Errorf("%w: an amount of %s", pay.ErrRefused, c.Amount)
	}
	meta := map[string]string{metaOrder: c.OrderNo, metaPayment: c.PaymentID}
	p := &sdk.CheckoutSessionCreateParams{
		Mode:               sdk.String("payment"),
		PaymentMethodTypes: []*string{sdk.String("card")},
		ClientReferenceID:  sdk.String(c.OrderNo),
		SuccessURL:         sdk.String(c.ReturnURL),
		CancelURL:          sdk.String(c.BackURL),
		ExpiresAt:          sdk.Int64(c.ExpiresAt.Unix()),
		LineItems: []*sdk.CheckoutSessionCreateLineItemParams{{
			Quantity: sdk.Int64(1),
			PriceData: &sdk.CheckoutSessionCreateLineItemPriceDataParams{
				Currency:    sdk.String(strings.ToLower(c.Amount.Currency)),
				UnitAmount:  sdk.Int64(c.Amount.Minor),
				ProductData: &sdk.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: sdk.String(c.What)},
			},
		}},
		PaymentIntentData: &sdk.CheckoutSessionCreatePaymentIntentDataParams{Metadata: meta, Description: sdk.String(c.What)},
	}
	p.Metadata = meta
	p.SetIdempotencyKey(c.Key)
	s, err := g.client.V1CheckoutSessions.Create(ctx, p)
	if err != nil {
		return payment.Session{}, problem("checkout", err)
	}
	if !isPage(s.URL) {
		return payment.Session{}, fmt.Errorf("%w: checkout %s has no page", pay.ErrRefused, s.ID)
	}
	return payment.Session{ID: s.ID, URL: s.URL, ExpiresAt: time.Unix(s.ExpiresAt, 0).UTC()}, nil
}

// Close implements pay.Gateway.
func (g *Gateway) Close(ctx context.Context, id string) error {
	_, err := g.client.V1CheckoutSessions.Expire(ctx, id, nil)
	var se *sdk.Error
	if errors.As(err, &se) && se.Type == sdk.ErrorTypeInvalidRequest && se.HTTPStatusCode == http.StatusBadRequest {
		return nil // it is complete or expired: Stripe ends open ones only
	}
	return problem("close", err)
}

// Look implements pay.Gateway.
func (g *Gateway) Look(ctx context.Context, id string) (payment.Event, error) {
	s, err := g.client.V1CheckoutSessions.Retrieve(ctx, id, nil)
	if err != nil {
		return payment.Event{}, problem("look", err)
	}
	e := payment.Event{Type: "look", SessionID: s.ID, OrderNo: s.ClientReferenceID, PaymentID: s.Metadata[metaPayment], Amount: amount(s.AmountTotal, string(s.Currency))}
	if s.PaymentIntent != nil {
		e.IntentID = s.PaymentIntent.ID
	}
	switch {
	case s.PaymentStatus == sdk.CheckoutSessionPaymentStatusPaid:
		e.Notice = payment.Paid
	case s.Status == sdk.CheckoutSessionStatusExpired:
		e.Notice = payment.Closed
	}
	e.ID = "look:" + s.ID + ":" + string(e.Notice)
	return e, nil
}

// Refund implements pay.Gateway.
func (g *Gateway) Refund(ctx context.Context, r payment.Refund) (payment.Event, error) {
	if r.RefundID != "" {
		f, err := g.client.V1Refunds.Retrieve(ctx, r.RefundID, nil)
		if err != nil {
			return payment.Event{}, problem("refund", err)
		}
		return refundEvent(r, f), nil
	}
	p := &sdk.RefundCreateParams{PaymentIntent: sdk.String(r.IntentID), Metadata: map[string]string{metaOrder: r.OrderNo, metaPayment: r.PaymentID}}
	p.SetIdempotencyKey(r.Key)
	f, err := g.client.V1Refunds.Create(ctx, p)
	var se *sdk.Error
	if errors.As(err, &se) && se.Code == sdk.ErrorCodeChargeAlreadyRefunded {
		return payment.Event{ID: "refunded:" + r.IntentID, Type: "refund", Notice: payment.RefundDone, PaymentID: r.PaymentID, OrderNo: r.OrderNo, IntentID: r.IntentID, Amount: r.Amount}, nil
	}
	if err != nil {
		return payment.Event{}, problem("refund", err)
	}
	return refundEvent(r, f), nil
}

func refundEvent(r payment.Refund, f *sdk.Refund) payment.Event {
	e := payment.Event{Type: "refund", Notice: refundNotice(string(f.Status)), PaymentID: r.PaymentID, OrderNo: r.OrderNo, IntentID: r.IntentID, RefundID: f.ID,
		Amount: amount(f.Amount, string(f.Currency)), Reason: string(f.FailureReason)}
	e.ID = "refund:" + f.ID + ":" + string(e.Notice)
	return e
}

func refundNotice(status string) payment.Notice {
	switch status {
	case "succeeded":
		return payment.RefundDone
	case "failed", "canceled":
		return payment.RefundFailed
	}
	return "" // pending: an event follows
}

// object is what we read of the objects of Stripe's events; they share these
// names. The library's own types would tie us to one version of Stripe's API,
// and the endpoint's version is chosen in Stripe's dashboard.
type object struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	Metadata          map[string]string `json:"metadata"`
	ClientReferenceID string            `json:"client_reference_id"`
	PaymentIntent     string            `json:"payment_intent"`
	PaymentStatus     string            `json:"payment_status"`
	Status            string            `json:"status"`
	Amount            int64             `json:"amount"`
	AmountTotal       int64             `json:"amount_total"`
	Currency          string            `json:"currency"`
	FailureReason     string            `json:"failure_reason"`
	Reason            string            `json:"reason"`
	LastPaymentError  struct {
		Code        string `json:"code"`
		DeclineCode string `json:"decline_code"`
	} `json:"last_payment_error"`
}

// ParseEvent implements pay.Gateway.
func (g *Gateway) ParseEvent(body []byte, signature string, now time.Time) (payment.Event, error) {
	if signature == "" {
		return payment.Event{}, &pay.Forged{Reason: pay.Unsigned}
	}
	// The time is compared with the given clock; the library would take the
	// machine's, and lets times in the future pass.
	if err := sdk.ValidatePayload(body, signature, g.secret, sdk.WithIgnoreTolerance()); err != nil || g.secret == "" {
		return payment.Event{}, &pay.Forged{Reason: pay.WrongKey}
	}
	if signed, ok := signedAt(signature); !ok || now.Sub(signed) > tolerance || signed.Sub(now) > tolerance {
		return payment.Event{}, &pay.Forged{Reason: pay.WrongTime}
	}
	var in struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Type    string `json:"type"`
		Created int64  `json:"created"`
		Data    struct {
			Object object `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Object != "event" || in.ID == "" || in.Type == "" {
		return payment.Event{}, &pay.Forged{Reason: pay.Unreadable}
	}
	o := in.Data.Object
	e := payment.Event{ID: in.ID, Type: in.Type, At: time.Unix(in.Created, 0).UTC(), OrderNo: o.Metadata[metaOrder], PaymentID: o.Metadata[metaPayment], IntentID: o.PaymentIntent}
	switch in.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		e.SessionID, e.Amount = o.ID, amount(o.AmountTotal, o.Currency)
		if o.PaymentStatus == "paid" { // otherwise the money is still on its way, and an event follows
			e.Notice = payment.Paid
		}
	case "checkout.session.expired", "checkout.session.async_payment_failed":
		e.SessionID, e.Amount, e.Notice = o.ID, amount(o.AmountTotal, o.Currency), payment.Closed
	case "payment_intent.payment_failed":
		e.IntentID, e.Amount, e.Notice = o.ID, amount(o.Amount, o.Currency), payment.Declined
		if e.Reason = o.LastPaymentError.DeclineCode; e.Reason == "" {
			e.Reason = o.LastPaymentError.Code
		}
	case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
		e.RefundID, e.Amount, e.Reason, e.Notice = o.ID, amount(o.Amount, o.Currency), o.FailureReason, refundNotice(o.Status)
	case "charge.dispute.created":
		e.Amount, e.Reason, e.Notice = amount(o.Amount, o.Currency), o.Reason, payment.Disputed
	}
	return e, nil
}

// signedAt is the time in a signature's header, "t=1495999758,v1=…". The time
// is part of what is signed; a header with two times could have another one
// checked than the one that was signed, and has none.
func signedAt(header string) (at time.Time, ok bool) {
	for part := range strings.SplitSeq(header, ",") {
		v, is := strings.CutPrefix(part, "t=")
		if !is {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || ok {
			return time.Time{}, false
		}
		at, ok = time.Unix(n, 0), true
	}
	return at, ok
}

func amount(minor int64, currency string) money.Amount {
	return money.Amount{Minor: minor, Currency: strings.ToUpper(currency)}
}

// problem wraps an error of Stripe's without anything that it quotes of the
// request.
func problem(what string, err error) error {
	if err == nil {
		return nil
	}
	var se *sdk.Error
	if !errors.As(err, &se) {
		return fmt.Errorf("stripe: %s: %w", what, err)
	}
	words := fmt.Sprintf("stripe: %s: status %d, type %s, code %s, request %s", what, se.HTTPStatusCode, se.Type, se.Code, se.RequestID)
	if se.HTTPStatusCode >= 400 && se.HTTPStatusCode < 500 && se.HTTPStatusCode != http.StatusConflict && se.HTTPStatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("%s: %w", words, pay.ErrRefused)
	}
	return errors.New(words)
}

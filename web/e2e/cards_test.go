package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/store/payment"
	"demarc/web/paths"
	"demarc/web/pay/stripe/stripetest"
)

// startWithCards starts the demo with a small Stripe behind it.
func startWithCards(t *testing.T) (*Program, *stripetest.Server) {
	t.Helper()
	gateway := stripetest.New()
	t.Cleanup(gateway.Close)
	p := startDemo(t)
	p.Stop()
	p.env = append(p.env, "DEMARC_STRIPE_KEY="+stripetest.Key, "DEMARC_STRIPE_WEBHOOK_SECRET="+stripetest.Secret, "DEMARC_STRIPE_URL="+gateway.URL)
	p.Restart()
	gateway.SendTo(p.URL)
	return p, gateway
}

// unpaidOrder is the number of Northwind's unpaid order.
func unpaidOrder(t *testing.T, p *Program) (no string) {
	t.Helper()
	p.quietly(func() {
		db := openData(t, p)
		defer db.Close()
		orders, err := db.Orders(context.Background(), ownerOf(t, db, northwind).AccountID, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders.Items {
			if o.State == store.OrderUnpaid {
				no = o.No
			}
		}
	})
	if no == "" {
		t.Fatal("the demo has no unpaid order")
	}
	return no
}

// A customer has a card declined, leaves the card page, comes back, pays, and
// lands where the application goes on.
func TestCardInTheBrowser(t *testing.T) {
	t.Parallel()
	p, gateway := startWithCards(t)
	no := unpaidOrder(t, p)
	gateway.SendTo(p.URL)
	tab := signIn(t, p, northwind)
	tab.Goto(paths.Order(no))
	tab.SeeHeading("Confirm order")
	tab.Choose("Card")
	tab.AccessibleInBothThemes("order with methods of payment")
	tab.Click("Pay $1,500.00")
	tab.SeeHeading("Checkout")
	tab.Click("Pay with the bad card")
	tab.See("Your card was declined.")
	tab.Click("Go back")
	tab.SeeHeading("Confirm order")
	tab.See("The card was declined. Nothing was charged.")
	tab.AccessibleInBothThemes("order after a declined card")
	tab.Click("Continue to the card page")
	tab.SeeHeading("Checkout")
	tab.Back()
	tab.SeeHeading("Confirm order") // not thrown forward again

	// The webhook is late: the page waits, and goes on by itself.
	gateway.SendTo("")
	tab.Choose("Card")
	tab.Click("Pay $1,500.00")
	tab.SeeHeading("Checkout")
	tab.Click("Pay with the good card")
	tab.See("Waiting for the card payment to be confirmed")
	tab.AccessibleInBothThemes("waiting for the card payment")
	gateway.SendTo(p.URL)
	for _, status := range gateway.SendAll() {
		if status != http.StatusOK {
			t.Errorf("a webhook was answered with %d", status)
		}
	}
	tab.SeeHeading("Payment received")
	tab.Goto(paths.Order(no))
	tab.See("Card")
	if all, kept := gateway.Charges(no); all != 1 || kept != 1 {
		t.Errorf("%d charges, %d kept", all, kept)
	}
	if got := tab.ConsoleErrors(); len(got) > 0 {
		t.Errorf("console: %q", got)
	}

	money := signIn(t, p, finance)
	money.Goto(paths.AdminPayments)
	money.SeeIn(no, "Succeeded")
	money.ClickIn(no, "View")
	money.See("The order is paid")
	money.See("A card was declined")
	money.AccessibleInBothThemes("one card payment")
}

// TestKillDuringCardPayment kills the program between every two steps of a card
// payment. After a restart, the customer trying again and Stripe saying again
// what happened, the order is paid and one charge is kept, or none of an order
// that cannot be paid any more.
func TestKillDuringCardPayment(t *testing.T) {
	p, gateway := startWithCards(t)
	type line struct{ no, id string }
	var lines []line
	p.quietly(func() {
		db := openData(t, p)
		defer db.Close()
		ctx := context.Background()
		owner := ownerOf(t, db, northwind)
		office := store.Actor{UserID: "usr-test", Name: "Sun Jia", Role: lifecycle.Administrator, RequestID: "T-1"}
		if err := db.SetQuotas(ctx, office, owner.AccountID, 100, 100, "Tests order a lot"); err != nil {
			t.Fatal(err)
		}
		orders, err := db.Orders(ctx, owner.AccountID, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		var c store.Connection
		for _, o := range orders.Items {
			if o.State == store.OrderUnpaid {
				if c, err = db.Connection(ctx, owner, o.ConnectionID); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 15 {
			no, err := db.PlaceOrder(ctx, owner, store.NewConnection{Region: c.Region, SP: c.SP, AccessPoint: c.AccessPointID, Spec: c.Spec, PortType: c.PortType, Redundant: store.NotRedundant, Terms: true})
			if err != nil {
				t.Fatal(err, store.FieldsOf(err))
			}
			o, err := db.Order(ctx, owner, no)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line{no, o.ConnectionID})
		}
	})
	gateway.SendTo(p.URL)
	cancel := func(c *http.Client, l line) {
		t.Helper()
		resp, err := c.PostForm(p.URL+paths.Cancellation(l.id), url.Values{"confirm": {"on"}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusSeeOther {
			t.Fatalf("canceling: %d", resp.StatusCode)
		}
	}
	begin := func(c *http.Client, no string) error {
		resp, err := c.PostForm(p.URL+paths.OrderPayment(no), url.Values{"method": {"card"}})
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusSeeOther {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	}
	// killAt ends the program when the gateway does something.
	// It does so while the gateway answers: a restart waits until that is over.
	var killed chan struct{}
	killAt := func(what string, done bool) {
		over, fired := make(chan struct{}), false
		killed = over
		gateway.OnStep(func(w string, d bool) {
			if !fired && w == what && d == done {
				fired = true
				p.Kill9()
				close(over)
			}
		})
	}
	restart := func() *http.Client {
		if killed != nil {
			<-killed
			killed = nil
		}
		gateway.OnStep(nil)
		p.Restart()
		gateway.SendTo(p.URL)
		return client(t, p, northwind)
	}
	pay := func(no string) {
		t.Helper()
		for _, page := range gateway.Open(no) {
			gateway.Pay(page)
		}
	}
	c := client(t, p, northwind)
	cases := []struct {
		name string
		run  func(l line)
		none bool // the order cannot be paid in the end: nothing is kept
	}{
		{"before the gateway knows", func(l line) {
			no := l.no
			killAt("checkout", false)
			begin(c, no)
			c = restart()
		}, false},
		{"after the gateway made the page", func(l line) {
			no := l.no
			killAt("checkout", true)
			begin(c, no)
			c = restart()
		}, false},
		{"after the page is known", func(l line) {
			no := l.no
			begin(c, no)
			p.Kill9()
			c = restart()
		}, false},
		{"after the card was charged, before the webhook", func(l line) {
			no := l.no
			begin(c, no)
			gateway.SendTo("")
			pay(no)
			p.Kill9()
			c = restart()
		}, false},
		{"after the webhook was answered", func(l line) {
			no := l.no
			begin(c, no)
			pay(no)
			p.Kill9()
			c = restart()
		}, false},
		{"before the refund", func(l line) {
			no := l.no
			begin(c, no)
			gateway.SendTo("")
			pay(no)
			cancel(c, l)
			killAt("refund", false)
			gateway.SendTo(p.URL)
			gateway.SendAll()
			<-p.exited
			c = restart()
		}, true},
		{"after the refund, before it is known", func(l line) {
			no := l.no
			begin(c, no)
			gateway.SendTo("")
			pay(no)
			cancel(c, l)
			killAt("refund", true)
			gateway.SendTo(p.URL)
			gateway.SendAll()
			<-p.exited
			c = restart()
		}, true},
	}
	// While a webhook is worked on, at moments that differ.
	for i := range 8 {
		cases = append(cases, struct {
			name string
			run  func(l line)
			none bool
		}{fmt.Sprintf("during the webhook, %d", i), func(l line) {
			no := l.no
			begin(c, no)
			dead := make(chan struct{})
			go func() {
				defer close(dead)
				<-time.After(time.Duration(i) * 700 * time.Microsecond)
				p.Kill9()
			}()
			pay(no)
			<-dead
			c = restart()
		}, false})
	}
	type end struct {
		name, no string
		none     bool
	}
	var ends []end
	for i, k := range cases {
		no := lines[i].no
		k.run(lines[i])
		// The customer tries again, as far as there is anything to pay, and
		// pays on whatever page is open.
		gateway.SendAll()
		if !k.none {
			_ = begin(c, no) // refused when it is paid
			pay(no)
			gateway.SendAll()
		}
		ends = append(ends, end{k.name, no, k.none})
	}
	// Refunds are asked for by the program when it has time.
	for deadline, tick := time.After(2*patience), time.Tick(20*time.Millisecond); ; {
		left := 0
		for _, e := range ends {
			if _, kept := gateway.Charges(e.no); e.none && kept > 0 {
				left++
			}
		}
		if left == 0 {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("%d refunds were not asked for", left)
		case <-tick:
		}
	}
	p.Stop()
	db := openData(t, p)
	defer db.Close()
	ctx := context.Background()
	for _, e := range ends {
		o, err := db.Order(ctx, ownerOf(t, db, northwind), e.no)
		if err != nil {
			t.Fatal(err)
		}
		_, kept := gateway.Charges(e.no)
		want, state := 1, store.OrderPaid
		if e.none {
			want, state = 0, store.OrderCanceled
		}
		if o.State != state || kept != want {
			t.Errorf("killed %s: the order is %s, %d charges are kept", e.name, o.State, kept)
		}
		if last, err := db.LastPayment(ctx, e.no); err != nil || last == nil || (last.State != payment.Succeeded && last.State != payment.Refunded) {
			t.Errorf("killed %s: payment %+v, %v", e.name, last, err)
		}
	}
	problems, err := db.CheckLedger(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p.What)
	}
	stages, err := db.CheckStages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		t.Error(s)
	}
}

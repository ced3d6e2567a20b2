package e2e

import (
	"context"
	"testing"

	"demarc/store"
	"demarc/store/payment"
	"demarc/web/paths"
)

// The pages about card payments, with a payment in each state that a page
// shows. No gateway is needed to look at them.
func init() {
	moreVisits = append(moreVisits, func(s *site) map[string][]visit {
		t := s.t.(*testing.T)
		var waiting, back store.Payment
		s.quietly(func() {
			db := openData(t, s.Program)
			defer db.Close()
			ctx := context.Background()
			must := func(err error) {
				if err != nil {
					t.Fatal(err)
				}
			}
			owner := ownerOf(t, db, northwind)
			begin := func(no string) store.Payment {
				p, err := db.StartCardPayment(ctx, owner, no)
				must(err)
				p, err = db.CardPageReady(ctx, p.ID, payment.Session{ID: "cs_" + p.ID, URL: "https://pay.example/" + p.ID, ExpiresAt: p.ExpiresAt})
				must(err)
				return p
			}
			waiting = begin(s.unpaid)
			c := s.line["hz-dc2-trial"]
			// An order that is paid from the balance while its card page is open.
			in := store.NewConnection{Region: c.Region, SP: c.SP, AccessPoint: c.AccessPointID, Spec: c.Spec, PortType: c.PortType, Redundant: store.NotRedundant, Name: "card-goes-back", Terms: true}
			no, err := db.PlaceOrder(ctx, owner, in)
			must(err)
			back = begin(no)
			must(db.PayOrder(ctx, owner, no, store.MethodBalance))
			_, err = db.HearGateway(ctx, payment.Event{ID: "evt_" + back.ID, Type: "checkout.session.completed", Notice: payment.Paid, PaymentID: back.ID, SessionID: back.SessionID, IntentID: "pi_" + back.ID, Amount: back.Amount})
			must(err)
			must(db.CountWebhookRefusals(ctx, map[string]int{"wrong signature": 12, "signed too long ago, or in the future": 1}))
		})
		return map[string][]visit{
			"paths.AdminPayments":       {{who: finance, path: paths.AdminPayments}, {who: admin, path: paths.AdminPayments + "?state=failed", state: "no match"}},
			`paths.AdminPayment(":id")`: {{who: finance, path: paths.AdminPayment(back.ID), state: "refund"}, {who: admin, path: paths.AdminPayment(waiting.ID), state: "waiting"}},
			`paths.OrderPayment(":no")`: {{who: northwind, path: paths.OrderPayment(waiting.OrderNo)}, {who: northwind, path: paths.Order(waiting.OrderNo) + "?card=back", state: "back from the card page"}, {who: northwind, path: paths.Order(back.OrderNo), state: "card goes back"}},
		}
	})
}

package lifecycle

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// allowed is the table of the product's domain, written a second time by hand:
// "from action role -> to". Everything that is not here must be refused.
var allowed = map[string]Stage{
	" order customer": PendingPayment,
	"pending_payment pay_installation_fee customer": ToApplyForLOA,
	"pending_payment cancel customer":               Canceled,
	"pending_payment close_unpaid_order system":     Canceled,
	"pending_payment edit customer":                 PendingPayment,

	"to_apply_for_loa apply_for_loa customer":  InApplication,
	"to_apply_for_loa cancel customer":         Canceled,
	"to_apply_for_loa edit customer":           ToApplyForLOA,
	"to_apply_for_loa move_port reviewer":      ToApplyForLOA,
	"to_apply_for_loa move_port administrator": ToApplyForLOA,

	"in_application withdraw_application customer": ToApplyForLOA,
	"in_application approve reviewer":              ApprovedLOA,
	"in_application approve administrator":         ApprovedLOA,
	"in_application reject reviewer":               LOARejected,
	"in_application reject administrator":          LOARejected,
	"in_application move_port reviewer":            InApplication,
	"in_application move_port administrator":       InApplication,
	"in_application cancel customer":               Canceled,
	"in_application edit customer":                 InApplication,

	"loa_rejected apply_for_loa customer":  InApplication,
	"loa_rejected cancel customer":         Canceled,
	"loa_rejected edit customer":           LOARejected,
	"loa_rejected move_port reviewer":      LOARejected,
	"loa_rejected move_port administrator": LOARejected,

	"approved_loa report_delivery customer": WaitingForCabling,
	"approved_loa expire_loa system":        ToApplyForLOA,
	"approved_loa revoke_loa reviewer":      ToApplyForLOA,
	"approved_loa revoke_loa administrator": ToApplyForLOA,
	"approved_loa cancel customer":          Canceled,
	"approved_loa edit customer":            ApprovedLOA,

	"waiting_for_cabling return_report technician":       ApprovedLOA,
	"waiting_for_cabling return_report administrator":    ApprovedLOA,
	"waiting_for_cabling complete_cabling technician":    WaitingForPayment,
	"waiting_for_cabling complete_cabling administrator": WaitingForPayment,
	"waiting_for_cabling cancel customer":                Canceled,
	"waiting_for_cabling edit customer":                  WaitingForCabling,

	"waiting_for_payment pay_resource_fee customer": Enabled,
	"waiting_for_payment cancel customer":           Canceled,
	"waiting_for_payment edit customer":             WaitingForPayment,

	"enabled terminate customer":  Terminating,
	"enabled renew customer":      Enabled,
	"enabled renew system":        Enabled, // Auto Renew, which the customer switched on
	"enabled auto_renew customer": Enabled,
	"enabled free finance":        Terminating,
	"enabled free administrator":  Terminating,
	"enabled edit customer":       Enabled,

	"terminating complete_termination technician":    Terminated,
	"terminating complete_termination administrator": Terminated,
	"terminating edit customer":                      Terminating,

	"canceled confirm_removal technician":    Canceled,
	"canceled confirm_removal administrator": Canceled,
}

func TestEveryTriple(t *testing.T) {
	stages := append([]Stage{None}, Stages()...)
	seen := 0
	for _, from := range stages {
		for _, action := range Actions() {
			for _, role := range Roles() {
				key := string(from) + " " + string(action) + " " + string(role)
				want, ok := allowed[key]
				got, err := Next(from, action, role)
				if ok {
					seen++
					if err != nil || got != want {
						t.Errorf("%s: got %q, %v; want %q", key, got, err, want)
					}
				} else {
					if err == nil {
						t.Errorf("%s: leads to %q, must be refused", key, got)
					}
					if got != from {
						t.Errorf("%s: refused, but the stage became %q", key, got)
					}
				}
				if Can(from, action, role) != ok || slices.Contains(Allowed(from, role), action) != ok {
					t.Errorf("%s: Can, Allowed and Next disagree", key)
				}
			}
		}
	}
	if seen != len(allowed) {
		t.Errorf("%d of %d allowed triples were met: the list names something that does not exist", seen, len(allowed))
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	for _, tc := range []struct {
		from   Stage
		action Action
		role   Role
		want   error
	}{
		{InApplication, Approve, Customer, ErrNotYours},
		{InApplication, Approve, Technician, ErrNotYours},
		{ApprovedLOA, Approve, Reviewer, ErrNotNow},
		{WaitingForCabling, PayResourceFee, Customer, ErrNotNow}, // the fee cannot be taken before cabling is complete
		{Enabled, Cancel, Customer, ErrNotNow},
		{Terminated, Order, Customer, ErrNotNow},
		{PendingPayment, Action("set_stage"), Administrator, ErrNotNow},
	} {
		if _, err := Next(tc.from, tc.action, tc.role); !errors.Is(err, tc.want) {
			t.Errorf("%s %s %s: %v, want %v", tc.from, tc.action, tc.role, err, tc.want)
		}
	}
}

func TestLabelsAreTheSourcesWords(t *testing.T) {
	want := map[Stage]string{ToApplyForLOA: "To Apply for LOA", InApplication: "In Application", ApprovedLOA: "Approved LOA",
		WaitingForCabling: "Waiting", WaitingForPayment: "Waiting", Enabled: "Enabled"}
	for s, label := range want {
		if s.Label() != label {
			t.Errorf("%s is labelled %q, want %q", s, s.Label(), label)
		}
	}
	for _, s := range Stages() {
		if s.Label() == "" || s.Turn() == "" {
			t.Errorf("%s has no label or no turn", s)
		}
		if status, _ := s.API(); status == "" {
			t.Errorf("%s has no API status", s)
		}
		if s.Ended() != (s.Turn() == TurnClosed) || (s.Step() == 0) != s.Ended() || s.Step() > Steps {
			t.Errorf("%s: ended, turn and step disagree", s)
		}
		if (s.Actor() != "") != (s.Turn() == TurnStaff) {
			t.Errorf("%s: staff's turn without a staff role, or the other way round", s)
		}
	}
	for _, a := range Actions() {
		if a.EventLabel() == string(a) {
			t.Errorf("%s has no words for the timeline", a)
		}
	}
	for _, r := range Roles() {
		if r.Label() == string(r) {
			t.Errorf("%s has no label", r)
		}
	}
}

func TestNoWayOutOfTheEnd(t *testing.T) {
	for _, r := range Rules() {
		if r.From.Ended() && r.To != r.From {
			t.Errorf("%s leads from %s to %s", r.Action, r.From, r.To)
		}
		if r.From != None && r.To == None {
			t.Errorf("%s leads to nowhere", r.Action)
		}
	}
}

func TestStaffNeverActForTheCustomer(t *testing.T) {
	for _, r := range Rules() {
		if slices.Contains(r.Who, Customer) && slices.ContainsFunc(r.Who, Role.IsStaff) {
			t.Errorf("%s from %s is for the customer and for %v", r.Action, r.From, r.Who)
		}
	}
}

func TestEveryStageIsReached(t *testing.T) {
	reached := map[Stage]bool{None: true}
	for range Stages() {
		for _, r := range Rules() {
			if reached[r.From] {
				reached[r.To] = true
			}
		}
	}
	for _, s := range Stages() {
		if !reached[s] {
			t.Errorf("%s cannot be reached", s)
		}
	}
}

func TestMermaidDrawsEveryMove(t *testing.T) {
	d := Mermaid()
	for _, r := range Rules() {
		line := " --> " + string(r.To) + ": " + string(r.Action) + " "
		if moves := r.From != r.To; moves != strings.Contains(d, string(r.From)+line) {
			t.Errorf("%s from %q: drawn %v", r.Action, r.From, !moves)
		}
	}
}

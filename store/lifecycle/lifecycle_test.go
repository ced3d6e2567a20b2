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
	" order owner":    PendingPayment,
	" order engineer": PendingPayment,
	"pending_payment pay_installation_fee owner":            ToApplyForLOA,
	"pending_payment pay_installation_fee customer_finance": ToApplyForLOA,
	"pending_payment cancel owner":                          Canceled,
	"pending_payment cancel engineer":                       Canceled,
	"pending_payment close_unpaid_order system":             Canceled,
	"pending_payment edit owner":                            PendingPayment,
	"pending_payment edit engineer":                         PendingPayment,

	"to_apply_for_loa apply_for_loa owner":     InApplication,
	"to_apply_for_loa apply_for_loa engineer":  InApplication,
	"to_apply_for_loa cancel owner":            Canceled,
	"to_apply_for_loa edit owner":              ToApplyForLOA,
	"to_apply_for_loa edit engineer":           ToApplyForLOA,
	"to_apply_for_loa renew_loa reviewer":      ApprovedLOA,
	"to_apply_for_loa renew_loa administrator": ApprovedLOA,
	"to_apply_for_loa move_port reviewer":      ToApplyForLOA,
	"to_apply_for_loa move_port administrator": ToApplyForLOA,

	"in_application withdraw_application owner":    ToApplyForLOA,
	"in_application withdraw_application engineer": ToApplyForLOA,
	"in_application approve reviewer":              ApprovedLOA,
	"in_application approve administrator":         ApprovedLOA,
	"in_application reject reviewer":               LOARejected,
	"in_application reject administrator":          LOARejected,
	"in_application move_port reviewer":            InApplication,
	"in_application move_port administrator":       InApplication,
	"in_application cancel owner":                  Canceled,
	"in_application edit owner":                    InApplication,
	"in_application edit engineer":                 InApplication,

	"loa_rejected apply_for_loa owner":     InApplication,
	"loa_rejected apply_for_loa engineer":  InApplication,
	"loa_rejected cancel owner":            Canceled,
	"loa_rejected edit owner":              LOARejected,
	"loa_rejected edit engineer":           LOARejected,
	"loa_rejected move_port reviewer":      LOARejected,
	"loa_rejected move_port administrator": LOARejected,

	"approved_loa report_delivery owner":     WaitingForCabling,
	"approved_loa report_delivery engineer":  WaitingForCabling,
	"approved_loa expire_loa system":         ToApplyForLOA,
	"approved_loa revoke_loa reviewer":       ToApplyForLOA,
	"approved_loa revoke_loa administrator":  ToApplyForLOA,
	"approved_loa cancel owner":              Canceled,
	"approved_loa edit owner":                ApprovedLOA,
	"approved_loa edit engineer":             ApprovedLOA,
	"approved_loa reissue_loa reviewer":      ApprovedLOA,
	"approved_loa reissue_loa administrator": ApprovedLOA,

	"waiting_for_cabling return_report technician":       ApprovedLOA,
	"waiting_for_cabling return_report administrator":    ApprovedLOA,
	"waiting_for_cabling complete_cabling technician":    WaitingForPayment,
	"waiting_for_cabling complete_cabling administrator": WaitingForPayment,
	"waiting_for_cabling cancel owner":                   Canceled,
	"waiting_for_cabling edit owner":                     WaitingForCabling,
	"waiting_for_cabling edit engineer":                  WaitingForCabling,

	"waiting_for_payment pay_resource_fee owner":            Enabled,
	"waiting_for_payment pay_resource_fee customer_finance": Enabled,
	"waiting_for_payment cancel owner":                      Canceled,
	"waiting_for_payment edit owner":                        WaitingForPayment,
	"waiting_for_payment edit engineer":                     WaitingForPayment,

	"enabled terminate owner":             Terminating,
	"enabled renew owner":                 Enabled,
	"enabled renew customer_finance":      Enabled,
	"enabled renew system":                Enabled, // Auto Renew, which the customer switched on
	"enabled auto_renew owner":            Enabled,
	"enabled auto_renew customer_finance": Enabled,
	"enabled free finance":                Terminating,
	"enabled free administrator":          Terminating,
	"enabled edit owner":                  Enabled,
	"enabled edit engineer":               Enabled,

	"terminating complete_termination technician":    Terminated,
	"terminating complete_termination administrator": Terminated,
	"terminating edit owner":                         Terminating,
	"terminating edit engineer":                      Terminating,

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
		{InApplication, Approve, Owner, ErrNotYours},
		{InApplication, Approve, Technician, ErrNotYours},
		{ApprovedLOA, Approve, Reviewer, ErrNotNow},
		{WaitingForCabling, PayResourceFee, Owner, ErrNotNow}, // the fee cannot be taken before cabling is complete
		{Enabled, Cancel, Owner, ErrNotNow},
		{Terminated, Order, Owner, ErrNotNow},
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
		customers, staff := 0, false
		for _, who := range r.Who {
			if who.IsCustomer() {
				customers++
			}
			staff = staff || who.IsStaff()
		}
		if customers != 0 && staff {
			t.Errorf("%s from %s is for the customer and for %v", r.Action, r.From, r.Who)
		}
		if customers != 0 && r.Who[0] != Owner {
			t.Errorf("%s from %s is for %v and not for the owner", r.Action, r.From, r.Who)
		}
	}
}

// Whoever only reads has no action and no right that writes.
func TestReadersWriteNothing(t *testing.T) {
	for _, role := range []Role{Viewer, Auditor} {
		for _, a := range Actions() {
			if MayDo(a, role) {
				t.Errorf("%s may %s", role, a)
			}
		}
		for _, r := range Rights() {
			if slices.Contains(r.Who, role) && !r.Right.reads() {
				t.Errorf("%s may %s", role, r.Right)
			}
		}
	}
	for _, r := range Rights() {
		if r.Right.reads() && !slices.Contains(r.Who, Auditor) {
			t.Errorf("an auditor reads everything, but may not %s", r.Right)
		}
		if May(r.Right, System) {
			t.Errorf("Demarc itself needs no right to %s", r.Right)
		}
	}
}

// mayHave is the table of rights, written a second time by hand.
var mayHave = map[Role]string{
	Owner:           "request the port whitelist; open tickets and write in them; manage the account's people; read what happened in the account",
	Engineer:        "request the port whitelist; open tickets and write in them",
	CustomerFinance: "open tickets and write in them",
	Viewer:          "",
	Reviewer:        "see tickets; answer tickets; open tickets to customers; see staff notes; write staff notes; see LOA applications and whitelist requests; read ID numbers, for a reason; decide about the port whitelist; set quotas; see an account; look at a customer's console, read-only; see access points, devices and ports; see the audit log",
	Technician:      "see tickets; answer tickets; open tickets to customers; see staff notes; write staff notes; see cabling and removals; see access points, devices and ports; see the audit log",
	Finance:         "see tickets; answer tickets; open tickets to customers; see staff notes; write staff notes; see all accounts; see an account; record transfers; see prices and the ledger; set prices; set the rules about fees; look at a customer's console, read-only; see the audit log",
	Administrator:   "see tickets; answer tickets; open tickets to customers; see staff notes; write staff notes; see staff notes that were taken back; see LOA applications and whitelist requests; read ID numbers, for a reason; decide about the port whitelist; set quotas; see cabling and removals; see all accounts; see an account; open accounts; record transfers; see prices and the ledger; set prices; set the rules about fees; look at a customer's console, read-only; see access points, devices and ports; see the whole inventory; change access points, devices, ports and the inventory; keep the calendars of working days; see the operator's people; manage all people; reset second factors and manage single sign-on; see how mails are delivered; send mails again; export and erase a person's data; see the audit log; see the audit log as a file; see the keys of letters; make new keys for letters",
	Auditor:         "see tickets; see staff notes; see staff notes that were taken back; see LOA applications and whitelist requests; see cabling and removals; see all accounts; see an account; see prices and the ledger; look at a customer's console, read-only; see access points, devices and ports; see the whole inventory; see the operator's people; see how mails are delivered; see the audit log; see the audit log as a file; see the keys of letters",
	System:          "",
}

func TestEveryRight(t *testing.T) {
	for _, role := range Roles() {
		var has []string
		for _, r := range Rights() {
			if May(r.Right, role) {
				has = append(has, string(r.Right))
			}
		}
		if got := strings.Join(has, "; "); got != mayHave[role] {
			t.Errorf("%s may\n%s\nwant\n%s", role, got, mayHave[role])
		}
	}
	if May("set any stage", Administrator) {
		t.Error("a right that does not exist is given")
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

// Of the customer's people those wait who may take the next step; nobody waits
// when it is the turn of staff or of nobody.
func TestAwaits(t *testing.T) {
	engineers, payers := []Role{Owner, Engineer}, []Role{Owner, CustomerFinance}
	want := map[Stage][]Role{PendingPayment: payers, ToApplyForLOA: engineers, LOARejected: engineers, ApprovedLOA: engineers, WaitingForPayment: payers}
	for _, s := range Stages() {
		for _, r := range Roles() {
			if got := s.Awaits(r); got != slices.Contains(want[s], r) {
				t.Errorf("%s awaits %s: %t", s, r, got)
			}
		}
	}
}

// TestWhatAStageMeans: each stage's row of the domain's table and what follows
// from it, written a second time by hand.
func TestWhatAStageMeans(t *testing.T) {
	type row struct {
		step                               int
		staff                              Role
		status, loa                        string
		paid, ended, counts, cable, letter bool
	}
	want := map[Stage]row{
		PendingPayment:    {step: 2, status: "Initial", counts: true},
		ToApplyForLOA:     {step: 3, status: "Allocated", paid: true, counts: true},
		InApplication:     {step: 4, staff: Reviewer, status: "Allocated", loa: "Applying", paid: true, counts: true},
		LOARejected:       {step: 3, status: "Allocated", loa: "Rejected", paid: true, counts: true},
		ApprovedLOA:       {step: 6, status: "Allocated", loa: "Available", paid: true, counts: true, cable: true, letter: true},
		WaitingForCabling: {step: 7, staff: Technician, status: "Allocated", loa: "Completing", paid: true, counts: true, cable: true, letter: true},
		WaitingForPayment: {step: 8, status: "Confirmed", loa: "Complete", paid: true, counts: true, cable: true, letter: true},
		Enabled:           {step: 9, status: "Enabled", loa: "Complete", paid: true, cable: true, letter: true},
		Terminating:       {step: 9, staff: Technician, status: "Terminating", loa: "Complete", paid: true, cable: true, letter: true},
		Terminated:        {status: "Terminated", loa: "Deleted", ended: true},
		Canceled:          {status: "Canceled", loa: "Deleted", ended: true},
	}
	for _, s := range Stages() {
		status, loa := s.API()
		got := row{s.Step(), s.Actor(), status, loa, s.PastPayment(), s.Ended(), s.CountsAsNotEnabled(), s.CableMayBeIn(), s.LetterOut()}
		w, ok := want[s]
		if !ok || got != w {
			t.Errorf("%q: %+v, want %+v", s, got, w)
		}
		if s.Step() > Steps || s.Step() < 0 {
			t.Errorf("%q is at step %d of %d", s, s.Step(), Steps)
		}
		if s.Actor() != "" && s.Turn() != TurnStaff || s.Turn() == TurnStaff && s.Actor() == "" {
			t.Errorf("%q: the turn is of %s, staff who act: %q", s, s.Turn(), s.Actor())
		}
	}
	if None.PastPayment() {
		t.Error("what is not ordered yet is paid")
	}
	names := StepNames()
	for i, name := range names {
		if name == "" || slices.Index(names[:], name) != i {
			t.Errorf("step %d is called %q", i+1, name)
		}
	}
}

// Two working days in the mainland, three outside; an unpaid order is closed
// after a week.
func TestDaysOfTheProcedure(t *testing.T) {
	if ReviewDays(true) != 2 || ReviewDays(false) != 3 || CablingDays(true) != 2 || CablingDays(false) != 3 || UnpaidOrderDays != 7 {
		t.Errorf("review %d and %d, cabling %d and %d, unpaid %d", ReviewDays(true), ReviewDays(false), CablingDays(true), CablingDays(false), UnpaidOrderDays)
	}
}

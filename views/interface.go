package views

import (
	"cmp"
	"strings"
	"time"

	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/ticket"
	"demarc/views/ui"
	"demarc/web/paths"
)

// Interface is a physical connection interface as pages show it: labels are
// words, times carry the zone of the site.
type Interface struct {
	ID, Name, Description string
	AccountID, Account    string // staff pages
	Stage                 lifecycle.Stage
	StageSince, DueAt     time.Time
	Now                   time.Time
	Zone                  *time.Location
	Problem               string // why staff sent it back
	Rev                   int

	Region, RegionID                   string
	AccessPoint, AccessPointID         string
	SP, Spec                           string
	PortType, PortTypeLabel, PortShort string // "10GBase-LR", "10GE single-mode optical port", "10GE single-mode"
	RedundantID, RedundantName         string
	LOANo, LineCode                    string
	Installation, Monthly              string // "$1,500.00"
	ScheduledAt, CreatedAt             time.Time
	PaidThrough                        time.Time
	Standing                           fees.Standing // of the resource fee; Unpaid unless it is enabled
	AutoRenew                          int           // months; 0 is off
	RenewAt, RenewFailedAt             time.Time
	RemovalDue                         bool
	OrderNo                            string // the unpaid order, while the fee is due
	// Reader is the role of the customer's person who looks; what they may not do
	// is no control. The account's owner when empty.
	Reader lifecycle.Role
}

// Can reports whether the reader may do the action now.
func (i *Interface) Can(a lifecycle.Action) bool {
	return lifecycle.Can(i.Stage, a, cmp.Or(i.Reader, lifecycle.Owner))
}

// why says whom of the account to ask, "" when the reader may do it or its time
// has not come.
func (i *Interface) why(a lifecycle.Action) string {
	if who := i.Only(a); who != "" {
		return "Only for " + who + " of your account"
	}
	return ""
}

// Only says who of the account may do what the reader may not although its time
// has come: "Owner or Finance"; "" when the reader may, or its time has not come.
func (i *Interface) Only(a lifecycle.Action) string {
	if i.Can(a) {
		return ""
	}
	var names []string
	for _, r := range lifecycle.Who(i.Stage, a) {
		if r.IsCustomer() {
			names = append(names, r.Label())
		}
	}
	return strings.Join(names, " or ")
}

// Title is the name, or the ID of an interface without one.
func (i *Interface) Title() string {
	if i.Name != "" {
		return i.Name
	}
	return i.ID
}

// Late says how long the deadline has passed, "" when it has not or there is none.
func (i *Interface) Late() string {
	if i.DueAt.IsZero() {
		return ""
	}
	return ui.LateText(i.DueAt, i.Now)
}

// Look is how a state is drawn: tone and shape say the same as the word.
type Look struct{ Label, Tone, Shape string }

// StageLook is the look of a stage. Shapes: "" a dot, ring, half, dash.
func StageLook(s lifecycle.Stage) Look {
	l := Look{Label: s.Label(), Tone: ui.ToneAction}
	switch s {
	case lifecycle.PendingPayment:
		l.Shape = "ring"
	case lifecycle.InApplication, lifecycle.WaitingForCabling, lifecycle.Terminating:
		l.Tone, l.Shape = ui.ToneInfo, "half"
	case lifecycle.LOARejected:
		l.Tone = ui.ToneBad
	case lifecycle.Enabled:
		l.Tone = ui.ToneOK
	case lifecycle.Canceled, lifecycle.Terminated:
		l.Tone, l.Shape = ui.ToneIdle, "dash"
	}
	return l
}

// Look is the look of the interface's state; a report that came back is bad
// news although the stage is an ordinary one.
func (i *Interface) Look() Look {
	l := StageLook(i.Stage)
	switch {
	case i.Stage == lifecycle.ApprovedLOA && i.Problem != "":
		l.Tone = ui.ToneBad
	case i.Standing.IsLocked():
		l = Look{Label: "FinancialLocked", Tone: ui.ToneBad, Shape: "dash"}
	case i.Standing.Late():
		l.Tone = ui.ToneWarn
	}
	return l
}

// LockedAt is when an interface that nobody renews is FinancialLocked.
func (i *Interface) LockedAt() time.Time { return fees.LockedAt(i.PaidThrough) }

// FreeableAt is when the operator may end it for non-payment.
func (i *Interface) FreeableAt() time.Time { return fees.FreeableAt(i.PaidThrough, i.Zone) }

// Line is the second line of the state: what happens next, or since when.
func (i *Interface) Line() string {
	due := func() string { return ui.FormatSiteStamp(i.DueAt, i.Zone) }
	since := func() string { return ui.FormatDay(i.StageSince, i.Zone) }
	switch i.Stage {
	case lifecycle.PendingPayment:
		return "Order expires " + due()
	case lifecycle.ToApplyForLOA:
		if i.Problem != "" {
			return i.Problem
		}
		return "Next: apply for the LOA"
	case lifecycle.InApplication:
		if late := i.Late(); late != "" {
			return "Review due " + due() + ", " + lower(late)
		}
		return "Sent " + ui.FormatSiteStamp(i.StageSince, i.Zone) + ", under review"
	case lifecycle.LOARejected:
		return i.Problem
	case lifecycle.ApprovedLOA:
		if i.Problem != "" {
			return i.Problem
		}
		return "Install, then report delivery"
	case lifecycle.WaitingForCabling:
		if i.DueAt.IsZero() {
			return "Cabling in progress"
		}
		if late := i.Late(); late != "" {
			return "Cabling was due " + due() + ", " + lower(late)
		}
		return "Cabling due " + due()
	case lifecycle.WaitingForPayment:
		return "Cabling done: pay the resource fee to enable"
	case lifecycle.Enabled:
		paid := ui.FormatDay(i.PaidThrough, i.Zone)
		switch {
		case i.Standing.IsLocked():
			return "Paid until " + paid + ": renew to restore it"
		case i.Standing.Late():
			return "Resource fee overdue since " + paid
		case i.Standing == fees.DueSoon && i.AutoRenew > 0 && i.RenewFailedAt.IsZero():
			return "Renews by itself on " + ui.FormatDay(i.RenewAt, i.Zone)
		case i.Standing == fees.DueSoon:
			return "Paid until " + paid
		}
		return "Since " + since()
	case lifecycle.Terminating:
		return "The cable is being removed"
	}
	return since()
}

// reportLabel is the delivery report as the next step: one that came back is
// corrected.
func (i *Interface) reportLabel() string {
	if i.Problem != "" {
		return "Correct Delivery Report"
	}
	return "Delivery Report"
}

func lower(s string) string { return strings.ToLower(s) }

// askAbout opens a ticket about the interface, from a menu; nothing for a role
// that opens none.
func (i *Interface) askAbout() []ui.MenuItem {
	if !lifecycle.May(lifecycle.AskTickets, cmp.Or(i.Reader, lifecycle.Owner)) {
		return nil
	}
	return []ui.MenuItem{{Label: "Open a ticket", Href: paths.NewTicketAbout(i.ticketTopic(), i.ID)}}
}

// ticketTopic is what a question about the interface is most likely about.
func (i *Interface) ticketTopic() string {
	switch i.Stage {
	case lifecycle.ApprovedLOA, lifecycle.WaitingForCabling:
		return ticket.Cabling
	case lifecycle.PendingPayment, lifecycle.WaitingForPayment, lifecycle.Enabled:
		return ticket.Fees
	}
	return ticket.Letter
}

// CustomerActions are the links of a row for the customer, at most two, the
// useful one first, and what goes under More. They come from the lifecycle
// table: what is not possible now is not a link.
func (i *Interface) CustomerActions() (links []ui.Action, more []ui.MenuItem) {
	return i.customerActions(nil, nil)
}

// customerActions is CustomerActions, appended to what is given.
func (i *Interface) customerActions(links []ui.Action, more []ui.MenuItem) ([]ui.Action, []ui.MenuItem) {
	can := i.Can
	link := func(label, href string, lead bool) {
		links = append(links, ui.Action{Label: label, Href: href, Lead: lead})
	}
	if i.Stage.LetterOut() && i.LOANo != "" {
		link("View LOA", paths.LOA(i.ID), false)
	}
	switch {
	case can(lifecycle.PayInstallationFee) && i.OrderNo != "":
		link("Pay", paths.Order(i.OrderNo), true)
	case can(lifecycle.PayInstallationFee):
		link("Pay", paths.Interface(i.ID), true)
	case i.Stage == lifecycle.PendingPayment && i.OrderNo != "":
		link("View order", paths.Order(i.OrderNo), false)
	case can(lifecycle.ApplyForLOA):
		link("Apply for LOA", paths.NewLOAApplication(i.ID), true)
	case i.Stage == lifecycle.InApplication:
		link("View Application", paths.LOAApplication(i.ID), false)
	case can(lifecycle.ReportDelivery):
		link(i.reportLabel(), paths.DeliveryReport(i.ID), true)
	case can(lifecycle.PayResourceFee):
		link("Pay Resource Fee", paths.ResourceFee(i.ID), true)
	case can(lifecycle.Renew) && i.Standing >= fees.DueSoon:
		link("Renew", paths.Renewal(i.ID), true)
	}
	item := func(label, href string) { more = append(more, ui.MenuItem{Label: label, Href: href}) }
	item("View details", paths.Interface(i.ID))
	if can(lifecycle.EditNameDescription) {
		item("Edit", paths.EditInterface(i.ID))
	}
	switch {
	case i.Stage == lifecycle.LOARejected:
		item("View reasons", paths.LOAApplication(i.ID))
	case i.Stage.LetterOut() && i.LOANo != "", i.Stage == lifecycle.ToApplyForLOA && !i.ScheduledAt.IsZero():
		item("View Application", paths.LOAApplication(i.ID))
	}
	if i.LineCode != "" && !can(lifecycle.ReportDelivery) {
		item("View delivery report", paths.DeliveryReport(i.ID))
	}
	if can(lifecycle.Renew) && i.Standing < fees.DueSoon {
		item("Renew", paths.Renewal(i.ID))
	}
	if i.Stage.Turn() != lifecycle.TurnClosed {
		more = append(more, i.askAbout()...)
	}
	if can(lifecycle.SwitchAutoRenew) {
		more = append(more, ui.MenuItem{Label: "Auto Renew", Href: paths.AutoRenew(i.ID), Dialog: true})
	}
	end := func(label, href string) {
		more = append(more, ui.MenuItem{Divider: true}, ui.MenuItem{Label: label, Href: href, Danger: true, Dialog: true})
	}
	if can(lifecycle.WithdrawApplication) {
		more = append(more, ui.MenuItem{Label: "Withdraw application", Href: paths.Withdrawal(i.ID), Dialog: true})
	}
	switch {
	case can(lifecycle.Cancel):
		end("Cancel interface", paths.Cancellation(i.ID))
	case can(lifecycle.Terminate):
		end("Terminate interface", paths.Termination(i.ID))
	}
	return links, more
}

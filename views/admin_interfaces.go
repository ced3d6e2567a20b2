package views

import (
	"time"

	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/views/ui"
	"demarc/web/paths"
)

// StaffInterfaceRow is an interface of any account with the port it holds.
type StaffInterfaceRow struct {
	Interface
	AccountHref  string // "" for those who do not see accounts
	Device, Port string // "CSW-YH-A-02", "XGE1/0/17"; empty without a port
	Actions      []ui.Action
}

// StaffInterfaceList is the list of interfaces across accounts.
type StaffInterfaceList struct {
	Rows                        []StaffInterfaceRow
	Columns                     ListColumns
	Choice                      []ui.Control // a box for each column that can be left out
	Caption                     string
	Count                       string // "24 interfaces", said aloud when the list changes
	Views                       []ui.ViewTab
	Filter                      ui.Control // select: the property that Query is looked for in
	Query                       ui.Control
	Status, Region, AccessPoint ui.Control
	Kept                        []ui.Hidden
	Tokens                      []ui.Token
	// Clear is the list without filters, Here the same list again.
	Clear, Here string
	CSV         string
	Problem     *FilterProblem // why nothing can be listed
	Pages       ui.Pages
	Nothing     bool // there is no interface at all
}

func (l StaffInterfaceList) columns() []ui.Column {
	site := ui.Column{Label: "Access Point"}
	if l.Columns.SP {
		site.Label = "Access Point / SP"
	}
	out := []ui.Column{{Label: "Interface ID / Name"}, {Label: "Account"}, {Label: "Status"}, site}
	add := func(shown bool, c ui.Column) {
		if shown {
			out = append(out, c)
		}
	}
	add(l.Columns.Region, ui.Column{Label: "Region"})
	add(true, ui.Column{Label: "Port Specification"})
	add(l.Columns.Redundant, ui.Column{Label: "Redundant Connection ID"})
	add(l.Columns.Port, ui.Column{Label: "Device / port"})
	add(l.Columns.Fee, ui.Column{Label: "Fee"})
	add(l.Columns.Created, ui.Column{Label: "Created", Class: "col-extra"})
	return append(out, ui.Column{Label: "Actions", Class: "col-acts"})
}

// StaffActions are what the lifecycle's table lets a role do with an interface,
// as links to the pages where it is done. Nobody can set a state.
func StaffActions(i Interface, role lifecycle.Role) []ui.Button {
	var out []ui.Button
	can := func(a lifecycle.Action) bool { return lifecycle.Can(i.Stage, a, role) }
	add := func(b ui.Button) { out = append(out, b) }
	switch {
	case can(lifecycle.Approve):
		add(ui.Button{Label: "Review", Kind: ui.KindPrimary, Href: paths.AdminLOA(i.ID)})
	case can(lifecycle.MovePort):
		add(ui.Button{Label: "Move to another port", Href: paths.AdminLOA(i.ID)})
	}
	if can(lifecycle.CompleteCabling) {
		add(ui.Button{Label: "Cabling", Kind: ui.KindPrimary, Href: paths.AdminCablingJob(i.ID)})
	}
	if can(lifecycle.CompleteTermination) || (i.RemovalDue && can(lifecycle.ConfirmRemoval)) {
		add(ui.Button{Label: "Removal", Kind: ui.KindPrimary, Href: paths.AdminRemoval(i.ID)})
	}
	if can(lifecycle.Free) && i.Standing == fees.Freeable {
		add(ui.Button{Label: "End for non-payment", Kind: ui.KindDanger, Href: paths.AdminFree(i.ID), Dialog: true})
	}
	if can(lifecycle.RevokeLOA) && i.LOANo != "" {
		add(ui.Button{Label: "Revoke LOA", Kind: ui.KindDanger, Href: paths.AdminRevocation(i.ID), Dialog: true})
	}
	return out
}

// StaffInterface is the page of one interface for staff.
type StaffInterface struct {
	InterfaceDetail
	AccountHref string
	Role        lifecycle.Role // of the reader
	Port        []ui.Pair      // the port it holds; empty without one
	LastChange  LastChange
	Audit       []AuditRow
	Tickets     []Ticket // the open ones about it
	Notes       StaffNotes
	NoteLine    NoteLine
}

// API is what the real API calls the present state.
func (s StaffInterface) API() []ui.Pair {
	status, loa := s.Stage.API()
	return []ui.Pair{
		{Term: "Status", Value: status, Mono: true},
		{Term: "LoaStatus", Value: loa, Mono: true},
		{Term: "Stage", Value: string(s.Stage), Mono: true},
		{Term: "Row version", Content: ui.Int(s.Rev)},
	}
}

// Actions are the reader's.
func (s StaffInterface) Actions() []ui.Button { return StaffActions(s.Interface, s.Role) }

// due puts the deadline at the end of a banner.
func (s StaffInterface) due(n ui.NextStep, label string, at time.Time) ui.NextStep {
	return s.Progress.due(n, label, at)
}

// Banner says to staff whose turn it is.
func (s StaffInterface) Banner() ui.NextStep {
	stamp := func(t time.Time) string { return ui.FormatStamp(t, s.Zone) }
	staffs := func(icon, title, text string) ui.NextStep {
		n := ui.NextStep{Tone: ui.ToneAction, Icon: icon, Title: title, Text: text}
		if len(s.Actions()) == 0 {
			n.Tone = ui.ToneInfo
			n.Text += " It is the turn of a " + lower(s.Stage.Actor().Label()) + "."
		}
		switch {
		case s.DueAt.IsZero():
			n.Text += " There is no due time, since the year has no working-day table."
		case s.Late() != "":
			n.Tone = ui.ToneBad
			return s.due(n, s.Late()+", was due", s.DueAt)
		}
		return s.due(n, "Due by", s.DueAt)
	}
	customers := func(icon, title, text string) ui.NextStep {
		return ui.NextStep{Tone: ui.ToneInfo, Icon: icon, Title: title, Text: text}
	}
	switch s.Stage {
	case lifecycle.PendingPayment:
		return s.due(customers("card", "Waiting for the customer to pay", "The initial installation fee of "+s.Interface.Installation+" is not paid. No port is allocated yet."), "Order expires", s.DueAt)
	case lifecycle.ToApplyForLOA:
		text := "The fee is paid and a port is allocated. The customer applies for the LOA."
		if s.Problem != "" {
			text = fullStop(s.Problem) + " The customer applies for a new LOA."
		}
		return customers("edit", "Waiting for the customer to apply for the LOA", text)
	case lifecycle.InApplication:
		return staffs("queue", "Review the LOA application", "Sent "+stamp(s.StageSince)+".")
	case lifecycle.LOARejected:
		return customers("edit", "Waiting for the customer to correct the application", "Rejected "+stamp(s.StageSince)+".")
	case lifecycle.ApprovedLOA:
		if s.Problem != "" {
			return customers("warn", "Waiting for the customer to correct the delivery report", fullStop(s.Problem))
		}
		return s.due(customers("cable", "Waiting for the installation and the delivery report", s.LOANo+" is with the customer."), "LOA valid until", s.LOAExpires)
	case lifecycle.WaitingForCabling:
		return staffs("cable", "Connect the cables to the CSW port", "The delivery report arrived "+stamp(s.StageSince)+".")
	case lifecycle.WaitingForPayment:
		return customers("card", "Waiting for the customer to pay the resource fee", "The cables are connected since "+stamp(s.StageSince)+".")
	case lifecycle.Enabled:
		switch {
		case s.Standing == fees.Freeable:
			return s.due(ui.NextStep{Tone: ui.ToneBad, Icon: "warn", Title: "FinancialLocked, and may be ended for non-payment",
				Text: "The customer was reminded and did not renew. Finance may end it since " + stamp(s.FreeableAt()) + "; renewing restores it."}, "Was paid until", s.PaidThrough)
		case s.Standing.IsLocked():
			return s.due(ui.NextStep{Tone: ui.ToneBad, Icon: "warn", Title: "FinancialLocked",
				Text: "The resource fee was paid until " + stamp(s.PaidThrough) + ". Renewing restores it at once."}, "May be ended from", s.FreeableAt())
		case s.Standing.Late():
			return s.due(ui.NextStep{Tone: ui.ToneWarn, Icon: "clock", Title: "The resource fee is overdue",
				Text: "It was paid until " + stamp(s.PaidThrough) + ". The customer is told."}, "Locked from", s.LockedAt())
		}
		return s.due(ui.NextStep{Tone: ui.ToneOK, Icon: "done", Title: "Enabled", Text: "Since " + stamp(s.StageSince) + "."}, "Paid until", s.PaidThrough)
	case lifecycle.Terminating:
		why := "The customer requested the termination "
		if s.moved().Action == lifecycle.Free {
			why = "It was ended for non-payment "
		}
		return staffs("remove", "Remove the cable", why+stamp(s.StageSince)+".")
	}
	n := ui.NextStep{Tone: ui.ToneIdle, Icon: "info", Title: s.Stage.Label(), Text: stamp(s.StageSince) + "."}
	if s.RemovalDue {
		n.Tone, n.Icon, n.Title = ui.ToneAction, "remove", s.Stage.Label()+", and the cable may still be in"
		n.Text += " The port is kept until a technician confirms the removal."
		if len(s.Actions()) == 0 {
			n.Tone = ui.ToneInfo
		}
	}
	return n
}

package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
	"demarc/views"
	"demarc/views/ics"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// interfacesCrumb is the step of the breadcrumb above everything that belongs
// to one interface.
var interfacesCrumb = views.Crumb{Label: "Physical Connection Interfaces", Href: paths.Interfaces}

// ShowInterface is the page of one interface.
func (h *Handlers) ShowInterface(c echo.Context) error {
	d, err := h.interfaceDetail(c)
	if err != nil {
		return err
	}
	p := h.page(c, d.Title(), interfacesCrumb)
	p.Crumbs[len(p.Crumbs)-1].Label = d.ID
	return h.render(c, http.StatusOK, views.InterfacePage(p, d))
}

// ShowInterfaceLive is the same page's content when it is not what the page
// shows already. A browser that follows the address goes to the page.
func (h *Handlers) ShowInterfaceLive(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	if !reqctx.IsPartial(c.Request()) {
		return c.Redirect(http.StatusSeeOther, paths.Interface(conn.ID))
	}
	shown := h.readBy(c, conn)
	if c.QueryParam("v") == shown.Seen() {
		return c.NoContent(http.StatusNotModified)
	}
	d, err := h.detail(c.Request().Context(), h.actor(c), conn)
	if err != nil {
		return err
	}
	sentence := ""
	if was := c.QueryParam("was"); was != "" && was != string(d.Stage) {
		sentence = "Status changed to " + d.Look().Label
		if line := d.Line(); line != "" && (d.Stage == lifecycle.WaitingForCabling || d.Stage == lifecycle.WaitingForPayment) {
			// Two stages are called Waiting: the word alone would not tell.
			sentence += ". " + line
		}
	}
	return h.render(c, http.StatusOK, views.InterfaceLive(d, sentence))
}

// InterfaceDates is a calendar file with what is ahead of an interface.
func (h *Handlers) InterfaceDates(c echo.Context) error {
	d, err := h.interfaceDetail(c)
	if err != nil {
		return err
	}
	dates := d.Dates()
	if len(dates) == 0 {
		return h.render(c, http.StatusNotFound, views.NotNowPage(h.page(c, "Dates", interfacesCrumb, views.Crumb{Label: d.Title(), Href: paths.Interface(d.ID)}),
			views.NotNow{Interface: d.Interface, Title: "There are no dates", Text: "Nothing of this interface is due or planned now."}))
	}
	host := c.Request().Host
	if u, err := url.Parse(h.PublicURL); err == nil && u.Host != "" {
		host = u.Host
	}
	events := make([]ics.Event, len(dates))
	for i, date := range dates {
		events[i] = ics.Event{UID: date.Kind + "." + d.ID + "@" + host, Sequence: d.Rev, At: date.At, Summary: date.Text + ": " + d.Title(), Place: d.Place,
			Description: "Physical connection interface " + d.ID + " at " + d.AccessPoint + "\n" + ui.FormatStamp(date.At, d.Zone), URL: h.PublicURL + paths.Interface(d.ID)}
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentDisposition, `attachment; filename="`+d.ID+`.ics"`)
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", []byte(ics.Calendar("Demarc", h.Store.Now(), events)))
}

func (h *Handlers) interfaceDetail(c echo.Context) (views.InterfaceDetail, error) {
	conn, err := h.connection(c)
	if err != nil {
		return views.InterfaceDetail{}, err
	}
	return h.detail(c.Request().Context(), h.actor(c), conn)
}

// detail is everything the page of an interface shows, for customers and for
// staff. The actor may see c. The number of statements does not depend on how
// long the history is.
func (h *Handlers) detail(ctx context.Context, actor store.Actor, c store.Connection) (views.InterfaceDetail, error) {
	d := views.InterfaceDetail{Progress: views.Progress{Interface: h.interfaceView(c), Operator: h.Operator, NOC: h.NOC}}
	if !actor.Staff() {
		d.Reader = actor.Role
	}
	region, _ := h.Store.Catalogue().Region(c.Region)
	d.Mainland = region.Mainland

	events, err := h.Store.Timeline(ctx, c.ID)
	if err != nil {
		return d, err
	}
	d.History = h.history(actor, events)
	orders, err := h.Store.OrdersOf(ctx, c.ID)
	if err != nil {
		return d, err
	}
	h.clocks(ctx, &c)
	both := []store.Connection{c}
	var partner *store.Connection
	if !c.Stage.Ended() {
		if partner, err = h.Store.Partner(ctx, c); err != nil {
			return d, err
		}
	}
	if partner != nil {
		h.clocks(ctx, partner)
		d.RedundantID, d.RedundantName, d.RedundantWords = partner.ID, partner.Name, "Redundant by ECMP"
		both = append(both, *partner)
	}
	papers, err := h.Store.Papers(ctx, both...)
	if err != nil {
		return d, err
	}
	own, theirs := papers[0], store.Papers{}
	if partner != nil {
		theirs = papers[1]
	}

	if a := own.Application; a != nil {
		d.ConstructionCompany = a.ConstructionCompany
		if c.Stage == lifecycle.LOARejected {
			d.Corrections = len(a.Reasons)
		}
	}
	if l := own.Letter; l != nil && l.Status == "issued" {
		d.LOAExpires = l.ExpiresAt
	}
	for _, date := range d.Dates() {
		reqctx.Of(ctx).ChangesAt(date.At)
	}
	d.Path = h.path(c, own, partner, theirs)
	d.Redundancy = h.redundancy(actor, c, own.Port, partner, theirs.Port, d.History)
	d.Basic = basicFacts(d.Interface, partner != nil, interfaceLink(actor))
	d.Installation, d.LOAHref = h.installationFacts(d.Interface, own.Letter, actor)
	if l := own.Letter; l != nil && len(d.Installation) > 0 {
		d.Place = joined(l.Snapshot.FacilityName, l.Snapshot.Address)
		if l.Status == "issued" {
			d.ForInstaller = l.Snapshot.ForInstaller()
		}
	}
	d.Report = h.reportFacts(d.Interface, own.Report)
	h.fees(&d, orders, actor)
	return d, nil
}

// interfaceLink builds the links to interfaces for the reader.
func interfaceLink(actor store.Actor) func(id string) string {
	if actor.Staff() {
		return paths.AdminInterface
	}
	return paths.Interface
}

// history is the timeline in words. To the customer, staff are the operator,
// with the part they play; staff see who it was.
func (h *Handlers) history(actor store.Actor, events []store.Event) []views.Happened {
	out := make([]views.Happened, 0, len(events))
	for _, e := range events {
		out = append(out, views.Happened{Action: lifecycle.Action(e.Action), From: e.From, To: e.To, At: e.At, Who: h.who(actor.Staff(), e.ActorRole, e.ActorName), Reason: e.Reason, Detail: e.Detail})
	}
	return out
}

// who is somebody who did something, in words: to customers, staff are the
// operator, with the part they play.
func (h *Handlers) who(toStaff bool, role lifecycle.Role, name string) string {
	switch {
	case role == lifecycle.System:
		return h.Operator + ", automatic"
	case role.IsStaff() && toStaff:
		return name + ", " + strings.ToLower(role.Label())
	case role.IsStaff():
		return h.Operator + ", " + strings.ToLower(role.Label())
	}
	return name
}

// path feeds the drawing: this interface and the one it is redundant with.
func (h *Handlers) path(c store.Connection, own store.Papers, partner *store.Connection, theirs store.Papers) views.PathDiagram {
	cat := h.Store.Catalogue()
	region, _ := cat.Region(c.Region)
	d := views.PathDiagram{Region: region.Name, Closed: c.Stage.Ended(), Links: []views.PathLink{h.pathLink(c, own)}}
	if own.Application != nil {
		d.DataCenter = own.Application.Location
	}
	if partner == nil {
		return d
	}
	other := h.pathLink(*partner, theirs)
	// The connection that an order names as its Redundant Connection ID is the
	// redundant one of the two, in the words of the procedure.
	d.Links[0].Role, other.Role = "Primary", "Redundant"
	if partner.RedundantID == c.ID {
		d.Links[0].Role, other.Role = "Redundant", "Primary"
	}
	d.Links = append(d.Links, other)
	switch d.SameAccessPoint = c.AccessPointID == partner.AccessPointID; {
	case !d.SameAccessPoint:
		d.ApartWords = "Different access points"
	case own.Port != nil && theirs.Port != nil && own.Port.Device != theirs.Port.Device:
		d.ApartWords = "Different access devices"
	}
	return d
}

func (h *Handlers) pathLink(c store.Connection, p store.Papers) views.PathLink {
	v := h.interfaceView(c)
	l := views.PathLink{ID: c.ID, Name: c.Name, SP: v.SP, LineCode: c.LineCode, PortTypeShort: v.PortShort, AccessPoint: v.AccessPoint, AccessPointID: c.AccessPointID}
	l.LeasedLine, l.Port, l.Patch, l.ToRegion = views.PathStates(string(c.Stage))
	if p.Application != nil {
		l.ConstructionType = p.Application.TypeLabel()
	}
	if p.Report != nil && p.Report.Status != "returned" {
		l.CableLabel = strings.Join(p.Report.Labels, ", ")
	}
	// Before the letter is out the port is nobody's business: a reviewer may
	// still move the interface to another one.
	if p.Port != nil && c.Stage.LetterOut() {
		device, _ := h.Store.Catalogue().Device(p.Port.Device)
		l.Device, l.Room, l.Cabinet, l.PortName = device.Name, device.Room, device.Cabinet, p.Port.Name
	}
	return l
}

func basicFacts(i views.Interface, living bool, link func(string) string) []ui.Pair {
	redundant := ui.Pair{Term: "Redundant Connection ID"}
	if i.RedundantID != "" {
		note := ""
		if !living && !i.Stage.Ended() {
			note = "This connection has ended"
		}
		redundant.Content = views.RedundantLink(i.RedundantID, i.RedundantName, link(i.RedundantID), note)
	}
	return []ui.Pair{
		{Term: "Region", Value: i.Region},
		{Term: "SP", Value: i.SP},
		{Term: "Access Point", Value: i.AccessPoint},
		{Term: "Port Specification", Value: i.Spec},
		{Term: "Port Type", Value: i.PortTypeLabel + " (" + i.PortType + ")"},
		redundant,
		{Term: "Created", Content: ui.Stamp(i.CreatedAt, i.Zone)},
		{Term: "Description", Value: i.Description},
	}
}

// installationFacts says what the letter says, as long as it is in force or was
// used.
func (h *Handlers) installationFacts(i views.Interface, l *store.LOA, actor store.Actor) ([]ui.Pair, string) {
	if l == nil || (l.Status != "issued" && l.Status != "used") {
		return nil, ""
	}
	s := l.Snapshot
	site := []string{s.FacilityName, s.Room}
	who := ui.Pair{Term: "Field engineers", Value: strings.Join(s.Engineers, ", ")}
	if s.RemoteHands {
		who.Value = "Nobody visits: the facility's own remote hands do the work"
	}
	facts := []ui.Pair{
		{Term: "LOA number", Value: s.Title(), Mono: true},
		{Term: "Data center", Value: joined(site...)},
		{Term: "Address", Value: s.Address},
		{Term: "Cabinet", Value: joined(s.Cabinet, s.Panel, "position "+s.Position)},
		{Term: "Connector", Value: s.Connector},
		{Term: "Port", Value: joined(s.Device, s.Port), Mono: true},
		{Term: "Construction Company", Value: s.ConstructionCompany},
		{Term: "Construction Type", Value: s.ConstructionType},
		{Term: "Scheduled Construction Time", Content: ui.Stamp(s.ScheduledAt, i.Zone)},
		who,
	}
	if l.Status == "issued" {
		facts = slices.Insert(facts, 1, ui.Pair{Term: "Valid until", Content: ui.Stamp(l.ExpiresAt, i.Zone)})
	}
	switch {
	case !actor.Staff():
		return facts, paths.LOAPDF(i.ID)
	case lifecycle.May(lifecycle.SeeReviews, actor.Role):
		return facts, paths.AdminLOADocument(i.ID)
	}
	return facts, ""
}

// joined puts the parts that are known in one line.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func (h *Handlers) reportFacts(i views.Interface, r *store.DeliveryReport) []ui.Pair {
	if r == nil {
		return nil
	}
	facts := []ui.Pair{
		{Term: "Leased line code", Value: r.LineCode, Mono: true},
		{Term: "Cable labels", Content: views.IDList(r.Labels)},
		{Term: "Submitted", Content: views.StampBy(r.SubmittedAt, i.Zone, r.SubmittedBy)},
	}
	if r.Contact != "" {
		facts = append(facts, ui.Pair{Term: "SP contact for the line", Value: r.Contact})
	}
	switch r.Status {
	case "returned":
		facts = append(facts, ui.Pair{Term: "Returned", Value: store.ProblemLabel(r.ProblemKind) + ": " + r.Reason})
	case "completed":
		facts = append(facts, ui.Pair{Term: "Cabling finished", Content: ui.Stamp(r.CompletedAt, i.Zone)},
			ui.Pair{Term: "Label as found", Value: r.LabelFound, Mono: true})
		if r.LightDBm10 != nil {
			facts = append(facts, ui.Pair{Term: "Light level", Value: dBm(*r.LightDBm10)})
		}
	}
	return facts
}

// dBm prints a light level that is kept in tenths of a dBm.
func dBm(tenths int) string {
	return strings.Replace(strconv.FormatFloat(float64(tenths)/10, 'f', 1, 64), "-", "−", 1) + " dBm"
}

// fees fills the card of fees and what became of the installation fee.
func (h *Handlers) fees(d *views.InterfaceDetail, orders []store.Order, actor store.Actor) {
	staff := actor.Staff()
	if !staff {
		d.OrdersHref = paths.Orders
	}
	paid := false
	for _, o := range orders {
		line := views.FeeLine{Name: "Initial installation fee", Amount: o.Amount.String(), OrderNo: o.No}
		if !staff {
			line.OrderHref = paths.Order(o.No)
		}
		switch o.Kind {
		case store.KindResource:
			paid = true
			line.Name = "Resource fee"
			line.Amount += " for " + pricing.PeriodLabel(o.Months)
		case store.KindRenewal:
			if o.State == store.OrderCanceled || o.State == store.OrderExpired {
				continue // another took its place
			}
			line.Name = "Renewal"
			line.Amount += " for " + pricing.PeriodLabel(o.Months)
		}
		day, back := ui.FormatDay(o.PaidAt, d.Zone), "returned to the balance"
		if o.Method == store.MethodInvoice {
			back = "refunded" // there, or on the invoice
		}
		switch o.State {
		case "unpaid":
			line.Note = "Pay by " + ui.FormatStamp(o.ExpiresAt, d.Zone)
			if o.Kind == store.KindInstallation {
				d.OrderNo = o.No
			}
		case "paid":
			line.Note = "Paid " + day
			if !o.Refunded.IsZero() {
				line.Note += ", " + o.Refunded.String() + " " + back
			}
			if o.Kind == store.KindInstallation && d.Stage == lifecycle.Canceled {
				d.Refund = views.FeeKept
				if fees.InstallationRefund(o.RefundRule) == fees.NeverBack {
					d.Refund = views.FeeNotBack
				}
			}
		case "refunded":
			line.Note = "Paid " + day + ", " + back
			if o.Kind == store.KindInstallation {
				d.Refund = views.FeeReturned
				if o.Method == store.MethodInvoice {
					d.Refund = views.FeeRefunded
				}
			}
		case "expired":
			line.Note = "Not paid in time"
		default:
			line.Note = "Not paid"
		}
		d.Fees = append(d.Fees, line)
	}
	monthly := d.Monthly + " a month"
	switch {
	case d.Stage == lifecycle.Enabled:
		note := "Paid until " + ui.FormatDay(d.PaidThrough, d.Zone) + ". Auto Renew: " + strings.ToLower(views.AutoRenewWords(d.AutoRenew))
		if d.AutoRenew > 0 {
			note += ", next on " + ui.FormatDay(d.RenewAt, d.Zone)
		}
		d.Fees = append(d.Fees, views.FeeLine{Name: "Resource fee, running", Amount: monthly, Note: note})
	case paid || d.Stage.Ended():
	case d.Stage == lifecycle.WaitingForPayment:
		d.Fees = append(d.Fees, views.FeeLine{Name: "Resource fee", Amount: monthly, Note: "Due now, to enable the port"})
	default:
		d.Fees = append(d.Fees, views.FeeLine{Name: "Resource fee", Amount: monthly, Note: "Pay when the cabling is finished"})
	}
}

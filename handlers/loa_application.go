package handlers

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

const (
	applyLOATitle    = "Apply for LOA"
	applicationTitle = "View Application"
	withdrawTitle    = "Withdraw application"
)

// aboutInterface is the breadcrumb of a page that belongs to an interface.
func aboutInterface(c store.Connection) []views.Crumb {
	return []views.Crumb{{Label: "Physical Connection Interfaces", Href: paths.Interfaces}, {Label: c.Title(), Href: paths.Interface(c.ID)}}
}

// NewLOAApplication is the form Apply for LOA. It is filled in with the last
// application, if there was one; ID numbers never leave the store.
func (h *Handlers) NewLOAApplication(c echo.Context) error {
	ctx := c.Request().Context()
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	if !lifecycle.Can(conn.Stage, lifecycle.ApplyForLOA, roleOf(c)) {
		return h.noLOAApplicationNow(c, conn)
	}
	last, err := h.Store.Application(ctx, conn.ID)
	if err != nil {
		return err
	}
	form, err := h.loaForm(ctx, conn, last)
	if err != nil {
		return err
	}
	form.Key = formKey()
	if last == nil {
		u, _ := reqctx.User(ctx)
		form.CompanyName, form.Visit, form.Engineers = u.AccountName, views.VisitEngineers, []views.Engineer{{}}
	} else {
		h.fillFrom(&form, conn, *last)
	}
	form.Reasons = h.reasonsLeft(form, conn, last)
	return h.loaFormPage(c, conn, http.StatusOK, form)
}

// noLOAApplicationNow answers for the form when its time is not now.
func (h *Handlers) noLOAApplicationNow(c echo.Context, conn store.Connection) error {
	n := views.NotNow{Interface: h.readBy(c, conn), Title: applyLOATitle}
	switch {
	case conn.Stage == lifecycle.PendingPayment:
		n.Text = "Pay the initial installation fee first. Then apply for the LOA here."
	case conn.Stage == lifecycle.InApplication:
		n.Text = "Your application was sent. You can view it, or withdraw it to change something."
		n.LinkText, n.Href = applicationTitle, paths.LOAApplication(conn.ID)
	case conn.Stage.Ended():
		n.Text = "The interface has ended, so no LOA can be issued for it."
	default:
		n.Text = "The LOA was issued."
		n.LinkText, n.Href = "View LOA", paths.LOA(conn.ID)
	}
	return h.render(c, http.StatusConflict, views.NotNowPage(h.page(c, applyLOATitle, aboutInterface(conn)...), n))
}

// loaForm is the form without what people fill in.
func (h *Handlers) loaForm(ctx context.Context, conn store.Connection, last *store.LOAApplication) (views.LOAApplicationForm, error) {
	ap, _ := h.Store.Catalogue().AccessPoint(conn.AccessPointID)
	known, err := h.Store.KnownEngineers(ctx, conn.AccountID)
	if err != nil {
		return views.LOAApplicationForm{}, err
	}
	form := views.LOAApplicationForm{
		Interface: h.interfaceView(conn), Types: store.ConstructionTypes(), MaxEngineers: store.MaxEngineers,
		Asks:     views.Visitors{Gender: ap.Visitor.Gender, IDType: ap.Visitor.IDType, IDNumber: ap.Visitor.IDNumber},
		Earliest: h.Store.EarliestConstruction(conn.Region), Latest: h.Store.Now().AddDate(0, 0, store.ScheduleDays),
		Again: last != nil,
	}
	for _, e := range known {
		form.Known = append(form.Known, views.KnownEngineer{Value: e.Ref.String(), Name: e.Name, Contact: e.Contact})
	}
	return form, nil
}

// useKnown puts the people of earlier letters that were chosen into the form:
// first where nothing was typed yet. It says what is wrong when it cannot.
func useKnown(f *views.LOAApplicationForm, chosen []string) string {
	var people []views.Engineer
	for _, k := range f.Known {
		if slices.Contains(chosen, k.Value) {
			people = append(people, views.Engineer{Name: k.Name, Contact: k.Contact})
		}
	}
	if len(people) == 0 {
		return "Select the people to add"
	}
	typed := slices.DeleteFunc(slices.Clone(f.Engineers), func(e views.Engineer) bool { return e == views.Engineer{} })
	if room := f.MaxEngineers - len(typed); len(people) > room {
		return "Select at most " + strconv.Itoa(room) + ", for " + strconv.Itoa(f.MaxEngineers) + " field engineers in all"
	}
	f.Engineers = append(typed, people...)
	f.Focus = store.EngineerField(len(typed), "name")
	return ""
}

// fillFrom fills the form in with an application.
func (h *Handlers) fillFrom(form *views.LOAApplicationForm, conn store.Connection, a store.LOAApplication) {
	form.CompanyName, form.ConstructionCompany, form.ConstructionType, form.OtherType, form.Location = a.CompanyName, a.ConstructionCompany, a.ConstructionType, a.OtherType, a.Location
	form.ScheduledAt = a.ScheduledAt.In(h.Store.Catalogue().Zone(conn.Region)).Format(store.SiteTimeLayout)
	if a.BandwidthMbps > 0 {
		form.Bandwidth = strconv.Itoa(a.BandwidthMbps)
	}
	form.Visit = views.VisitEngineers
	if a.RemoteHands {
		form.Visit = views.VisitRemoteHands
	}
	form.MaySubDelegate = a.MaySubDelegate
	form.Engineers = engineerViews(a.Engineers)
	if len(form.Engineers) == 0 {
		form.Engineers = []views.Engineer{{}}
	}
}

func engineerViews(in []store.Engineer) []views.Engineer {
	out := make([]views.Engineer, len(in))
	for i, e := range in {
		out[i] = views.Engineer{Name: e.Name, Gender: e.Gender, IDType: e.IDType, IDLast4: e.IDLast4, Contact: e.Contact}
	}
	return out
}

// reasonsLeft lists the reviewer's reasons whose field is still as it was
// rejected, and a time that has become too early since. A field that was changed
// is the next reviewer's to judge.
func (h *Handlers) reasonsLeft(form views.LOAApplicationForm, conn store.Connection, last *store.LOAApplication) []views.Reason {
	if last == nil {
		return nil
	}
	reasons := map[string]string{}
	if problem := h.Store.ConstructionTimeProblem(conn.Region, last.ScheduledAt); problem != "" {
		reasons["scheduled_at"] = problem
	}
	if conn.Stage == lifecycle.LOARejected {
		maps.Copy(reasons, last.Reasons)
	}
	var was views.LOAApplicationForm
	h.fillFrom(&was, conn, *last)
	same := map[string]bool{
		"company_name":         form.CompanyName == was.CompanyName,
		"construction_company": form.ConstructionCompany == was.ConstructionCompany,
		"construction_type":    form.ConstructionType == was.ConstructionType && form.OtherType == was.OtherType,
		"scheduled_at":         form.ScheduledAt == was.ScheduledAt,
		"location":             form.Location == was.Location,
		"bandwidth":            form.Bandwidth == was.Bandwidth,
		"engineers": form.Visit == was.Visit && slices.EqualFunc(form.Engineers, was.Engineers, func(a, b views.Engineer) bool {
			return a.Name == b.Name && a.Contact == b.Contact && a.Gender == b.Gender && a.IDType == b.IDType
		}),
		"other": true,
	}
	var out []views.Reason
	for _, field := range store.RejectionFields() {
		if text := reasons[field]; text != "" && same[field] {
			out = append(out, views.Reason{Field: field, Text: text, Named: store.RejectionText(field, text)})
		}
	}
	return out
}

// ApplyForLOA sends the application, or adds or removes field engineers in the
// form.
func (h *Handlers) ApplyForLOA(c echo.Context) error {
	ctx := c.Request().Context()
	actor := h.actor(c)
	conn, err := h.Store.Connection(ctx, actor, c.Param("id"))
	if err != nil {
		return err
	}
	answer := func(status int, change func(*views.LOAApplicationForm)) error {
		// The state may be another one by now than when the form was sent.
		conn, err := h.Store.Connection(ctx, actor, conn.ID)
		if err != nil {
			return err
		}
		last, err := h.Store.Application(ctx, conn.ID)
		if err != nil {
			return err
		}
		form, err := h.loaForm(ctx, conn, last)
		if err != nil {
			return err
		}
		h.fillPosted(c, &form)
		if status != http.StatusConflict {
			form.Interface.Rev = rev(c) // what the person saw is still that
		}
		change(&form)
		if status == http.StatusOK && len(form.Errors) > 0 {
			status = http.StatusUnprocessableEntity
		}
		form.Reasons = h.reasonsLeft(form, conn, last)
		return h.loaFormPage(c, conn, status, form)
	}
	switch do := value(c, "do"); {
	case do == "add":
		return answer(http.StatusOK, func(f *views.LOAApplicationForm) {
			if len(f.Engineers) < store.MaxEngineers {
				f.Engineers = append(f.Engineers, views.Engineer{})
			}
			f.Focus = store.EngineerField(len(f.Engineers)-1, "name")
		})
	case strings.HasPrefix(do, "remove-"):
		return answer(http.StatusOK, func(f *views.LOAApplicationForm) {
			if n, err := strconv.Atoi(do[len("remove-"):]); err == nil && n >= 0 && n < len(f.Engineers) && len(f.Engineers) > 1 {
				f.Engineers = slices.Delete(f.Engineers, n, n+1)
			}
			f.Focus = views.AddEngineerID
		})
	case do == "use":
		return answer(http.StatusOK, func(f *views.LOAApplicationForm) {
			chosen := posted(c)[views.KnownID]
			if msg := useKnown(f, chosen); msg != "" {
				f.Ticked, f.Errors = chosen, map[string]string{views.KnownID: msg}
			}
		})
	}
	var form views.LOAApplicationForm
	h.fillPosted(c, &form)
	if bad := unprintable(c); len(bad) > 0 {
		return answer(http.StatusUnprocessableEntity, func(f *views.LOAApplicationForm) { f.Errors = bad })
	}
	in := store.NewLOAApplication{
		CompanyName: form.CompanyName, ConstructionCompany: form.ConstructionCompany, ConstructionType: form.ConstructionType, OtherType: form.OtherType,
		ScheduledAt: form.ScheduledAt, Location: form.Location, Bandwidth: form.Bandwidth, RemoteHands: form.Visit == views.VisitRemoteHands, MaySubDelegate: form.MaySubDelegate,
	}
	for _, e := range form.Engineers {
		in.Engineers = append(in.Engineers, store.Engineer{Name: e.Name, Gender: e.Gender, IDType: e.IDType, IDNumber: e.IDNumber, Contact: e.Contact})
	}
	err = h.Store.ApplyForLOA(ctx, actor, conn.ID, rev(c), in)
	if err == nil {
		return h.done(c, paths.Interface(conn.ID), views.Flash{Tone: ui.ToneOK, Text: "Your application was sent. The interface is in the In Application state.",
			LinkText: applicationTitle, Href: paths.LOAApplication(conn.ID)})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	return answer(status, func(f *views.LOAApplicationForm) {
		f.Errors = fields
		if len(fields) == 0 {
			f.Conflict = msg
		}
	})
}

// fillPosted fills the form in as it was sent. Engineers keep the order of
// their numbers; a form that was tampered with gets one row too many at most,
// which the store then refuses.
func (h *Handlers) fillPosted(c echo.Context, form *views.LOAApplicationForm) {
	form.Key = keptKey(c)
	form.CompanyName, form.ConstructionCompany = value(c, "company_name"), value(c, "construction_company")
	form.ConstructionType, form.OtherType = value(c, "construction_type"), value(c, "other_type")
	form.ScheduledAt, form.Location, form.Bandwidth = value(c, "scheduled_at"), value(c, "location"), value(c, "bandwidth")
	form.MaySubDelegate = ticked(c, "may_sub_delegate")
	form.Visit = views.VisitEngineers
	if value(c, "visit") == views.VisitRemoteHands {
		form.Visit = views.VisitRemoteHands
	}
	form.Engineers = nil
	for n := range rows(c, "engineer-", "-name", store.MaxEngineers+1) {
		field := func(part string) string { return value(c, store.EngineerField(n, part)) }
		form.Engineers = append(form.Engineers, views.Engineer{Name: field("name"), Gender: field("gender"), IDType: field("id_type"), IDNumber: field("id_number"), Contact: field("contact")})
	}
}

// rows is how many rows of a repeated group were posted, numbered from 0
// without a gap: fields that begin and end like this.
func rows(c echo.Context, before, after string, most int) int {
	n := 0
	for n < most && posted(c).Has(before+strconv.Itoa(n)+after) {
		n++
	}
	return n
}

func (h *Handlers) loaFormPage(c echo.Context, conn store.Connection, status int, form views.LOAApplicationForm) error {
	p := h.page(c, applyLOATitle, aboutInterface(conn)...)
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.LOAApplicationFormPage(p, form))
}

// ShowLOAApplication is View Application.
func (h *Handlers) ShowLOAApplication(c echo.Context) error {
	ctx := c.Request().Context()
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	last, err := h.Store.Application(ctx, conn.ID)
	if err != nil {
		return err
	}
	if last == nil {
		n := views.NotNow{Interface: h.readBy(c, conn), Title: "No application was sent yet", Text: "There is nothing to view."}
		if lifecycle.Can(conn.Stage, lifecycle.ApplyForLOA, roleOf(c)) {
			n.Text, n.LinkText, n.Href = "Tell us who installs the line and when.", applyLOATitle, paths.NewLOAApplication(conn.ID)
		}
		return h.render(c, http.StatusNotFound, views.NotNowPage(h.page(c, applicationTitle, aboutInterface(conn)...), n))
	}
	all, err := h.Store.Applications(ctx, conn.ID)
	if err != nil {
		return err
	}
	v := views.LOAApplication{Interface: h.readBy(c, conn), Version: last.Version, CompanyName: last.CompanyName, ConstructionCompany: last.ConstructionCompany,
		ConstructionType: last.TypeLabel(), Location: last.Location, ScheduledAt: last.ScheduledAt, RemoteHands: last.RemoteHands, MaySubDelegate: last.MaySubDelegate, Engineers: engineerViews(last.Engineers)}
	if last.BandwidthMbps > 0 {
		v.Bandwidth = strconv.Itoa(last.BandwidthMbps) + " Mbps"
	}
	for _, a := range all {
		version := views.LOAVersion{Version: a.Version, SubmittedAt: a.SubmittedAt, SubmittedBy: a.SubmittedBy, Status: a.Status, DecidedAt: a.DecidedAt}
		for _, field := range store.RejectionFields() {
			if text := a.Reasons[field]; text != "" {
				version.Reasons = append(version.Reasons, store.RejectionText(field, text))
			}
		}
		v.Versions = append(v.Versions, version)
	}
	return h.render(c, http.StatusOK, views.LOAApplicationPage(h.page(c, applicationTitle, aboutInterface(conn)...), v))
}

// ConfirmWithdrawal asks whether the application is really taken back.
func (h *Handlers) ConfirmWithdrawal(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	status, w := http.StatusOK, views.LOAWithdrawal{Interface: h.readBy(c, conn), Key: formKey()}
	if !lifecycle.Can(conn.Stage, lifecycle.WithdrawApplication, roleOf(c)) {
		status, w.Conflict = http.StatusConflict, conn.Title()+" is in the "+conn.Stage.Label()+" state now, so there is no application to withdraw."
	}
	return h.withdrawalPage(c, conn, status, w)
}

// WithdrawApplication takes the application back.
func (h *Handlers) WithdrawApplication(c echo.Context) error {
	ctx := c.Request().Context()
	actor := h.actor(c)
	id := c.Param("id")
	err := h.Store.WithdrawApplication(ctx, actor, id, rev(c))
	if err == nil {
		return h.done(c, paths.Interface(id), views.Flash{Tone: ui.ToneOK, Text: "The application was withdrawn. The interface is in the To Apply for LOA state.",
			LinkText: applyLOATitle, Href: paths.NewLOAApplication(id)})
	}
	status, _, msg, ok := refused(err)
	if !ok {
		return err
	}
	conn, err := h.Store.Connection(ctx, actor, id)
	if err != nil {
		return err
	}
	return h.withdrawalPage(c, conn, status, views.LOAWithdrawal{Interface: h.readBy(c, conn), Key: keptKey(c), Conflict: msg})
}

func (h *Handlers) withdrawalPage(c echo.Context, conn store.Connection, status int, w views.LOAWithdrawal) error {
	if reqctx.IsPartial(c.Request()) {
		return h.render(c, status, views.LOAWithdrawalPage(views.Page{}, true, w)) // sentences wait for the next page
	}
	p := h.page(c, withdrawTitle, append(aboutInterface(conn), views.Crumb{Label: applicationTitle, Href: paths.LOAApplication(conn.ID)})...)
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.LOAWithdrawalPage(p, false, w))
}

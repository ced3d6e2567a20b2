package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/loapdf"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// reviewQueue is which applications a reviewer goes through. The filter of the
// list, its tokens and the pages of its applications all say it in the address.
type reviewQueue struct {
	views.ReviewQueue
	account store.Account // that is meant; the zero account for all
	// problem says why it is not clear which account is meant.
	problem *views.FilterProblem
}

// reviewSoon is how far ahead of its due time a review is due soon.
const reviewSoon = 24 * time.Hour

// reviewQueue reads which applications the address asks for. Whatever it does
// not know counts as not asked.
func (h *Handlers) reviewQueue(c echo.Context) (q reviewQueue, err error) {
	param := func(name string) string { return shortened(clean(c, name, c.QueryParam(name), false), queryLimit) }
	q.Account, q.Age = strings.TrimSpace(param("account")), param("age")
	region, _ := h.Store.Catalogue().Region(param("region"))
	q.Region = region.ID
	if views.ReviewAgeWords(q.Age) == "" {
		q.Age = ""
	}
	if q.Account == "" {
		return q, nil
	}
	q.account, q.problem, err = h.accountCalled(c.Request().Context(), q.Account, func(id string) string {
		return q.in(c.QueryParam("view"), func(o *views.ReviewQueue) { o.Account = id })
	})
	return q, err
}

// in is the list in a view after a change of the filter.
func (q reviewQueue) in(view string, change func(*views.ReviewQueue)) string {
	next := q.ReviewQueue
	if change != nil {
		change(&next)
	}
	return next.On(paths.With(paths.AdminLOAs, "view", view))
}

// page is the page of an application of the queue.
func (q reviewQueue) page(id string) string { return q.On(paths.AdminLOA(id)) }

// filter is what the store is asked for at now. An account that is not clear
// keeps nothing out: the list shows nothing then, and the pages of
// applications, which somebody opened from another list, go through all.
func (q reviewQueue) filter(now time.Time) store.QueueFilter {
	f := store.QueueFilter{AccountID: q.account.ID, Region: q.Region}
	switch q.Age {
	case views.ReviewLate:
		f.DueBefore = now
	case views.ReviewSoon:
		f.DueFrom, f.DueBefore = now, now.Add(reviewSoon)
	case views.ReviewLater:
		f.DueFrom = now.Add(reviewSoon)
	case views.ReviewUndated:
		f.Undated = true
	}
	return f
}

// ListLOAs lists the applications that wait for a review, by due time; its
// other views list what was approved and what was rejected.
func (h *Handlers) ListLOAs(c echo.Context) error {
	q, err := h.reviewQueue(c)
	if err != nil {
		return err
	}
	l := views.LOAList{View: c.QueryParam("view")}
	stage := lifecycle.InApplication
	switch l.View {
	case views.LOAsApproved:
		stage = lifecycle.ApprovedLOA
	case views.LOAsRejected:
		stage = lifecycle.LOARejected
	default:
		l.View = views.LOAsOpen
	}
	if l.View != views.LOAsOpen {
		q.Age = "" // the due time is that of the review
	}
	counts, err := h.Store.StageCounts(c.Request().Context(), q.account.ID)
	if err != nil {
		return err
	}
	h.reviewToolbar(q, counts, &l)
	if l.Problem = q.problem; l.Problem == nil {
		if err := h.reviewRows(c, q, stage, counts[stage], &l); err != nil {
			return err
		}
	}
	return h.render(c, http.StatusOK, views.LOAsPage(h.page(c, "LOA applications"), l))
}

// reviewToolbar fills in what does not depend on the rows. The numbers of the
// views are those of the account, or of all accounts, as counters tell them; of
// one region nobody keeps a number.
func (h *Handlers) reviewToolbar(q reviewQueue, counts store.StageCounts, l *views.LOAList) {
	for _, tab := range []struct {
		view, label string
		stage       lifecycle.Stage
	}{{views.LOAsOpen, "Open", lifecycle.InApplication}, {views.LOAsApproved, "Approved", lifecycle.ApprovedLOA}, {views.LOAsRejected, "Rejected", lifecycle.LOARejected}} {
		n := counts[tab.stage]
		if q.Region != "" || q.problem != nil {
			n = -1
		}
		l.Tabs = append(l.Tabs, ui.ViewTab{Label: tab.label, Href: q.in(tab.view, func(o *views.ReviewQueue) { o.Age = "" }), Count: n, Current: tab.view == l.View})
	}
	cat := h.Store.Catalogue()
	l.Clear = paths.With(paths.AdminLOAs, "view", l.View)
	l.Account = ui.Control{ID: "loa-account", Name: "account", Label: "Account", Type: "search", Value: q.Account, Placeholder: "Account: name or ID", MaxLength: queryLimit}
	l.Region = ui.Control{Name: "region", Label: "Region", Value: q.Region, Options: []ui.Option{{Label: "All regions"}}}
	for _, r := range cat.Regions() {
		l.Region.Options = append(l.Region.Options, ui.Option{Value: r.ID, Label: r.Name})
	}
	if l.View == views.LOAsOpen {
		l.Age = ui.Control{Name: "age", Label: "Age", Value: q.Age, Options: views.ReviewAges()}
	}
	token := func(text string, change func(*views.ReviewQueue)) {
		l.Tokens = append(l.Tokens, ui.Token{Text: text, Href: q.in(l.View, change)})
	}
	if q.Account != "" {
		token("Account: "+cmp.Or(q.account.Name, q.Account), func(o *views.ReviewQueue) { o.Account = "" })
	}
	if region, ok := cat.Region(q.Region); ok {
		token("Region: "+region.Name, func(o *views.ReviewQueue) { o.Region = "" })
	}
	if q.Age != "" {
		token("Age: "+views.ReviewAgeWords(q.Age), func(o *views.ReviewQueue) { o.Age = "" })
	}
}

// reviewRows fills in one page of applications and how many there are: a fixed
// number of statements, whatever its length. total is how many are in the stage
// when no region and no age is asked for.
func (h *Handlers) reviewRows(c echo.Context, q reviewQueue, stage lifecycle.Stage, total int, l *views.LOAList) error {
	ctx := c.Request().Context()
	var items []store.Connection
	var next string
	more := false
	after := shortened(c.QueryParam("after"), 2*queryLimit)
	read := func() (err error) {
		if stage == lifecycle.InApplication {
			items, next, err = h.Store.QueuePage(ctx, stage, q.filter(h.Store.Now()), after, queuePage)
			return err
		}
		items, next, err = h.Store.DecidedPage(ctx, stage, q.filter(h.Store.Now()), after, queuePage)
		return err
	}
	err := read()
	if store.KindOf(err) == store.Invalid { // a cursor nobody gave out
		after = ""
		err = read()
	}
	count := h.Store.QueueCount
	if stage != lifecycle.InApplication {
		count = h.Store.DecidedCount
	}
	if err == nil && (q.Region != "" || q.Age != "") {
		total, more, err = count(ctx, stage, q.filter(h.Store.Now()))
	}
	if err != nil {
		return err
	}
	all, err := h.staffViews(ctx, items)
	if err != nil {
		return err
	}
	known := make([]review, len(items))
	var decided map[string]store.LOAApplication
	if stage == lifecycle.InApplication {
		known, err = h.reviews(ctx, items)
	} else {
		decided, err = h.Store.NewestApplications(ctx, items)
	}
	if err != nil {
		return err
	}
	for i, it := range items {
		row := views.LOARow{Interface: all[i], Waiting: h.waiting(it), Href: q.page(it.ID), Checks: known[i].Checks}
		if a := decided[it.ID]; !a.DecidedAt.IsZero() {
			row.DecidedAt, row.DecidedBy = a.DecidedAt, a.DecidedBy
		}
		if stage == lifecycle.InApplication {
			row.Soon = views.SoonText(it.ScheduledAt, h.Store.Now(), all[i].Zone)
		}
		l.Rows = append(l.Rows, row)
	}
	l.Count = views.ApplicationsCount(totalText(total, more), total == 1)
	l.Pages = keysetPages(q.in(l.View, nil), after, next)
	l.Pages.Summary = l.Count
	return nil
}

// ReviewLOA is the page of one application.
func (h *Handlers) ReviewLOA(c echo.Context) error {
	return h.reviewPage(c, http.StatusOK, views.ReviewForm{}, "")
}

// ApproveLOA issues the letter: the store fixes what it says, the view prints
// it, the store keeps the bytes. Then it goes on to the next application.
func (h *Handlers) ApproveLOA(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.ReviewForm{Port: value(c, "port"), Note: multiline(c, "note"), ValidFrom: value(c, "valid_from"), Looked: ticked(c, "looked")}
	form.Errors = unprintable(c)
	by, id, seen := h.actor(c), c.Param("id"), rev(c)
	before, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	// Somebody who is late, or sends the form again, is told so instead of
	// being asked for a tick about a page that is no longer true.
	if before.Stage == lifecycle.InApplication && (seen == 0 || seen == before.Version) {
		review, err := h.review(ctx, before)
		if err != nil {
			return err
		}
		if review.Blocked != "" {
			form.Errors["checks"] = review.Blocked
		} else if review.Warnings > 0 && !form.Looked {
			form.Errors["looked"] = "Tick that you looked at the warning"
		}
	}
	if len(form.Errors) > 0 {
		return h.reviewPage(c, http.StatusUnprocessableEntity, form, "")
	}
	no, err := h.issue(ctx, by, id, seen, form)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.reviewPage(c, status, form, conflictOnly(status, msg))
	}
	if err != nil {
		return err
	}
	flash := views.Flash{Tone: ui.ToneOK, Text: no + " approved.", LinkText: "View LOA", Href: paths.AdminLOA(id)}
	if l, err := h.Store.LOA(ctx, id); err != nil {
		return err
	} else if l != nil {
		flash.Text = l.Snapshot.Title() + " approved. Port " + l.Snapshot.Port + " of " + l.Snapshot.Device + " is reserved."
	}
	return h.nextReview(c, before, flash)
}

// nextReview goes on to the application that comes after a decided one in the
// reviewer's queue, or to the list when none is left in it.
func (h *Handlers) nextReview(c echo.Context, decided store.Connection, flash views.Flash) error {
	queue, err := h.reviewQueue(c)
	if err != nil {
		return err
	}
	return h.nextJob(c, lifecycle.InApplication, queue.filter(h.Store.Now()), decided, queue.in(views.LOAsOpen, nil), queue.page, flash)
}

// issue drafts, prints and issues the letter, and returns its number. What
// cannot be printed becomes an Invalid error with the place to look at.
func (h *Handlers) issue(ctx context.Context, by store.Actor, id string, seen int, form views.ReviewForm) (string, error) {
	draft, err := h.Store.PrepareLOA(ctx, by, id, seen, store.Approval{PortID: form.Port, Note: form.Note, ValidFrom: form.ValidFrom})
	if err != nil {
		return "", err
	}
	return h.issueDraft(ctx, by, draft)
}

// issueDraft prints and issues a letter that is drafted.
func (h *Handlers) issueDraft(ctx context.Context, by store.Actor, draft store.Draft) (string, error) {
	if no := draft.Issued(); no != "" {
		return no, nil // this very form was answered before
	}
	keys := h.Store.LetterKeys()
	if err := keys.Check(h.Store.Now()); err != nil {
		return "", &store.Error{Kind: store.Conflict, Msg: "No letter can be signed: " + err.Error() + ". An administrator has to look at it. Nothing was changed.", Err: err}
	}
	pdf, err := loapdf.Print(draft.Snapshot, keys)
	if err != nil {
		if field, msg := unprintableLetter(draft.Snapshot, err); field != "" {
			return "", &store.Error{Kind: store.Invalid, Msg: msg, Fields: map[string]string{field: msg}, Err: err}
		}
		return "", err
	}
	return h.Store.IssueLOA(ctx, by, draft, pdf)
}

// unprintableLetter says in words, and at which part of the page, why a letter
// cannot be printed; field is "" when it is not for a reviewer to mend.
func unprintableLetter(s letter.Snapshot, err error) (field, msg string) {
	mend := "Reject the application with this reason."
	if s.Reason != "" {
		mend = "Ask an administrator to look at it." // a letter was issued for the application already
	}
	var glyphs *loapdf.MissingGlyphError
	if errors.As(err, &glyphs) {
		signs := make([]string, len(glyphs.Runes))
		for i, r := range glyphs.Runes {
			signs[i] = string(r)
		}
		what := "The letter cannot print " + strings.Join(signs, " ")
		// A new version lists what changed: the text that cannot be printed may only quote the note.
		switch typed := string(glyphs.Runes); {
		case strings.ContainsAny(s.Note, typed):
			return "note", what + ". Write the note without it."
		case strings.ContainsAny(s.Reason, typed):
			return "reason", what + ". Write the reason without it."
		}
		field = "line"
		for _, name := range s.Engineers {
			if strings.Contains(name, glyphs.Text) {
				field = "engineers"
			}
		}
		return field, what + " in " + glyphs.Text + ". " + mend
	}
	var invalid *letter.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
		return "", ""
	}
	switch p := invalid.Problems[0]; p.Field {
	case "ExpiresAt":
		return "checks", "The letter would expire before the scheduled construction time. " + mend
	case "Note":
		return "note", "Remove the characters that cannot be printed"
	case "Engineers":
		return "engineers", "The field engineers " + p.Text + ". " + mend
	default:
		return "checks", "The letter cannot be issued: " + p.Field + " " + p.Text + ". Ask an administrator to look at it."
	}
}

// MovePort puts an interface on another port before its letter is issued.
func (h *Handlers) MovePort(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.ReviewForm{Port: value(c, "port"), Reason: multiline(c, "reason")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.reviewPage(c, http.StatusUnprocessableEntity, form, "")
	}
	id := c.Param("id")
	err := h.Store.MovePort(ctx, h.actor(c), id, rev(c), form.Port, form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.reviewPage(c, status, form, conflictOnly(status, msg))
	}
	if err != nil {
		return err
	}
	port, err := h.Store.PortOf(ctx, id)
	if err != nil || port == nil {
		return errors.Join(err, h.done(c, paths.AdminLOA(id)))
	}
	return h.done(c, paths.AdminLOA(id), views.Flash{Tone: ui.ToneOK, Text: id + " is on port " + h.place(*port).PortLine() + " now. The customer is told."})
}

// StaffLOADocument is the stored letter as a PDF.
func (h *Handlers) StaffLOADocument(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	return h.sendLOA(c, conn.ID)
}

// review is what is known of an application when it is decided.
type review struct {
	Checks   []ui.Check
	Warnings int
	Blocked  string
	App      *store.LOAApplication
	Port     *store.Port
	// Avoid is the device of the redundant partner at the same access point.
	Avoid string
}

// review reads an application and checks it.
func (h *Handlers) review(ctx context.Context, conn store.Connection) (review, error) {
	all, err := h.reviews(ctx, []store.Connection{conn})
	if err != nil {
		return review{}, err
	}
	return all[0], nil
}

// reviews reads the applications of interfaces and checks them: a fixed number
// of statements, whatever their number.
func (h *Handlers) reviews(ctx context.Context, items []store.Connection) ([]review, error) {
	applications, err := h.Store.NewestApplications(ctx, items)
	if err != nil {
		return nil, err
	}
	partners, err := h.Store.Partners(ctx, items)
	if err != nil {
		return nil, err
	}
	holders := slices.Clone(items)
	var accounts, listed []string
	for _, conn := range items {
		if p, ok := partners[conn.ID]; ok && p.AccessPointID == conn.AccessPointID {
			holders = append(holders, store.Connection{ID: p.ID})
		}
		accounts = append(accounts, conn.AccountID)
		if conn.Spec.NeedsWhitelist() {
			listed = append(listed, conn.AccountID)
		}
	}
	ports, err := h.Store.PortsHeld(ctx, holders)
	if err != nil {
		return nil, err
	}
	orders, err := h.Store.InstallationOrders(ctx, items)
	if err != nil {
		return nil, err
	}
	requests, err := h.Store.Whitelists(ctx, listed)
	if err != nil {
		return nil, err
	}
	names, err := h.Store.AccountNames(ctx, accounts)
	if err != nil {
		return nil, err
	}
	port := func(id string) *store.Port {
		if p, ok := ports[id]; ok {
			return &p
		}
		return nil
	}
	out := make([]review, len(items))
	for i, conn := range items {
		r := &out[i]
		r.Port = port(conn.ID)
		var partner *store.PartnerRef
		var partnerPort *store.Port
		if p, ok := partners[conn.ID]; ok {
			partner = &p
			if p.AccessPointID == conn.AccessPointID {
				if partnerPort = port(p.ID); partnerPort != nil {
					r.Avoid = partnerPort.Device
				}
			}
		}
		app, ok := applications[conn.ID]
		if !ok {
			continue
		}
		r.App = &app
		if conn.Stage != lifecycle.InApplication {
			continue
		}
		k := checks{now: h.Store.Now(), zone: h.Store.Catalogue().Zone(conn.Region), r: r}
		ap, _ := h.Store.Catalogue().AccessPoint(conn.AccessPointID)
		k.fee(orders[conn.ID])
		if conn.Spec.NeedsWhitelist() {
			k.whitelist(store.WhitelistState(requests[conn.AccountID], conn.Region, conn.Spec, k.now), conn.Spec)
		}
		k.construction(app)
		k.visitors(app, ap.Visitor)
		k.company(app.CompanyName, names[conn.AccountID])
		k.schedule(app, conn, ap)
		k.redundancy(conn, partner, r.Port, partnerPort, h.Store.Catalogue())
		k.facility(ap)
	}
	return out, nil
}

// checks collects what a reviewer has to know before the decision.
type checks struct {
	now  time.Time
	zone *time.Location
	r    *review
}

func (k checks) add(tone, text, sub string) {
	k.r.Checks = append(k.r.Checks, ui.Check{Tone: tone, Text: text, Sub: sub})
	if tone == ui.ToneWarn || tone == ui.ToneBad {
		k.r.Warnings++
	}
}

// block adds a check that keeps the letter from being issued at all.
func (k checks) block(text, sub string) {
	k.add(ui.ToneBad, text, sub)
	if k.r.Blocked == "" {
		k.r.Blocked = text
	}
}

// fee checks the order of the installation fee; the zero order is none.
func (k checks) fee(o store.Order) {
	if o.State == "paid" {
		k.add(ui.ToneOK, "Installation fee paid", "Order "+o.No+", "+o.Amount.String())
		return
	}
	k.block("The installation fee is not paid", "")
}

func (k checks) whitelist(w *store.WhitelistRequest, spec catalog.Spec) {
	switch {
	case w == nil || !w.Active(k.now):
		k.add(ui.ToneWarn, "Account is not on the whitelist for "+spec.Label()+" now", "")
	case w.Until.IsZero():
		k.add(ui.ToneOK, "Account is on the whitelist for "+spec.Label(), "Without an end date")
	default:
		k.add(ui.ToneOK, "Account is on the whitelist for "+spec.Label(), "Until "+ui.FormatDay(w.Until, k.zone))
	}
}

func (k checks) construction(a store.LOAApplication) {
	if a.ConstructionType == "Others" {
		k.add(ui.ToneWarn, "Construction Type is "+a.TypeLabel(), "Make sure that it is not SDH")
		return
	}
	k.add(ui.ToneOK, "Construction Type is "+a.TypeLabel()+", not SDH", "")
}

// visitors checks the field engineers against what the facility needs to know
// of them.
func (k checks) visitors(a store.LOAApplication, policy catalog.VisitorPolicy) {
	if a.RemoteHands {
		k.add(ui.ToneOK, "Nobody visits: the facility's own remote hands do the work", "")
		return
	}
	var missing []string
	for _, e := range a.Engineers {
		if e.Contact == "" || policy.Gender && e.Gender == "" || policy.IDType && e.IDType == "" || policy.IDNumber && e.IDLast4 == "" {
			missing = append(missing, e.Name)
		}
	}
	with := []string{}
	if policy.Gender {
		with = append(with, "a gender")
	}
	if policy.IDNumber {
		with = append(with, "an ID number")
	}
	with = append(with, "a phone number")
	words := strconv.Itoa(len(a.Engineers)) + " field engineers, each with "
	if len(a.Engineers) == 1 {
		words = "1 field engineer, with "
	}
	switch {
	case len(a.Engineers) == 0:
		k.add(ui.ToneWarn, "No field engineer is named", "")
	case len(missing) > 0:
		k.add(ui.ToneWarn, "The facility needs more about some field engineers", strings.Join(missing, ", "))
	default:
		k.add(ui.ToneOK, words+joinAnd(with), "")
	}
}

func joinAnd(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func (k checks) company(applied, account string) {
	if strings.EqualFold(strings.Join(strings.Fields(applied), " "), strings.Join(strings.Fields(account), " ")) {
		k.add(ui.ToneOK, "Company name is the account name", "")
		return
	}
	k.add(ui.ToneWarn, "Company name differs from the account name", "Application: "+strings.TrimRight(applied, ".")+". Account: "+account)
}

func (k checks) schedule(a store.LOAApplication, conn store.Connection, ap catalog.AccessPoint) {
	at := ui.FormatStamp(a.ScheduledAt, k.zone)
	soon := views.SoonText(a.ScheduledAt, k.now, k.zone)
	switch {
	case a.ScheduledAt.Before(k.now):
		k.add(ui.ToneWarn, "The scheduled construction time has passed", at)
	case a.ScheduledAt.After(k.now.AddDate(0, 0, ap.LOADays)):
		k.add(ui.ToneInfo, "The letter will be valid longer than usual, beyond the scheduled construction time", at+". Letters for this access point are usually valid for "+strconv.Itoa(ap.LOADays)+" days")
	case !conn.DueAt.IsZero() && a.ScheduledAt.Before(conn.DueAt):
		k.add(ui.ToneWarn, "Scheduled before the review is due", at+". Review due "+ui.FormatStamp(conn.DueAt, k.zone))
	case soon != "":
		k.add(ui.ToneWarn, "Scheduled soon: "+strings.ToLower(soon), at)
	default:
		k.add(ui.ToneOK, "There is time until the construction", at)
	}
}

func (k checks) redundancy(conn store.Connection, partner *store.PartnerRef, own, other *store.Port, cat *catalog.Catalogue) {
	switch {
	case partner == nil:
		k.add(ui.ToneInfo, "No redundant connection, so any device may be used", "")
	case partner.AccessPointID != conn.AccessPointID:
		k.add(ui.ToneInfo, "Redundant to "+partner.Title+" at another access point, so any device may be used", "")
	case other == nil || own == nil:
		k.add(ui.ToneInfo, "Redundant to "+partner.Title+" at the same access point, which holds no port yet", "")
	case own.Device == other.Device:
		k.add(ui.ToneBad, "On the same access device as its redundant connection "+partner.Title, "Select a port of another device")
	default:
		a, _ := cat.Device(own.Device)
		b, _ := cat.Device(other.Device)
		k.add(ui.ToneOK, "Redundant to "+partner.Title+" at the same access point, on another access device", a.Name+" and "+b.Name)
	}
}

func (k checks) facility(ap catalog.AccessPoint) {
	if ap.FacilityName == "" || ap.Address == "" {
		k.block("The facility's name or address is missing in the catalogue", "An administrator adds it to the access point")
		return
	}
	k.add(ui.ToneOK, "Facility and address are known", ap.FacilityName+", "+ap.Address)
}

// reviewPage shows an application with its form as it was sent, over what the
// store says now.
func (h *Handlers) reviewPage(c echo.Context, status int, form views.ReviewForm, conflict string) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	conn, shown, err := h.staffConnection(c)
	if err != nil {
		return err
	}
	known, err := h.review(ctx, conn)
	if err != nil {
		return err
	}
	queue, err := h.reviewQueue(c)
	if err != nil {
		return err
	}
	v := views.Review{Interface: shown, Queue: queue.ReviewQueue, Open: lifecycle.Can(conn.Stage, lifecycle.Approve, user.Role), Checks: known.Checks, Form: form, Conflict: conflict}
	if v.Tickets, err = h.openTickets(ctx, conn.ID, roleOf(c)); err != nil {
		return err
	}
	if v.Notes, err = h.noteLine(c, conn); err != nil {
		return err
	}
	if known.Blocked != "" {
		v.Blocked = "Reject the application: a check failed."
	}
	v.Form.Key = keptKey(c)
	v.CanMove = lifecycle.Can(conn.Stage, lifecycle.MovePort, user.Role) && known.Port != nil
	v.CanRevoke = lifecycle.Can(conn.Stage, lifecycle.RevokeLOA, user.Role)
	if v.Open {
		before, after, err := h.Store.QueueNeighbors(ctx, lifecycle.InApplication, queue.filter(h.Store.Now()), conn)
		if err != nil {
			return err
		}
		if before != "" {
			v.Prev = queue.page(before)
		}
		if after != "" {
			v.Next = queue.page(after)
		}
	}
	zone := v.Interface.Zone
	if known.App != nil {
		h.reviewApplication(&v, *known.App, user.Role)
		v.Sub = "Sent " + ui.FormatStamp(known.App.SubmittedAt, zone) + " by " + known.App.SubmittedBy + "."
		if v.Open {
			v.Sub += " Waiting for " + views.Age(known.App.SubmittedAt, h.Store.Now()) + "."
			if late := v.Interface.Late(); late != "" {
				v.Sub += " Due " + ui.FormatStamp(conn.DueAt, zone) + ", " + strings.ToLower(late) + "."
			}
		}
	}
	if v.History, err = h.pastApplications(ctx, conn, zone); err != nil {
		return err
	}
	events, err := h.Store.Timeline(ctx, conn.ID)
	if err != nil {
		return err
	}
	for _, e := range events {
		v.Events = append(v.Events, staffEvent(e, zone))
	}
	if v.CanMove {
		if v.Map, err = h.portMap(ctx, conn, known, form); err != nil {
			return err
		}
		place := h.place(*known.Port)
		v.MapHint = "Reserved now: " + place.PortLine() + ", " + place.Demarcation() + ". Gray ports are in use or reserved. Only ports that match " + conn.PortType.Info().Short + " are shown."
	}
	if !v.Open { // while an application is open, an earlier letter is history
		l, err := h.Store.LOA(ctx, conn.ID)
		if err != nil {
			return err
		}
		if l != nil {
			v.Letter = reviewLetter(*l, h.Store.Now())
		}
	}
	p := h.page(c, "Review LOA application", views.Crumb{Label: "LOA applications", Href: queue.in(views.LOAsOpen, nil)})
	p.Failed = status == http.StatusUnprocessableEntity
	if n := len(p.Crumbs); n > 0 {
		p.Crumbs[n-1].Label = conn.Title()
	}
	return h.render(c, status, views.ReviewPage(p, v))
}

func (h *Handlers) reviewApplication(v *views.Review, a store.LOAApplication, role lifecycle.Role) {
	v.Application = &views.ReviewApplication{CompanyName: a.CompanyName, ConstructionCompany: a.ConstructionCompany, ConstructionType: a.TypeLabel(),
		ScheduledAt: a.ScheduledAt, Zone: v.Interface.Zone, Location: a.Location, MaySubDelegate: a.MaySubDelegate}
	if a.BandwidthMbps > 0 {
		v.Application.Bandwidth = strconv.Itoa(a.BandwidthMbps) + " Mbps"
	}
	v.RemoteHands = a.RemoteHands
	for i, e := range a.Engineers {
		one := views.ReviewEngineer{Name: e.Name, Gender: genderLabel(e.Gender), IDType: idTypeLabel(e.IDType), Contact: e.Contact}
		if e.IDLast4 != "" {
			one.Masked = "••••" + e.IDLast4
			if one.Kept = true; lifecycle.May(lifecycle.RevealIDNumbers, role) {
				one.Reveal = paths.AdminIDNumber(v.Interface.ID, strconv.Itoa(i+1))
			}
		}
		v.Engineers = append(v.Engineers, one)
	}
}

func genderLabel(g string) string {
	switch g {
	case "male":
		return "Male"
	case "female":
		return "Female"
	case "other":
		return "Other"
	}
	return ""
}

func idTypeLabel(t string) string {
	switch t {
	case "id_card":
		return "ID card"
	case "passport":
		return "Passport"
	case "other":
		return "Other"
	}
	return ""
}

// pastApplications are the earlier versions of an application, newest first.
func (h *Handlers) pastApplications(ctx context.Context, conn store.Connection, zone *time.Location) ([]views.PastApplication, error) {
	applications, err := h.Store.Applications(ctx, conn.ID)
	if err != nil {
		return nil, err
	}
	var out []views.PastApplication
	for _, a := range applications {
		if a.Status == "open" {
			continue
		}
		past := views.PastApplication{Version: a.Version, Company: a.CompanyName, State: "Withdrawn", Tone: ui.ToneIdle,
			Sent: "Sent " + ui.FormatStamp(a.SubmittedAt, zone) + " by " + a.SubmittedBy}
		switch a.Status {
		case "approved":
			past.State, past.Tone = "Approved", ui.ToneOK
		case "rejected":
			past.State, past.Tone = "Rejected", ui.ToneBad
		case "canceled":
			past.State = "Canceled"
		}
		if !a.DecidedAt.IsZero() {
			past.Decided = past.State + " " + ui.FormatStamp(a.DecidedAt, zone) + " by " + a.DecidedBy
		}
		for _, field := range store.RejectionFields() {
			if reason := a.Reasons[field]; reason != "" {
				past.Reasons = append(past.Reasons, ui.Pair{Term: store.RejectionLabel(field), Value: reason})
			}
		}
		out = append(out, past)
	}
	return out, nil
}

func staffEvent(e store.Event, zone *time.Location) ui.Event {
	detail := e.Detail
	if e.Reason != "" {
		detail = strings.TrimPrefix(detail+". "+e.Reason, ". ")
	}
	actor := e.ActorName
	if e.ActorRole.IsStaff() {
		actor += ", " + strings.ToLower(e.ActorRole.Label())
	}
	return ui.Event{Text: views.AuditWords(e.Action), Detail: detail, Tone: views.EventTone(e.Action), At: e.At, When: ui.FormatStamp(e.At, zone), Actor: actor}
}

func reviewLetter(l store.LOA, now time.Time) *views.ReviewLetter {
	s, status := l.Snapshot, l.StatusAt(now)
	return &views.ReviewLetter{Title: s.Title(), State: status.Label(), Tone: views.StatusTone(status), Issued: s.FormatTime(l.IssuedAt) + " by " + l.IssuedBy, Expires: s.FormatTime(l.ExpiresAt), Company: s.CompanyName,
		Port: s.Port + " of " + s.Device, Demarcation: s.Room + ", cabinet " + s.Cabinet + ", " + s.Panel + ", position " + s.Position, SHA256: l.SHA256, PDF: paths.AdminLOADocument(l.ConnectionID), Page: paths.AdminLetter(l.ConnectionID)}
}

// differentDevices is the sentence of the source on redundant connections.
const differentDevices = "Redundant connections are allocated to different access devices."

// portMap draws the ports of the interface's type at its access point. What was
// chosen stays chosen as long as it is free; else the port that the interface
// holds is.
func (h *Handlers) portMap(ctx context.Context, conn store.Connection, known review, form views.ReviewForm) (views.PortMap, error) {
	m := views.PortMap{Name: "port", LabelID: "allocate", Error: form.Errors["port"]}
	chosen := known.Port.ID
	for _, d := range h.Store.Catalogue().Devices(conn.AccessPointID) {
		ports, err := h.Store.Ports(ctx, d.ID)
		if err != nil {
			return m, err
		}
		device := views.PortMapDevice{Name: d.Name, Where: d.Room + ", cabinet " + d.Cabinet}
		if d.ID == known.Avoid && d.ID != known.Port.Device {
			device.Off = differentDevices
		}
		for _, p := range ports {
			if p.Type != conn.PortType {
				continue
			}
			own := p.ConnectionID == conn.ID
			one := views.PortMapPort{ID: p.ID, Number: p.Number, Place: p.Name + ", " + p.Panel + ", position " + h.Store.PositionWords(p), State: portState(p.State), Free: own || p.State == store.PortFree}
			if own {
				one.State = "reserved for this interface"
			}
			if p.ID == form.Port && one.Free && device.Off == "" {
				chosen = p.ID
			}
			device.Ports = append(device.Ports, one)
		}
		if len(device.Ports) > 0 {
			m.Devices = append(m.Devices, device)
		}
	}
	for i := range m.Devices {
		for j := range m.Devices[i].Ports {
			p := &m.Devices[i].Ports[j]
			p.Chosen = p.ID == chosen
		}
	}
	return m, nil
}

func portState(s store.PortState) string {
	switch s {
	case store.PortFree:
		return "free"
	case store.PortAllocated:
		return "reserved"
	case store.PortInUse:
		return "in use"
	case store.PortQuarantined:
		return "waiting for the removal of a cable"
	}
	return "out of service"
}

// AskRejection is the form that rejects an application.
func (h *Handlers) AskRejection(c echo.Context) error {
	return h.rejectionPage(c, http.StatusOK, nil, map[string]string{}, map[string]string{}, "")
}

// RejectLOA sends an application back with a reason for each field named.
func (h *Handlers) RejectLOA(c echo.Context) error {
	ctx := c.Request().Context()
	about := values(c, "about")
	texts, reasons := map[string]string{}, map[string]string{}
	for _, field := range store.RejectionFields() {
		texts[field] = multiline(c, "reason-"+field)
	}
	fields := unprintable(c)
	for _, field := range about {
		reasons[field] = texts[field]
	}
	for field, text := range texts {
		// A text without its tick would be lost without a word.
		if _, named := reasons[field]; !named && text != "" {
			fields["reason-"+field] = "Tick " + store.RejectionLabel(field) + " to send this reason, or clear the text"
		}
	}
	if len(fields) > 0 {
		return h.rejectionPage(c, http.StatusUnprocessableEntity, about, texts, fields, "")
	}
	by, id := h.actor(c), c.Param("id")
	before, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	err = h.Store.RejectLOA(ctx, by, id, rev(c), reasons)
	if status, fields, msg, ok := refused(err); ok {
		return h.rejectionPage(c, status, about, texts, fields, conflictOnly(status, msg))
	}
	if err != nil {
		return err
	}
	return h.nextReview(c, before, views.Flash{Tone: ui.ToneOK, Text: "The application of " + before.Title() + " was rejected. The customer reads the reasons.", LinkText: "View", Href: paths.AdminLOA(id)})
}

func (h *Handlers) rejectionPage(c echo.Context, status int, about []string, texts, fields map[string]string, conflict string) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	app, err := h.Store.Application(ctx, conn.ID)
	if err != nil {
		return err
	}
	queue, err := h.reviewQueue(c)
	if err != nil {
		return err
	}
	r := views.Rejection{Interface: h.interfaceView(conn), Queue: queue.ReviewQueue, Operator: h.Operator, Key: keptKey(c), Errors: fields, Conflict: conflict,
		Possible: app != nil && lifecycle.Can(conn.Stage, lifecycle.Reject, user.Role)}
	if !r.Possible && conflict == "" {
		r.Conflict = conn.Title() + " is in the " + conn.Stage.Label() + " state now, so there is nothing to reject."
	}
	if app != nil {
		named := map[string]bool{}
		for _, field := range about {
			named[field] = true
		}
		for _, field := range store.RejectionFields() {
			r.Reasons = append(r.Reasons, views.RejectReason{Field: field, Label: store.RejectionLabel(field), Applied: applied(*app, field, r.Interface.Zone), Ticked: named[field], Text: texts[field]})
		}
	}
	p := h.page(c, "Reject LOA application", views.Crumb{Label: "LOA applications", Href: queue.in(views.LOAsOpen, nil)}, views.Crumb{Label: conn.Title(), Href: queue.page(conn.ID)})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.RejectionPage(p, reqctx.IsPartial(c.Request()), r))
}

// applied is what an application says in a field, for whoever rejects it.
func applied(a store.LOAApplication, field string, zone *time.Location) string {
	switch field {
	case "company_name":
		return a.CompanyName
	case "construction_company":
		return a.ConstructionCompany
	case "construction_type":
		return a.TypeLabel()
	case "scheduled_at":
		return ui.FormatStamp(a.ScheduledAt, zone)
	case "location":
		return a.Location
	case "bandwidth":
		if a.BandwidthMbps > 0 {
			return strconv.Itoa(a.BandwidthMbps) + " Mbps"
		}
	case "engineers":
		if a.RemoteHands {
			return "Nobody visits"
		}
		names := make([]string, len(a.Engineers))
		for i, e := range a.Engineers {
			names[i] = e.Name
		}
		return strings.Join(names, ", ")
	}
	return ""
}

// AskRevocation is the form that makes a letter void.
func (h *Handlers) AskRevocation(c echo.Context) error {
	return h.revocationPage(c, http.StatusOK, views.Revocation{})
}

// RevokeLOA makes a letter void. It cannot be undone, so the interface's ID is
// typed.
func (h *Handlers) RevokeLOA(c echo.Context) error {
	ctx := c.Request().Context()
	id := c.Param("id")
	form := views.Revocation{Reason: multiline(c, "reason"), Confirm: value(c, "confirm")}
	form.Errors = unprintable(c)
	by := h.actor(c)
	before, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	if form.Confirm != before.ID {
		form.Errors["confirm"] = "Type the interface ID " + before.ID + " to confirm"
	}
	if len(form.Errors) > 0 {
		return h.revocationPage(c, http.StatusUnprocessableEntity, form)
	}
	err = h.Store.RevokeLOA(ctx, by, id, rev(c), form.Reason)
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.revocationPage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminLOA(id), views.Flash{Tone: ui.ToneOK, Text: before.LOANo + " is revoked. The customer is told."})
}

func (h *Handlers) revocationPage(c echo.Context, status int, form views.Revocation) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	conn, shown, err := h.staffConnection(c)
	if err != nil {
		return err
	}
	form.Interface, form.Letter, form.Key = shown, conn.LOANo, keptKey(c)
	form.Possible = lifecycle.Can(conn.Stage, lifecycle.RevokeLOA, user.Role)
	if !form.Possible && form.Conflict == "" {
		form.Conflict = conn.Title() + " is in the " + conn.Stage.Label() + " state now, so there is no letter to revoke."
	}
	p := h.page(c, "Revoke LOA", views.Crumb{Label: "LOA applications", Href: paths.AdminLOAs}, views.Crumb{Label: conn.Title(), Href: paths.AdminLOA(conn.ID)})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.RevocationPage(p, reqctx.IsPartial(c.Request()), form))
}

// AskIDNumber asks why somebody needs the ID number of a field engineer.
func (h *Handlers) AskIDNumber(c echo.Context) error {
	return h.idNumberPage(c, http.StatusOK, views.IDNumber{})
}

// ShowIDNumber shows an ID number once; the store records who read it and why.
// It is the answer to the form itself: a number that waited in a session for
// the next page would be kept where it must not be.
func (h *Handlers) ShowIDNumber(c echo.Context) error {
	form := views.IDNumber{Reason: value(c, "reason")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.idNumberPage(c, http.StatusUnprocessableEntity, form)
	}
	n, err := strconv.Atoi(c.Param("n"))
	if err != nil {
		return echo.ErrNotFound
	}
	version, err := strconv.Atoi(value(c, "version"))
	if err != nil {
		return echo.ErrNotFound
	}
	form.Number, err = h.Store.RevealIDNumber(c.Request().Context(), h.actor(c), c.Param("id"), version, n, form.Reason)
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.idNumberPage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.idNumberPage(c, http.StatusOK, form)
}

func (h *Handlers) idNumberPage(c echo.Context, status int, form views.IDNumber) error {
	ctx := c.Request().Context()
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	app, err := h.Store.Application(ctx, conn.ID)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.Param("n"))
	if err != nil || app == nil || n < 1 || n > len(app.Engineers) || app.Engineers[n-1].IDLast4 == "" {
		return &store.Error{Kind: store.NotFound, Msg: "There is no ID number to show."}
	}
	form.InterfaceID, form.N, form.Version, form.Engineer = conn.ID, strconv.Itoa(n), app.Version, app.Engineers[n-1].Name
	p := h.page(c, "ID number", views.Crumb{Label: "LOA applications", Href: paths.AdminLOAs}, views.Crumb{Label: conn.Title(), Href: paths.AdminLOA(conn.ID)})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.IDNumberPage(p, reqctx.IsPartial(c.Request()), form))
}

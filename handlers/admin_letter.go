package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// newVersion says by which action the person may replace the letter of an
// interface now: reissue, renew, or "" for neither.
func (h *Handlers) newVersion(c echo.Context, conn store.Connection) (lifecycle.Action, error) {
	role := roleOf(c)
	if lifecycle.Can(conn.Stage, lifecycle.ReissueLOA, role) {
		return lifecycle.ReissueLOA, nil
	}
	if !lifecycle.Can(conn.Stage, lifecycle.RenewLOA, role) {
		return "", nil
	}
	ctx := c.Request().Context()
	l, err := h.Store.LOA(ctx, conn.ID)
	if err != nil || l == nil || l.StatusAt(h.Store.Now()) != letter.Expired {
		return "", err
	}
	app, err := h.Store.Application(ctx, conn.ID)
	if err != nil || app == nil || app.Version != l.ApplicationVersion {
		return "", err
	}
	return lifecycle.RenewLOA, nil
}

// AskReissue is the form that replaces a letter by a new version, or renews one
// that expired.
func (h *Handlers) AskReissue(c echo.Context) error {
	return h.reissuePage(c, http.StatusOK, nil, "")
}

// ReissueLOA replaces a letter by a new version, or renews one that expired.
func (h *Handlers) ReissueLOA(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.NewVersionForm{Port: value(c, "port"), Note: multiline(c, "note"), Reason: value(c, "reason"), ValidFrom: value(c, "valid_from"), ScheduledAt: value(c, "scheduled_at")}
	form.Errors = unprintable(c)
	by, id := h.actor(c), c.Param("id")
	if len(form.Errors) > 0 {
		return h.reissuePage(c, http.StatusUnprocessableEntity, &form, "")
	}
	conn, err := h.Store.Connection(ctx, by, id)
	if err != nil {
		return err
	}
	prepare := h.Store.PrepareReissue
	if conn.Stage == lifecycle.ToApplyForLOA {
		prepare = h.Store.PrepareRenewal
	}
	draft, err := prepare(ctx, by, id, rev(c), store.NewVersion{Approval: store.Approval{PortID: form.Port, Note: form.Note, ValidFrom: form.ValidFrom}, Reason: form.Reason, ScheduledAt: form.ScheduledAt})
	if err == nil {
		_, err = h.issueDraft(ctx, by, draft)
	}
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.reissuePage(c, status, &form, conflictOnly(status, msg))
	}
	if err != nil {
		return err
	}
	l, err := h.Store.LOA(ctx, id)
	if err != nil || l == nil {
		return err
	}
	return h.done(c, paths.AdminLetter(id), views.Flash{Tone: ui.ToneOK, Text: l.Snapshot.Title() + " is issued. The customer is told, and so is whoever downloaded an older version."})
}

// reissuePage shows the form: as it was sent, or filled with what the letter
// says when form is nil.
func (h *Handlers) reissuePage(c echo.Context, status int, form *views.NewVersionForm, conflict string) error {
	ctx := c.Request().Context()
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	l, err := h.Store.LOA(ctx, conn.ID)
	if err != nil {
		return err
	}
	if l == nil {
		return &store.Error{Kind: store.NotFound, Msg: "No LOA was issued for this interface."}
	}
	all, err := h.staffViews(ctx, []store.Connection{conn})
	if err != nil {
		return err
	}
	action, err := h.newVersion(c, conn)
	if err != nil {
		return err
	}
	now := h.Store.Now()
	v := views.NewLetterVersion{Interface: all[0], Renew: conn.Stage == lifecycle.ToApplyForLOA, Letter: l.Snapshot, Status: l.StatusAt(now), Possible: action != "", Conflict: conflict}
	zone := v.Interface.Zone
	v.Earliest = now.In(zone).Format(store.SiteDayLayout)
	if form == nil {
		form = &views.NewVersionForm{Note: l.Snapshot.Note, ScheduledAt: l.Snapshot.ScheduledAt.In(zone).Format(store.SiteTimeLayout)}
		if l.Snapshot.ScheduledAt.Before(now) && v.Renew {
			form.ScheduledAt = "" // the time that was missed is no proposal
		}
	}
	v.Form = *form
	v.Form.Key = keptKey(c)
	switch {
	case action != "":
		if err := h.reissuePorts(c, conn, &v); err != nil {
			return err
		}
	case conflict != "":
	case conn.Stage == lifecycle.ToApplyForLOA:
		v.Conflict = store.RenewOnlyExpired(conn.Title())
	default:
		v.Conflict = conn.Title() + " is in the " + conn.Stage.Label() + " state now, so its letter cannot be replaced."
	}
	if v.Conflict != "" && status == http.StatusOK {
		status = http.StatusConflict
	}
	title := "New version of the LOA"
	if v.Renew {
		title = "Renew LOA"
	}
	p := h.page(c, title, views.Crumb{Label: "LOA applications", Href: paths.AdminLOAs}, views.Crumb{Label: conn.Title(), Href: paths.AdminLOA(conn.ID)}, views.Crumb{Label: l.Snapshot.Title(), Href: paths.AdminLetter(conn.ID)})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.NewLetterVersionPage(p, v))
}

func (h *Handlers) reissuePorts(c echo.Context, conn store.Connection, v *views.NewLetterVersion) error {
	ctx := c.Request().Context()
	known, err := h.review(ctx, conn)
	if err != nil || known.Port == nil {
		return err
	}
	if v.Map, err = h.portMap(ctx, conn, known, views.ReviewForm{Port: v.Form.Port, Errors: v.Form.Errors}); err != nil {
		return err
	}
	place := h.place(*known.Port)
	v.MapHint = "The letter names " + place.PortLine() + ", " + place.Demarcation() + ". A port that the interface leaves is checked by a technician before anybody else gets it."
	return nil
}

// EditPlaybook is the form about how a facility wants to receive letters.
func (h *Handlers) EditPlaybook(c echo.Context) error {
	return h.playbookPage(c, http.StatusOK, nil, "")
}

// SavePlaybook writes how a facility wants to receive letters.
func (h *Handlers) SavePlaybook(c echo.Context) error {
	id := c.Param("id")
	form := views.PlaybookForm{Portal: value(c, "portal"), Email: value(c, "email"), Phone: value(c, "phone"), LeadTime: value(c, "lead_time"), Hours: value(c, "hours"), Words: multiline(c, "words"), Rev: rev(c)}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.playbookPage(c, http.StatusUnprocessableEntity, &form, "")
	}
	err := h.Store.SavePlaybook(c.Request().Context(), h.actor(c), id, form.Rev, store.Playbook{Portal: form.Portal, Email: form.Email, Phone: form.Phone, LeadTime: form.LeadTime, Hours: form.Hours, Words: form.Words})
	if status, fields, msg, ok := refused(err); ok {
		form.Errors = fields
		return h.playbookPage(c, status, &form, conflictOnly(status, msg))
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminAccessPoint(id), views.Flash{Tone: ui.ToneOK, Text: "The playbook is saved. It stands with each letter for this access point."})
}

func (h *Handlers) playbookPage(c echo.Context, status int, form *views.PlaybookForm, conflict string) error {
	ap, ok := h.Store.Catalogue().AccessPoint(c.Param("id"))
	if !ok {
		return &store.Error{Kind: store.NotFound, Msg: "This access point does not exist."}
	}
	book, err := h.Store.Playbook(c.Request().Context(), ap.ID)
	if err != nil {
		return err
	}
	if form == nil {
		form = &views.PlaybookForm{Portal: book.Portal, Email: book.Email, Phone: book.Phone, LeadTime: book.LeadTime, Hours: book.Hours, Words: book.Words}
	}
	form.AccessPointID, form.AccessPoint, form.Key, form.Conflict = ap.ID, ap.Name, keptKey(c), conflict
	form.Rev = book.Version // the answer to a stale form shows what there is now
	if book.Version > 0 {
		form.Changed = "Changed " + ui.FormatStamp(book.UpdatedAt, h.Store.Catalogue().Zone(ap.Region)) + " by " + book.UpdatedBy + "."
	}
	p := h.page(c, "Playbook for letters", append(slices.Clone(accessPointCrumbs), views.Crumb{Label: ap.Name, Href: paths.AdminAccessPoint(ap.ID)})...)
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.PlaybookPage(p, *form))
}

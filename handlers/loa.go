package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

const noLOATitle = "The LOA is not issued yet"

// ShowLOA is View LOA: the newest letter or the version that is asked for, what
// it is good for, how to send it, its versions and who took it.
func (h *Handlers) ShowLOA(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	v, err := h.letterPage(c, conn, h.readBy(c, conn), false)
	if err != nil {
		return err
	}
	if v == nil {
		return h.noLOA(c, conn)
	}
	if v.Note != "" && v.Status != letter.Used && lifecycle.Can(conn.Stage, lifecycle.ApplyForLOA, roleOf(c)) {
		v.NoteText, v.NoteHref = applyLOATitle, paths.NewLOAApplication(conn.ID)
	}
	return h.render(c, http.StatusOK, views.LOAShow(h.page(c, v.Letter.Title(), aboutInterface(conn)...), *v))
}

// ShowLetter is the same for staff.
func (h *Handlers) ShowLetter(c echo.Context) error {
	conn, shown, err := h.staffConnection(c)
	if err != nil {
		return err
	}
	v, err := h.letterPage(c, conn, shown, true)
	if err != nil {
		return err
	}
	if v == nil {
		return &store.Error{Kind: store.NotFound, Msg: "No LOA was issued for this interface."}
	}
	role := roleOf(c)
	v.CanRevoke = lifecycle.Can(conn.Stage, lifecycle.RevokeLOA, role)
	if lifecycle.MayDo(lifecycle.Approve, role) {
		v.Playbook.Edit = paths.AdminPlaybook(conn.AccessPointID)
	}
	if action, err := h.newVersion(c, conn); err != nil {
		return err
	} else if action == lifecycle.ReissueLOA {
		v.NewVersion = "New version"
	} else if action == lifecycle.RenewLOA {
		v.NewVersion = "Renew LOA"
	}
	p := h.page(c, v.Letter.Title(), views.Crumb{Label: "LOA applications", Href: paths.AdminLOAs}, views.Crumb{Label: conn.Title(), Href: paths.AdminLOA(conn.ID)})
	return h.render(c, http.StatusOK, views.LOAShow(p, *v))
}

// letterPage is what customers and staff see of a letter; nil when none was
// issued, or not that version.
func (h *Handlers) letterPage(c echo.Context, conn store.Connection, shown views.Interface, staff bool) (*views.LOAPage, error) {
	ctx := c.Request().Context()
	version, ok := versionParam(c)
	if !ok {
		return nil, echo.ErrNotFound
	}
	all, err := h.Store.LOAs(ctx, conn.ID)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	at := 0
	if version != 0 {
		if at = slices.IndexFunc(all, func(l store.LOA) bool { return l.Version == version }); at < 0 {
			return nil, echo.ErrNotFound
		}
	}
	l, now := all[at], h.Store.Now()
	page, pdf := paths.LOAVersion, paths.LOAVersionPDF
	v := &views.LOAPage{Interface: shown, Letter: l.Snapshot, Status: l.StatusAt(now), Back: paths.Interface(conn.ID), PDF: paths.LOAPDF(conn.ID), Staff: staff}
	if staff {
		page, pdf = paths.AdminLetterVersion, paths.AdminLOAVersionDocument
		v.Back, v.PDF = paths.AdminLOA(conn.ID), paths.AdminLOADocument(conn.ID)
	}
	if at > 0 {
		v.PDF = pdf(conn.ID, l.Version)
	}
	if v.Status != letter.Valid {
		v.Note = views.LetterSentence(l.Snapshot, v.Status, l.EndedAt, l.EndedReason)
		if v.Status != letter.NotYetValid {
			v.Stamp = v.Status.Label()
		}
	}
	for i, one := range all {
		version := views.LetterVersion{Version: one.Version, Status: one.StatusAt(now), Issued: one.IssuedAt, IssuedBy: one.IssuedBy, Ended: one.EndedAt, Ending: one.EndedReason,
			Reason: one.Snapshot.Reason, Changes: one.Snapshot.Changes, Shown: i == at, Page: page(conn.ID, one.Version), PDF: pdf(conn.ID, one.Version)}
		if !staff {
			version.IssuedBy = ""
		}
		v.Versions = append(v.Versions, version)
	}
	accesses, err := h.Store.LOAAccesses(ctx, conn.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range accesses {
		who := "The public"
		if !a.Public() {
			who = h.who(staff, a.Role, a.Name)
		}
		v.Accesses = append(v.Accesses, views.LetterAccess{Who: who, Did: accessWords(a.Kind), Version: a.Version, N: a.N, Last: a.LastAt})
	}
	book, err := h.Store.Playbook(ctx, conn.AccessPointID)
	if err != nil {
		return nil, err
	}
	v.Playbook = views.LetterPlaybook{Portal: book.Portal, Email: book.Email, Phone: book.Phone, LeadTime: book.LeadTime, Hours: book.Hours, Words: book.Words}
	v.Subject, v.Body = l.Snapshot.Message(book.Words)
	if at == 0 && book.Email != "" && h.Store.Mailing() && store.MaySendLOA(roleOf(c)) {
		v.Mail, v.Key = paths.LOAMail(conn.ID), formKey()
		if staff {
			v.Mail = paths.AdminLetterMail(conn.ID)
		}
	}
	return v, nil
}

// SendLOA mails the letter to the data center.
func (h *Handlers) SendLOA(c echo.Context) error { return h.mailLetter(c, paths.LOA) }

// SendLetter is the same for staff.
func (h *Handlers) SendLetter(c echo.Context) error { return h.mailLetter(c, paths.AdminLetter) }

func (h *Handlers) mailLetter(c echo.Context, page func(string) string) error {
	id := c.Param("id")
	if err := h.Store.SendLOA(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	return h.done(c, page(id), views.Flash{Tone: ui.ToneOK, Text: "The letter is on its way to the data center by e-mail."})
}

func accessWords(k store.AccessKind) string {
	switch k {
	case store.AccessDownload:
		return "Downloaded the PDF"
	case store.AccessCheck:
		return "Checked the letter"
	}
	return "Compared a file"
}

// noLOA answers for a letter that does not exist: where the interface stands
// and what leads to a letter.
func (h *Handlers) noLOA(c echo.Context, conn store.Connection) error {
	n := views.NotNow{Interface: h.readBy(c, conn), Title: noLOATitle}
	switch {
	case conn.Stage == lifecycle.PendingPayment:
		n.Text = "Pay the initial installation fee first, then apply for the LOA."
	case conn.Stage == lifecycle.InApplication:
		n.Text = h.Operator + " is reviewing your application. You get a message when it is approved or when something needs a correction."
		n.LinkText, n.Href = applicationTitle, paths.LOAApplication(conn.ID)
	case conn.Stage == lifecycle.LOARejected:
		n.Text = "Correct your application and send it again."
	case conn.Stage == lifecycle.ToApplyForLOA:
		n.Text = "Tell us who installs the line and when. The letter lets them into the data center."
	default:
		n.Title, n.Text = "No LOA was issued", "The interface ended before a letter was issued."
	}
	if n.Interface.Can(lifecycle.ApplyForLOA) {
		n.LinkText, n.Href = applyLOATitle, paths.NewLOAApplication(conn.ID)
	}
	return h.render(c, http.StatusNotFound, views.NotNowPage(h.page(c, "LOA", aboutInterface(conn)...), n))
}

// DownloadLOA sends the stored letter as a PDF, the same bytes each time.
func (h *Handlers) DownloadLOA(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	err = h.sendLOA(c, conn.ID)
	if store.KindOf(err) == store.NotFound {
		return h.noLOA(c, conn)
	}
	return err
}

// sendLOA answers with a letter of an interface that the actor may see: the
// version that is asked for, or the newest. Who took it is kept, so that they can
// be told when it is no longer good.
func (h *Handlers) sendLOA(c echo.Context, id string) error {
	ctx := c.Request().Context()
	version, ok := versionParam(c)
	if !ok {
		return echo.ErrNotFound
	}
	name, pdf, version, err := h.Store.LOAPDF(ctx, id, version)
	if err != nil {
		return err
	}
	if err := h.Store.NoteLOAAccess(ctx, h.staffActor(c), id, version, store.AccessDownload); err != nil {
		return err
	}
	return sendPDF(c, name, pdf)
}

// versionParam is the version of a letter that the address asks for, 0 when it
// asks for none; false when that is no version.
func versionParam(c echo.Context) (int, bool) {
	text := c.QueryParam("version")
	if text == "" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0
}

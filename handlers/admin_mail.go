package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// mailsShown is how many mails that were not sent the page names.
const mailsShown = 50

// ShowMail says whether mails are sent and which were not.
func (h *Handlers) ShowMail(c echo.Context) error {
	return h.mailPage(c, http.StatusOK, "")
}

func (h *Handlers) mailPage(c echo.Context, status int, conflict string) error {
	ctx, by := c.Request().Context(), h.actor(c)
	st, err := h.Store.MailStatus(ctx, by)
	if err != nil {
		return err
	}
	entries, err := h.Store.Outbox(ctx, by, mailsShown)
	if err != nil {
		return err
	}
	v := views.MailPage{Configured: h.Store.Mailing(), MayManage: lifecycle.May(lifecycle.ManageMail, by.Role), Address: by.Email, Conflict: conflict, Key: formKey(), Waiting: st.Waiting, Failed: st.Failed}
	if v.Configured {
		v.Facts = []ui.Pair{
			{Term: "Mail server", Value: h.MailServer},
			{Term: "From", Value: h.MailFrom},
			{Term: "Sent in the last 24 hours", Value: strconv.Itoa(st.SentLately)},
			{Term: "Last sent", Value: "Never"},
			{Term: "Waiting", Value: strconv.Itoa(st.Waiting)},
			{Term: "Failed", Value: strconv.Itoa(st.Failed)},
		}
		if !st.LastSent.IsZero() {
			v.Facts[3] = ui.Pair{Term: "Last sent", Content: ui.Stamp(st.LastSent, time.UTC)}
		}
	}
	for _, e := range entries {
		row := views.MailRow{ID: e.ID, To: e.To, Kind: mailWords(e.Kind), Attempts: e.Attempts, Problem: e.Problem, CreatedAt: e.CreatedAt, Failed: e.State == store.MailFailed, At: e.NextAt}
		if row.Failed {
			row.At = e.DoneAt
		}
		if e.Resendable && v.MayManage {
			row.Resend = paths.AdminMailDelivery(e.ID)
		}
		v.Rows = append(v.Rows, row)
	}
	p := h.page(c, "Mail", views.Crumb{Label: "Settings"})
	return h.render(c, status, views.MailStatusPage(p, v))
}

// mailWords is what a mail is about.
func mailWords(kind string) string {
	switch kind {
	case store.MailInvitation:
		return "Invitation"
	case store.MailPassword:
		return "Forgotten password"
	case store.MailNotice:
		return "Message in the console"
	case store.MailLetter:
		return "Letter of authorization"
	case store.MailTest:
		return "Test mail"
	}
	return kind
}

// SendTestMail mails the administrator who asks.
func (h *Handlers) SendTestMail(c echo.Context) error {
	by := h.actor(c)
	err := h.Store.SendTestMail(c.Request().Context(), by)
	if status, _, msg, ok := refused(err); ok {
		return h.mailPage(c, status, msg)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminMail, views.Flash{Tone: ui.ToneOK, Text: "A test mail to " + by.Email + " is on its way. Reload this page in a moment: it is listed below if the mail server refuses it."})
}

// ResendMail tries to send a mail again that failed or waits for its next try.
func (h *Handlers) ResendMail(c echo.Context) error {
	err := h.Store.ResendMail(c.Request().Context(), h.actor(c), c.Param("id"))
	if status, _, msg, ok := refused(err); ok {
		return h.mailPage(c, status, msg)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminMail, views.Flash{Tone: ui.ToneOK, Text: "The mail is being sent again."})
}

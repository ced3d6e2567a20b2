package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// messagesShown is how many messages a page has.
const messagesShown = 30

// ListMessages lists what the person was told, newest first. Looking at the
// list does not mark anything as read.
func (h *Handlers) ListMessages(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	before, _ := strconv.Atoi(c.QueryParam("before"))
	messages, err := h.Store.Messages(ctx, user.ID, before, messagesShown+1)
	if err != nil {
		return err
	}
	l := views.MessageList{Here: c.Request().URL.RequestURI(), ReadAction: paths.MessagesRead, Mailing: h.Store.Mailing(), Mailed: user.MailNotices, MailTo: user.Email}
	if before > 0 {
		l.First = paths.Messages
	}
	if len(messages) > messagesShown {
		messages = messages[:messagesShown]
		l.Older = paths.With(paths.Messages, "before", strconv.Itoa(messages[messagesShown-1].Seq))
	}
	for _, m := range messages {
		about := m.Subject
		if strings.Contains(about, ":") {
			about = ""
		}
		l.Items = append(l.Items, views.MessageItem{
			Title: m.Title, Body: m.Body, At: m.At, Read: m.Read, About: about,
			Href: messageTarget(user.Role, m), ReadAction: paths.Message(m.Seq),
		})
	}
	if len(messages) > 0 {
		l.UpTo = strconv.Itoa(messages[0].Seq)
	}
	return h.render(c, http.StatusOK, views.MessagesPage(h.page(c, "Messages"), l))
}

// ReadMessage marks one message as read and returns to the list, or goes to
// what the message is about.
func (h *Handlers) ReadMessage(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	seq, err := strconv.Atoi(c.Param("seq"))
	if err != nil {
		return echo.ErrNotFound
	}
	m, err := h.Store.ReadMessage(ctx, user.ID, seq)
	if err != nil {
		return err
	}
	return h.done(c, paths.Local(value(c, "next"), messageTarget(user.Role, m)))
}

// ReadMessages marks everything up to the newest message that the page showed
// as read.
func (h *Handlers) ReadMessages(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	upTo, err := strconv.Atoi(value(c, "up_to"))
	if err != nil {
		return echo.ErrBadRequest
	}
	if err := h.Store.ReadMessages(ctx, user.ID, upTo); err != nil {
		return err
	}
	return h.done(c, paths.Local(value(c, "next"), paths.Messages))
}

// messageTarget is the page where the person can do what the message asks.
func messageTarget(role lifecycle.Role, m store.Message) string {
	kind, id, typed := strings.Cut(m.Subject, ":")
	staff := role.IsStaff()
	switch {
	case m.Subject == store.RecoveryCodesSubject:
		return paths.SecurityRecovery
	case typed && kind == "whitelist" && staff:
		return paths.AdminWhitelist
	case typed && kind == "whitelist":
		return paths.Whitelist
	case typed && kind == "ticket" && staff:
		return paths.AdminTicket(id)
	case typed && kind == "ticket":
		return paths.Ticket(id)
	case m.Subject == store.BooksSubject && (role == lifecycle.Finance || role == lifecycle.Administrator):
		return paths.AdminLedger
	case typed && kind == "payment" && staff:
		return paths.AdminPayment(id)
	case typed && kind == "order" && !staff:
		return paths.Order(id)
	case typed && kind == "invoice" && !staff:
		return paths.Invoice(id)
	case typed && kind == "account" && staff:
		return paths.AdminAccount(id)
	case typed && kind == "account" && m.Title == store.TitleConsoleLookedAt:
		return paths.Activity
	case typed && kind == "account":
		return paths.Billing
	case typed && m.Title == store.TitlePortToCheck && role == lifecycle.Technician:
		return paths.AdminPortCheck(id)
	case typed:
		return paths.Messages
	case !staff:
		return paths.Interface(m.Subject)
	case role == lifecycle.Reviewer:
		return paths.AdminLOA(m.Subject)
	case role == lifecycle.Technician && m.Title == store.TitleCableToRemove:
		return paths.AdminRemovals
	case role == lifecycle.Technician:
		return paths.AdminCablingJob(m.Subject)
	}
	return paths.AdminInterface(m.Subject)
}

package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/fees"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// AskCancellation asks before an interface is canceled and says what happens.
func (h *Handlers) AskCancellation(c echo.Context) error {
	return h.cancellationForm(c, http.StatusOK, views.EndForm{Key: formKey()})
}

// CancelInterface cancels an interface before it is enabled.
func (h *Handlers) CancelInterface(c echo.Context) error {
	confirmed := value(c, "confirm") != ""
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	err = h.Store.Cancel(c.Request().Context(), h.actor(c), conn.ID, rev(c), confirmed)
	if err == nil {
		return h.done(c, paths.Interface(conn.ID), views.Flash{Tone: "ok", Text: conn.Title() + " is canceled.", LinkText: "Apply for New Interface", Href: paths.NewInterface})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	f := views.EndForm{Confirmed: confirmed, Key: keptKey(c), Errors: fields}
	f.Conflict = conflictOnly(status, msg)
	return h.cancellationForm(c, status, f)
}

func (h *Handlers) cancellationForm(c echo.Context, status int, f views.EndForm) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	partner, err := h.Store.Partner(c.Request().Context(), conn)
	if err != nil {
		return err
	}
	f.Interface = h.readBy(c, conn)
	if err := onlyFor(f.Interface, lifecycle.Cancel); err != nil {
		return err
	}
	if lifecycle.Can(conn.Stage, lifecycle.Cancel, roleOf(c)) {
		lost, err := h.partnerLoses(c, conn, partner)
		if err != nil {
			return err
		}
		would, err := h.Store.CancelWould(c.Request().Context(), conn)
		if err != nil {
			return err
		}
		f.Happens = append(h.cancelHappens(conn, would), lost...)
	} else {
		f.Closed = true
		if f.Conflict == "" {
			status, f.Conflict = http.StatusConflict, conn.Title()+" is in the "+conn.Stage.Label()+" state, so it cannot be canceled."
		}
	}
	p, partial := h.modalPage(c, "Cancel "+conn.Title()+"?", f.Interface, status)
	return h.render(c, status, views.CancelInterface(p, partial, f))
}

// cancelHappens says what canceling does, from the store's own answer.
func (h *Handlers) cancelHappens(c store.Connection, would store.Cancellation) []string {
	var out []string
	add := func(s string) { out = append(out, s) }
	if c.Stage == lifecycle.PendingPayment {
		add("The unpaid order is closed. Nothing is charged.")
	}
	if c.Stage == lifecycle.InApplication {
		add("Your LOA application is closed without a decision.")
	}
	if would.VoidsLetter {
		add(c.LOANo + " becomes void. Nobody may enter the data center with it.")
	}
	switch {
	case would.PortAtOnce:
		add("The port is released at once.")
	case c.Stage.PastPayment():
		add("The port is released when " + h.Operator + " has removed the cable.")
	}
	switch {
	case would.OffInvoice:
		add("The initial installation fee of " + c.Installation.String() + " comes off your next invoice.")
	case would.Refund:
		add("The initial installation fee of " + c.Installation.String() + " goes back to your balance.")
	case c.Stage.PastPayment() && would.Rule == fees.NeverBack:
		add("The initial installation fee of " + c.Installation.String() + " is not refunded, as the order says that was paid.")
	case c.Stage.PastPayment():
		add("The initial installation fee of " + c.Installation.String() + " is not refunded, because an LOA was issued.")
	}
	return out
}

// AskTermination asks before an enabled interface is ended.
func (h *Handlers) AskTermination(c echo.Context) error {
	return h.terminationForm(c, http.StatusOK, views.EndForm{Key: formKey()})
}

// TerminateInterface asks for the end of an enabled interface.
func (h *Handlers) TerminateInterface(c echo.Context) error {
	typed := value(c, "confirm")
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	err = h.Store.Terminate(c.Request().Context(), h.actor(c), conn.ID, rev(c), typed)
	if err == nil {
		return h.done(c, paths.Interface(conn.ID), views.Flash{Tone: "ok", Text: conn.Title() + " is being terminated. " + h.Operator + " removes the cable."})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	f := views.EndForm{Typed: typed, Key: keptKey(c), Errors: fields}
	f.Conflict = conflictOnly(status, msg)
	return h.terminationForm(c, status, f)
}

func (h *Handlers) terminationForm(c echo.Context, status int, f views.EndForm) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	partner, err := h.Store.Partner(c.Request().Context(), conn)
	if err != nil {
		return err
	}
	f.Interface = h.readBy(c, conn)
	if lifecycle.Can(conn.Stage, lifecycle.Terminate, roleOf(c)) {
		lost, err := h.partnerLoses(c, conn, partner)
		if err != nil {
			return err
		}
		unused, err := h.Store.TerminationRefund(c.Request().Context(), conn)
		if err != nil {
			return err
		}
		f.Happens = append([]string{
			h.Operator + " removes the cable. The connection ends when it is out, and the port is released.",
			"The resource fee is paid until " + ui.FormatDay(conn.PaidThrough, f.Zone) + ". " + h.unusedSentence(conn, unused),
		}, lost...)
	} else {
		f.Closed = true
		if f.Conflict == "" {
			status, f.Conflict = http.StatusConflict, conn.Title()+" is in the "+conn.Stage.Label()+" state, so it cannot be terminated."
		}
	}
	p, partial := h.modalPage(c, "Terminate "+conn.Title()+"?", f.Interface, status)
	return h.render(c, status, views.TerminateInterface(p, partial, f))
}

// unusedSentence says what terminating an interface gives back of its resource
// fee, in figures.
func (h *Handlers) unusedSentence(c store.Connection, unused store.Unused) string {
	back := unused.Words("goes back to your balance") + "."
	switch {
	case unused.Months == 1:
		return "1 whole month of it is not used: " + back
	case unused.Months > 1:
		return strconv.Itoa(unused.Months) + " whole months of it are not used: " + back
	case h.Store.Term(c).Unused(h.Store.Now()) > 0:
		return "Nothing of it is refunded, as the orders say that were paid."
	}
	return "No whole month of it is left, so nothing is refunded."
}

// connection is the interface that the address names; kind NotFound when it is
// not one that the person may see.
func (h *Handlers) connection(c echo.Context) (store.Connection, error) {
	return h.Store.Connection(c.Request().Context(), h.actor(c), c.Param("id"))
}

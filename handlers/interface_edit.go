package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// EditInterface shows the form of name and description.
func (h *Handlers) EditInterface(c echo.Context) error {
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	f := views.InterfaceForm{Interface: h.readBy(c, conn), Name: conn.Name, Description: conn.Description, Key: formKey()}
	return h.editForm(c, http.StatusOK, f)
}

// SaveInterface changes name and description.
func (h *Handlers) SaveInterface(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	f := views.InterfaceForm{Name: value(c, "name"), Description: multiline(c, "description"), Key: keptKey(c), Errors: unprintable(c)}
	// The interface is read before anything is said about it: another
	// account's ID does not exist here, whatever was sent.
	conn, err := h.connection(c)
	if err != nil {
		return err
	}
	if len(f.Errors) > 0 {
		f.Interface = h.readBy(c, conn)
		return h.editForm(c, http.StatusUnprocessableEntity, f)
	}
	err = h.Store.EditConnection(ctx, h.actor(c), id, rev(c), f.Name, f.Description)
	if err == nil {
		return h.done(c, paths.Interface(id), views.Flash{Tone: "ok", Text: "Name and description saved."})
	}
	status, fields, msg, ok := refused(err)
	if !ok {
		return err
	}
	if conn, err = h.connection(c); err != nil {
		return err
	}
	f.Interface, f.Errors = h.readBy(c, conn), fields
	if status == http.StatusConflict {
		f.Conflict = msg
	}
	return h.editForm(c, status, f)
}

func (h *Handlers) editForm(c echo.Context, status int, f views.InterfaceForm) error {
	if !lifecycle.Can(f.Stage, lifecycle.EditNameDescription, roleOf(c)) {
		f.Closed = true
		if f.Conflict == "" {
			status, f.Conflict = http.StatusConflict, f.Interface.Title()+" is in the "+f.Stage.Label()+" state. Its name and description stay as they are."
		}
	}
	p, partial := h.modalPage(c, "Edit "+f.Interface.Title(), f.Interface, status)
	return h.render(c, status, views.EditInterface(p, partial, f))
}

// modalPage is the page around a dialog of an interface. A dialog over the page
// needs nothing around it, and must not use up the sentences for the next page.
func (h *Handlers) modalPage(c echo.Context, title string, i views.Interface, status int) (p views.Page, partial bool) {
	if reqctx.IsPartial(c.Request()) {
		return views.Page{Title: title, Operator: h.Operator}, true
	}
	p = h.page(c, title, interfacesCrumb, views.Crumb{Label: i.Title(), Href: paths.Interface(i.ID)})
	p.Failed = status != http.StatusOK
	return p, false
}

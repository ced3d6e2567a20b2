package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/password"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowSetup is the page of a one-time link.
func (h *Handlers) ShowSetup(c echo.Context) error {
	inv, err := h.Store.Invitation(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return h.setupPage(c, http.StatusOK, inv, views.SetupForm{Name: inv.Name, Email: inv.Email})
}

// Setup sets the password, uses the link up and signs the person in.
func (h *Handlers) Setup(c echo.Context) error {
	ctx := c.Request().Context()
	token := c.Param("token")
	inv, err := h.Store.Invitation(ctx, token)
	if err != nil {
		return err
	}
	form := views.SetupForm{Name: value(c, "name"), Email: inv.Email}
	if inv.UserID == "" {
		form.Email = value(c, "email")
	}
	password := secret(c, "password")
	form.Errors = unprintable(c)
	if password != "" && password != secret(c, "again") {
		form.Errors["again"] = "Enter the same password twice"
	}
	if len(form.Errors) > 0 {
		return h.setupPage(c, http.StatusUnprocessableEntity, inv, form)
	}
	user, err := h.Store.AcceptInvitation(ctx, token, reqctx.ID(ctx), form.Name, form.Email, password)
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.setupPage(c, status, inv, form)
	}
	if err != nil {
		return err
	}
	return h.enter(c, user, store.MethodLink, paths.Home, views.Flash{Tone: ui.ToneOK, Text: "Your password is set."})
}

func (h *Handlers) setupPage(c echo.Context, status int, inv store.Invitation, form views.SetupForm) error {
	p := h.publicFrame(c, "Set your password", status)
	form.Action = paths.Setup(c.Param("token"))
	form.First, form.Reset = inv.UserID == "", inv.Reset
	form.RoleLabel = inv.Role.Label()
	form.PasswordAt = strconv.Itoa(password.Min) + " to " + strconv.Itoa(password.Max) + " characters"
	return h.render(c, status, views.SetupPage(p, form))
}

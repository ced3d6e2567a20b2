package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
)

// ListPeople is the page on which an administrator adds colleagues. Customers'
// people are added on the page of their account.
func (h *Handlers) ListPeople(c echo.Context) error {
	return h.peoplePage(c, http.StatusOK, views.PersonForm{})
}

// InvitePerson adds a person and shows their one-time link, once.
func (h *Handlers) InvitePerson(c echo.Context) error {
	form := views.PersonForm{Name: value(c, "name"), Email: value(c, "email"), Role: value(c, "role")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.peoplePage(c, http.StatusUnprocessableEntity, form)
	}
	if !lifecycle.Role(form.Role).IsStaff() {
		form.Role = ""
	}
	n := store.NewUser{Name: form.Name, Email: form.Email, Role: lifecycle.Role(form.Role)}
	token, err := h.Store.Invite(c.Request().Context(), h.actor(c), n)
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.peoplePage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminPeople, h.linkOnce(form.Name+" was added.", token))
}

// RenewLink makes a new one-time link for a person: the first was lost, or the
// password was forgotten.
func (h *Handlers) RenewLink(c echo.Context) error {
	user, token, err := h.Store.NewLink(c.Request().Context(), h.actor(c), value(c, "user"))
	if err != nil {
		return err
	}
	back := paths.AdminPeople
	if user.AccountID != "" {
		back = paths.AdminAccount(user.AccountID)
	}
	return h.done(c, back, h.linkOnce(user.Name+" can choose a new password.", token))
}

func (h *Handlers) linkOnce(text, token string) views.Flash {
	link := h.PublicURL + paths.Setup(token)
	return views.Flash{Tone: ui.ToneOK, Text: text + " Give them this one-time link. It opens for 72 hours and is not shown again:", LinkText: link, Href: link}
}

func (h *Handlers) peoplePage(c echo.Context, status int, person views.PersonForm) error {
	ctx := c.Request().Context()
	staff, err := h.Store.Staff(ctx)
	if err != nil {
		return err
	}
	p := h.page(c, "People")
	p.Failed = status != http.StatusOK
	v := views.People{Person: person, NewLink: paths.AdminNewLink}
	for _, u := range staff {
		v.Staff = append(v.Staff, views.Person{ID: u.ID, Name: u.Name, Email: u.Email, RoleLabel: u.Role.Label(), CanSignIn: u.HasPassword})
	}
	return h.render(c, status, views.PeoplePage(p, v))
}

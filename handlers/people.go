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

// accountsOffered is how many accounts the form offers to choose from.
const accountsOffered = 200

// ListPeople is the page on which an administrator adds people.
func (h *Handlers) ListPeople(c echo.Context) error {
	return h.peoplePage(c, http.StatusOK, views.PersonForm{Role: c.QueryParam("role"), AccountID: c.QueryParam("account")}, views.AccountForm{})
}

// InvitePerson adds a person and shows their one-time link, once.
func (h *Handlers) InvitePerson(c echo.Context) error {
	form := views.PersonForm{Name: value(c, "name"), Email: value(c, "email"), Role: value(c, "role"), AccountID: value(c, "account")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.peoplePage(c, http.StatusUnprocessableEntity, form, views.AccountForm{})
	}
	n := store.NewUser{Name: form.Name, Email: form.Email, Role: lifecycle.Role(form.Role), AccountID: form.AccountID}
	token, err := h.Store.Invite(c.Request().Context(), h.actor(c), n)
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		return h.peoplePage(c, status, form, views.AccountForm{})
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
	return h.done(c, paths.AdminPeople, h.linkOnce(user.Name+" can choose a new password.", token))
}

// OpenAccount opens a customer's account.
func (h *Handlers) OpenAccount(c echo.Context) error {
	form := views.AccountForm{Company: value(c, "company"), Region: value(c, "region")}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.peoplePage(c, http.StatusUnprocessableEntity, views.PersonForm{}, form)
	}
	id, err := h.Store.CreateAccount(c.Request().Context(), h.actor(c), form.Company, form.Region)
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		if msg := fields["name"]; msg != "" { // the page has a field "name" for people
			delete(fields, "name")
			fields["company"] = msg
		}
		return h.peoplePage(c, status, views.PersonForm{}, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.With(paths.AdminPeople, "role", string(lifecycle.Customer), "account", id),
		views.Flash{Tone: ui.ToneOK, Text: form.Company + " has an account. Add the first person who signs in for it."})
}

func (h *Handlers) linkOnce(text, token string) views.Flash {
	link := h.PublicURL + paths.Setup(token)
	return views.Flash{Tone: ui.ToneOK, Text: text + " Give them this one-time link. It opens for 72 hours and is not shown again:", LinkText: link, Href: link}
}

func (h *Handlers) peoplePage(c echo.Context, status int, person views.PersonForm, account views.AccountForm) error {
	ctx := c.Request().Context()
	staff, err := h.Store.Staff(ctx)
	if err != nil {
		return err
	}
	accounts, err := h.Store.Accounts(ctx, "", accountsOffered)
	if err != nil {
		return err
	}
	p := h.page(c, "People")
	p.Failed = status != http.StatusOK
	v := views.People{Person: person, Account: account, NewLink: paths.AdminNewLink}
	for _, u := range staff {
		v.Staff = append(v.Staff, views.Person{ID: u.ID, Name: u.Name, Email: u.Email, RoleLabel: u.Role.Label(), CanSignIn: u.HasPassword})
	}
	v.Person.Accounts = []ui.Option{{Label: "None"}}
	for _, a := range accounts {
		v.Person.Accounts = append(v.Person.Accounts, ui.Option{Value: a.ID, Label: a.Name + " (" + a.ID + ")"})
	}
	v.Account.Regions = []ui.Option{{Label: "None"}}
	for _, r := range h.Store.Catalogue().Regions() {
		v.Account.Regions = append(v.Account.Regions, ui.Option{Value: r.ID, Label: r.Name})
	}
	return h.render(c, status, views.PeoplePage(p, v))
}

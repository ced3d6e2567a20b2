package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/lifecycle"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// viewsShown is how often a customer sees that their console was looked at.
const viewsShown = 10

// ListPeople is the page of the operator's people. Customers' people are on the
// page of their account.
func (h *Handlers) ListPeople(c echo.Context) error {
	return h.peoplePage(c, http.StatusOK, views.PersonForm{})
}

// ListAccountPeople is the page on which an owner manages the account's people.
func (h *Handlers) ListAccountPeople(c echo.Context) error {
	return h.peoplePage(c, http.StatusOK, views.PersonForm{})
}

// InvitePerson adds a person, to the operator or to the owner's own account, and
// shows their one-time link, once.
func (h *Handlers) InvitePerson(c echo.Context) error {
	by := h.actor(c)
	form := views.PersonForm{Name: value(c, "name"), Email: value(c, "email"), Role: value(c, "role")}
	form.Errors = unprintable(c)
	role := lifecycle.Role(form.Role)
	if (by.Staff() && !role.IsStaff()) || (!by.Staff() && !role.IsCustomer()) {
		form.Role = ""
		form.Errors["role"] = "Select a role"
	}
	if len(form.Errors) > 0 {
		return h.peoplePage(c, http.StatusUnprocessableEntity, form)
	}
	link, err := h.Store.Invite(c.Request().Context(), by, store.NewUser{Name: form.Name, Email: form.Email, Role: role, AccountID: by.AccountID})
	if status, fields, msg, ok := refused(err); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.peoplePage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, h.peopleHref(by, by.AccountID), h.linkOnce(form.Name+" was added.", form.Email, link))
}

// peopleHref is the page that lists the people of an account, or of the
// operator, for the reader.
func (h *Handlers) peopleHref(by store.Actor, account string) string {
	switch {
	case !by.Staff():
		return paths.People
	case account != "":
		return paths.AdminAccount(account)
	}
	return paths.AdminPeople
}

// RenewLink makes a new one-time link for a person: the first was lost, or the
// password was forgotten.
func (h *Handlers) RenewLink(c echo.Context) error {
	by := h.actor(c)
	user, link, err := h.Store.NewLink(c.Request().Context(), by, value(c, "user"))
	if err != nil {
		return err
	}
	text := user.Name + " can choose a password."
	if link.Reset {
		text = user.Name + " can choose a new password. The old one works until then."
	}
	return h.done(c, h.peopleHref(by, user.AccountID), h.linkOnce(text, user.Email, link))
}

// linkOnce shows a one-time link to whoever made it, and says whether it was
// mailed.
func (h *Handlers) linkOnce(text, email string, link store.Link) views.Flash {
	f := views.Flash{Tone: ui.ToneOK, Text: text}
	if link.Mailed {
		f.Text += " The one-time link is on its way to " + email + "."
	}
	if link.Token == "" {
		return f
	}
	opens := "72 hours"
	if link.Reset {
		opens = "1 hour"
	}
	if link.Mailed {
		f.Text += " It opens for " + opens + ". Here it is too, once:"
	} else {
		f.Text += " Give them this one-time link. It opens for " + opens + " and is not shown again:"
	}
	f.Href = h.PublicURL + paths.Setup(link.Token)
	f.LinkText = f.Href
	return f
}

// personHrefs are the pages about one person, for staff and for owners.
func personHrefs(by store.Actor, id string) (role, removal, link string) {
	if by.Staff() {
		return paths.AdminPersonRole(id), paths.AdminPersonRemoval(id), paths.AdminNewLink
	}
	return paths.PersonRole(id), paths.PersonRemoval(id), paths.PeopleLinks
}

// personView is a person with what the reader may do about them.
func (h *Handlers) personView(by store.Actor, u store.User) views.Person {
	p := views.Person{ID: u.ID, Name: u.Name, Email: u.Email, RoleLabel: u.Role.Label(), CanSignIn: u.HasPassword, SecondFactor: u.SecondFactor, Self: u.ID == by.UserID}
	may := lifecycle.May(lifecycle.ManagePeople, by.Role) || (lifecycle.May(lifecycle.ManageAccountPeople, by.Role) && u.AccountID == by.AccountID)
	did := paths.With(paths.AdminAudit, "who", u.ID)
	if !may {
		if lifecycle.May(lifecycle.SeeAudit, by.Role) {
			p.Actions = ui.Actions{For: u.Name, Links: []ui.Action{{Label: "What they did", Href: did}}}
		}
		return p
	}
	role, removal, link := personHrefs(by, u.ID)
	again := "New invitation link"
	if u.HasPassword {
		again = "Password reset link"
	}
	p.Actions = ui.Actions{For: u.Name, MenuID: "m-" + u.ID, Links: []ui.Action{{Label: "Change role", Href: role, Dialog: true}},
		More: []ui.MenuItem{{Label: again, Post: link, Fields: []ui.Hidden{{Name: "user", Value: u.ID}}}}}
	if u.SecondFactor && lifecycle.May(lifecycle.ManageSignIn, by.Role) {
		p.Actions.More = append(p.Actions.More, ui.MenuItem{Label: "Reset second factors", Href: paths.AdminFactorReset(u.ID)})
	}
	if lifecycle.May(lifecycle.ManageSignIn, by.Role) {
		p.Actions.More = append(p.Actions.More, ui.MenuItem{Label: "Sign out everywhere", Href: paths.AdminSessionsEnd(u.ID), Dialog: true})
	}
	if lifecycle.May(lifecycle.SeeAudit, by.Role) {
		p.Actions.More = append(p.Actions.More, ui.MenuItem{Label: "What they did", Href: did})
	} else if lifecycle.May(lifecycle.SeeActivity, by.Role) {
		p.Actions.More = append(p.Actions.More, ui.MenuItem{Label: "What they did", Href: paths.With(paths.Activity, "who", u.ID)})
	}
	p.Actions.More = append(p.Actions.More, ui.MenuItem{Divider: true}, ui.MenuItem{Label: "Remove", Href: removal, Danger: true, Dialog: true})
	return p
}

func (h *Handlers) peoplePage(c echo.Context, status int, form views.PersonForm) error {
	ctx, by := c.Request().Context(), h.actor(c)
	v := views.People{Form: form, Mailing: h.Store.Mailing()}
	var users []store.User
	var err error
	var crumb views.Crumb
	roles := lifecycle.StaffRoles()
	if by.Staff() {
		v.Title, v.Action, crumb = "Staff", paths.AdminPeople, views.Crumb{Label: "Settings"}
		v.MayManage = lifecycle.May(lifecycle.ManagePeople, by.Role)
		users, err = h.Store.Staff(ctx)
	} else {
		v.Title, v.Action, v.MayManage, crumb = "People of your account", paths.People, true, views.Crumb{Label: "Account"}
		roles = lifecycle.CustomerRoles()
		users, err = h.Store.AccountUsers(ctx, by.AccountID)
	}
	if err != nil {
		return err
	}
	for _, u := range users {
		v.People = append(v.People, h.personView(by, u))
	}
	v.Roles = roleOptions(roles)
	if !by.Staff() {
		seen, err := h.Store.AccountViews(ctx, by.AccountID, viewsShown)
		if err != nil {
			return err
		}
		v.Operator = h.Operator
		for _, e := range seen {
			v.Looks = append(v.Looks, views.Visit{At: e.At, Who: h.Operator + ", " + e.ActorRole.Label()})
		}
	}
	p := h.page(c, "People", crumb)
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.PeoplePage(p, v))
}

// roleOptions are roles with what each may do.
func roleOptions(roles []lifecycle.Role) []ui.Option {
	out := make([]ui.Option, len(roles))
	for i, r := range roles {
		out[i] = ui.Option{Value: string(r), Label: r.Label(), Sub: r.Does()}
	}
	return out
}

// AskRole is the form that changes a person's role.
func (h *Handlers) AskRole(c echo.Context) error {
	return h.rolePage(c, http.StatusOK, "", nil, "")
}

// ChangeRole gives a person another role; they sign in again.
func (h *Handlers) ChangeRole(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	role := value(c, "role")
	u, err := h.Store.ChangeRole(ctx, by, c.Param("id"), lifecycle.Role(role))
	if status, fields, msg, ok := refused(err); ok {
		return h.rolePage(c, status, role, fields, conflictOnly(status, msg))
	}
	if err != nil {
		return err
	}
	if u.ID == by.UserID { // their own session ended with the old rights
		return h.done(c, paths.Login, views.Flash{Tone: ui.ToneOK, Text: "Your role is " + u.Role.Label() + " now. Sign in again."})
	}
	return h.done(c, h.peopleHref(by, u.AccountID), views.Flash{Tone: ui.ToneOK, Text: u.Name + " has the role " + u.Role.Label() + " now, and signs in again."})
}

func (h *Handlers) rolePage(c echo.Context, status int, role string, errs map[string]string, conflict string) error {
	by := h.actor(c)
	u, err := h.Store.Person(c.Request().Context(), by, c.Param("id"))
	if err != nil {
		return err
	}
	if role == "" {
		role = string(u.Role)
	}
	roles := lifecycle.CustomerRoles()
	if u.Role.IsStaff() {
		roles = lifecycle.StaffRoles()
	}
	f := views.RoleForm{Name: u.Name, Role: role, Roles: roleOptions(roles), Back: h.peopleHref(by, u.AccountID), Errors: errs, Conflict: conflict, Self: u.ID == by.UserID}
	f.Action, _, _ = personHrefs(by, u.ID)
	p, partial := h.personPage(c, "Change the role of "+u.Name, f.Back, status)
	return h.render(c, status, views.RolePage(p, partial, f))
}

// personPage is the page around a dialog about a person.
func (h *Handlers) personPage(c echo.Context, title, back string, status int) (views.Page, bool) {
	if reqctx.IsPartial(c.Request()) {
		return views.Page{Title: title, Operator: h.Operator}, true
	}
	p := h.page(c, title, views.Crumb{Label: "People", Href: back})
	p.Failed = status != http.StatusOK
	return p, false
}

// AskRemoval asks before a person is taken out.
func (h *Handlers) AskPersonRemoval(c echo.Context) error {
	return h.personRemovalPage(c, http.StatusOK, "")
}

// RemovePerson takes a person out: they are signed out at once.
func (h *Handlers) RemovePerson(c echo.Context) error {
	ctx, by := c.Request().Context(), h.actor(c)
	u, err := h.Store.RemovePerson(ctx, by, c.Param("id"))
	if status, _, msg, ok := refused(err); ok {
		return h.personRemovalPage(c, status, msg)
	}
	if err != nil {
		return err
	}
	if u.ID == by.UserID {
		reqctx.Of(ctx).Session.End()
		return h.done(c, paths.Login, views.Flash{Tone: ui.ToneOK, Text: "You are removed and signed out."})
	}
	return h.done(c, h.peopleHref(by, u.AccountID), views.Flash{Tone: ui.ToneOK, Text: u.Name + " is removed and signed out."})
}

func (h *Handlers) personRemovalPage(c echo.Context, status int, conflict string) error {
	by := h.actor(c)
	u, err := h.Store.Person(c.Request().Context(), by, c.Param("id"))
	if err != nil {
		return err
	}
	f := views.PersonRemoval{Name: u.Name, Email: u.Email, Back: h.peopleHref(by, u.AccountID), Conflict: conflict, Self: u.ID == by.UserID}
	_, f.Action, _ = personHrefs(by, u.ID)
	p, partial := h.personPage(c, "Remove "+u.Name+"?", f.Back, status)
	return h.render(c, status, views.PersonRemovalPage(p, partial, f))
}

// ViewAsCustomer opens a customer's console to a person of the staff, read-only.
func (h *Handlers) ViewAsCustomer(c echo.Context) error {
	ctx := c.Request().Context()
	session := reqctx.Of(ctx).Session
	secret, err := h.Store.ViewAsCustomer(ctx, h.actor(c), session.ID(), c.Param("id"))
	if err != nil {
		return err
	}
	session.Start(session.ID(), secret)
	return h.done(c, paths.Home)
}

// LeaveCustomer ends it and returns to the page of the account.
func (h *Handlers) LeaveCustomer(c echo.Context) error {
	ctx := c.Request().Context()
	req := reqctx.Of(ctx)
	if req.User.StaffRole == "" { // left already, in another tab
		return h.done(c, paths.Home)
	}
	account := req.User.AccountID
	secret, err := h.Store.LeaveCustomer(ctx, h.staffActor(c), req.Session.ID(), account)
	if err != nil {
		return err
	}
	req.Session.Start(req.Session.ID(), secret)
	return h.done(c, paths.AdminAccount(account), views.Flash{Tone: ui.ToneInfo, Text: "You left the console of " + req.User.AccountName + "."})
}

// staffActor is the actor as the person of the staff who looks at a customer's
// console.
func (h *Handlers) staffActor(c echo.Context) store.Actor {
	by := h.actor(c)
	if u, _ := reqctx.User(c.Request().Context()); u.StaffRole != "" {
		by.Role, by.AccountID = u.StaffRole, ""
	}
	return by
}

// ShowForgotten is the page of a forgotten password.
func (h *Handlers) ShowForgotten(c echo.Context) error {
	return h.forgottenPage(c, http.StatusOK, views.ForgottenForm{Sent: c.QueryParam("sent") != ""})
}

// Forgotten mails a link to whoever has this address. The answer is the same
// for everybody, and comes before anything is looked up.
func (h *Handlers) Forgotten(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.ForgottenForm{Email: value(c, "email"), Errors: map[string]string{}}
	if !h.Store.Mailing() {
		return h.forgottenPage(c, http.StatusConflict, form)
	}
	if form.Email == "" {
		form.Errors["email"] = "Enter the e-mail address"
		return h.forgottenPage(c, http.StatusUnprocessableEntity, form)
	}
	// Counted apart from sign-ins: asking for a link locks nobody out.
	if wait, ok := h.Attempts.Take("forgotten "+form.Email, c.RealIP(), ""); !ok {
		form.Refusal = tooMany(c, wait)
		return h.forgottenPage(c, http.StatusTooManyRequests, form)
	}
	h.Store.RequestPasswordReset(form.Email, reqctx.ID(ctx))
	return h.done(c, paths.With(paths.Forgotten, "sent", "1"))
}

func (h *Handlers) forgottenPage(c echo.Context, status int, form views.ForgottenForm) error {
	form.Mailing = h.Store.Mailing()
	form.Minutes = int(store.ResetLimit / time.Minute)
	return h.render(c, status, views.ForgottenPage(h.publicFrame(c, "Forgotten password", status), form))
}

package handlers

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"demarc/store"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowSignIn is the sign-in page. Who is signed in already goes on.
func (h *Handlers) ShowSignIn(c echo.Context) error {
	next := paths.Local(c.QueryParam("next"), paths.Home)
	if _, ok := reqctx.User(c.Request().Context()); ok {
		return c.Redirect(http.StatusSeeOther, next)
	}
	return h.signInPage(c, http.StatusOK, views.SignInForm{Next: next})
}

// SignIn checks account name and password and starts a session. The browser
// gets a new session whatever it had before, so a session prepared by somebody
// else is of no use to them.
func (h *Handlers) SignIn(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.SignInForm{Email: value(c, "email"), Next: paths.Local(value(c, "next"), paths.Home), Errors: map[string]string{}}
	password := secret(c, "password")
	if form.Email == "" {
		form.Errors["email"] = "Enter the account name"
	}
	if password == "" {
		form.Errors["password"] = "Enter the password"
	}
	if len(form.Errors) > 0 {
		return h.signInPage(c, http.StatusUnprocessableEntity, form)
	}
	ip, familiar := c.RealIP(), reqctx.Of(ctx).Session.Familiar(form.Email)
	if wait, ok := h.Attempts.Take(form.Email, ip, familiar); !ok {
		h.Log.WarnContext(ctx, "sign-in attempts limited", "request_id", reqctx.ID(ctx))
		form.Refusal = tooMany(c, wait)
		return h.signInPage(c, http.StatusTooManyRequests, form)
	}
	user, err := h.Store.Authenticate(ctx, form.Email, password)
	if store.KindOf(err) == store.Unauthenticated {
		h.Log.InfoContext(ctx, "sign-in refused", "request_id", reqctx.ID(ctx))
		h.Store.NoteRefusedSignIn(form.Email, reqctx.ID(ctx))
		form.Refusal = store.MessageOf(err)
		return h.signInPage(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	h.Attempts.Forget(form.Email, ip, familiar)
	return h.enter(c, user, store.MethodPassword, form.Next)
}

// tooMany is the sentence for an attempt that came too soon; the header says
// the same to programs.
func tooMany(c echo.Context, wait time.Duration) string {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	minutes := max(1, int(math.Ceil(wait.Minutes())))
	if minutes == 1 {
		return "Too many attempts. Try again in 1 minute."
	}
	return "Too many attempts. Try again in " + strconv.Itoa(minutes) + " minutes."
}

// enter goes on after a first proof of who somebody is: to the second factor
// when they have one, into the console otherwise. What an identity provider
// vouches for needs no factor of ours, but for people who must have one and whose
// provider does not prove that it asked for one: they would get around their own.
func (h *Handlers) enter(c echo.Context, user store.User, method store.Method, next string, flash ...views.Flash) error {
	vouched := method == store.MethodSSOMFA || method == store.MethodSSO && !user.Role.IsStaff() && !h.needsFactor(user)
	if !user.SecondFactor || vouched {
		if err := h.startSession(c, user, method); err != nil {
			return err
		}
		return h.done(c, next, flash...)
	}
	ctx := c.Request().Context()
	req := reqctx.Of(ctx)
	id, key, err := h.Store.StartStep(ctx, store.Actor{UserID: user.ID, RequestID: req.ID}, store.Step{Kind: store.StepSecondFactor, UserID: user.ID, Next: next})
	if err != nil {
		return err
	}
	req.Session.StartStep(id, key)
	return h.done(c, paths.SecondFactor)
}

// startSession ends what the browser had and begins anew. The browser gets a
// new session whatever it had before.
func (h *Handlers) startSession(c echo.Context, user store.User, method store.Method) error {
	ctx := c.Request().Context()
	req := reqctx.Of(ctx)
	if old := req.Session.ID(); old != "" && req.User.ID != "" {
		if err := h.Store.EndSession(ctx, h.staffActor(c), old); err != nil {
			return err
		}
	}
	id, key, err := h.Store.StartSession(ctx, store.Actor{UserID: user.ID, RequestID: req.ID}, method, device(c.Request().UserAgent()))
	if err != nil {
		return err
	}
	req.Session.StartStep("", "")
	req.Session.Remember(user.Email)
	req.Session.Start(id, key)
	return nil
}

// SignOut ends the session on the server and in the browser.
func (h *Handlers) SignOut(c echo.Context) error {
	ctx := c.Request().Context()
	req := reqctx.Of(ctx)
	if req.User.ID != "" {
		if err := h.Store.EndSession(ctx, h.staffActor(c), req.Session.ID()); err != nil {
			return err
		}
	}
	req.Session.End()
	if next := paths.Local(value(c, "next"), ""); next != "" {
		return h.done(c, paths.LoginNext(next), views.Flash{Tone: ui.ToneInfo, Text: "Sign in again to go on."})
	}
	return h.done(c, paths.Login, views.Flash{Tone: ui.ToneInfo, Text: "You are signed out."})
}

// needsFactor reports whether the person gets into nothing without a second
// factor.
func (h *Handlers) needsFactor(u store.User) bool {
	return h.RequireSecondFactor && (u.Role.IsStaff() || h.RequireOfCustomers)
}

func (h *Handlers) signInPage(c echo.Context, status int, form views.SignInForm) error {
	p := h.publicFrame(c, "Sign in", status)
	providers, err := h.Store.HasIdentityProviders(c.Request().Context())
	if err != nil {
		return err
	}
	if providers {
		form.SSO = paths.With(paths.SSO, "next", form.Next)
	}
	if h.Demo {
		form.People, form.Password = h.DemoPeople, h.DemoPassword
	}
	return h.render(c, status, views.SignInPage(p, form))
}

// ShowSession tells a page that somebody is signed in, and somebody who signed
// in beside that page that they can go back to it.
func (h *Handlers) ShowSession(c echo.Context) error {
	if reqctx.IsHtmx(c.Request()) {
		return c.NoContent(http.StatusNoContent)
	}
	return h.render(c, http.StatusOK, views.SignedInPage(h.publicFrame(c, "You are signed in", http.StatusOK)))
}

// SignInAgain is the answer to a part of a page whose session is over: a dialog
// over the page, which keeps what was typed. why says why it is over, if known.
func (h *Handlers) SignInAgain(c echo.Context, why string) error {
	overPage(c)
	return h.render(c, http.StatusUnauthorized, views.SignInAgain(why))
}

// overPage makes htmx show the dialog of an answer over the page, beside
// whatever part of it the answer was for, and beside a form that is a dialog
// itself.
func overPage(c echo.Context) {
	header := c.Response().Header()
	header.Set("HX-Retarget", "#notice")
	header.Set("HX-Reswap", "innerHTML")
	header.Set("HX-Reselect", "dialog")
}

// secretFields are what proves who somebody is; no page holds what was sent in
// them.
var secretFields = []string{"password", "again", "current", "client_secret", "credential", "code"}

// secret is a posted password: in NFC, so that two keyboards agree, and
// otherwise as typed. Blanks at the ends are part of it.
func secret(c echo.Context, name string) string {
	return norm.NFC.String(posted(c).Get(name))
}

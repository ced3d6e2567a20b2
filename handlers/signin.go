package handlers

import (
	"math"
	"net/http"
	"strconv"

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
	ip := c.RealIP()
	if wait, ok := h.Attempts.Take(form.Email, ip); !ok {
		h.Log.WarnContext(ctx, "sign-in attempts limited", "request_id", reqctx.ID(ctx))
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		minutes := max(1, int(math.Ceil(wait.Minutes())))
		form.Refusal = "Too many attempts. Try again in " + strconv.Itoa(minutes) + " minutes."
		if minutes == 1 {
			form.Refusal = "Too many attempts. Try again in 1 minute."
		}
		return h.signInPage(c, http.StatusTooManyRequests, form)
	}
	user, err := h.Store.Authenticate(ctx, form.Email, password)
	if store.KindOf(err) == store.Unauthenticated {
		h.Log.InfoContext(ctx, "sign-in refused", "request_id", reqctx.ID(ctx))
		form.Refusal = store.MessageOf(err)
		return h.signInPage(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	h.Attempts.Forget(form.Email, ip)
	if err := h.startSession(c, user); err != nil {
		return err
	}
	return h.done(c, form.Next)
}

// startSession ends what the browser had and begins anew.
func (h *Handlers) startSession(c echo.Context, user store.User) error {
	ctx := c.Request().Context()
	req := reqctx.Of(ctx)
	if old := req.Session.ID(); old != "" && req.User.ID != "" {
		if err := h.Store.EndSession(ctx, reqctx.Actor(ctx), old); err != nil {
			return err
		}
	}
	id, key, err := h.Store.StartSession(ctx, store.Actor{UserID: user.ID, RequestID: req.ID})
	if err != nil {
		return err
	}
	req.Session.Start(id, key)
	return nil
}

// SignOut ends the session on the server and in the browser.
func (h *Handlers) SignOut(c echo.Context) error {
	ctx := c.Request().Context()
	req := reqctx.Of(ctx)
	if req.User.ID != "" {
		if err := h.Store.EndSession(ctx, h.actor(c), req.Session.ID()); err != nil {
			return err
		}
	}
	req.Session.End()
	return h.done(c, paths.Login, views.Flash{Tone: ui.ToneInfo, Text: "You are signed out."})
}

func (h *Handlers) signInPage(c echo.Context, status int, form views.SignInForm) error {
	p := h.frame(c, "Sign in")
	p.User, p.Area, p.Nav = nil, views.AreaPublic, nil
	p.Failed = status != http.StatusOK
	if h.Demo {
		form.People, form.Password = h.DemoPeople, h.DemoPassword
	}
	return h.render(c, status, views.SignInPage(p, form))
}

// secret is a posted password: in NFC, so that two keyboards agree, and
// otherwise as typed. Blanks at the ends are part of it.
func secret(c echo.Context, name string) string {
	return norm.NFC.String(posted(c).Get(name))
}

package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
	"demarc/web/sso"
)

// pathText is text as one element of an address.
func pathText(s string) string { return url.PathEscape(s) }

// ShowSSO asks which identity provider vouches for the person.
func (h *Handlers) ShowSSO(c echo.Context) error {
	return h.ssoPage(c, http.StatusOK, views.SSOForm{Next: paths.Local(c.QueryParam("next"), paths.Home), Errors: map[string]string{}})
}

func (h *Handlers) ssoPage(c echo.Context, status int, form views.SSOForm) error {
	return h.render(c, status, views.SSOPage(h.publicFrame(c, "Single sign-on", status), form))
}

const msgNoProvider = "No identity provider answers for this address. Sign in with the password instead."

// ssoAttempt is what a try to sign in with a provider counts against.
func ssoAttempt(email string) string { return "sso " + email }

// BeginSSO finds the identity provider by the domain of the address, and shows
// the way there: a link, since a form of ours must not lead to another site.
// Whether anybody has the address makes no difference.
func (h *Handlers) BeginSSO(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.SSOForm{Email: value(c, "email"), Next: paths.Local(value(c, "next"), paths.Home)}
	form.Errors = unprintable(c)
	if form.Email == "" {
		form.Errors["email"] = "Enter your e-mail address"
	}
	if len(form.Errors) > 0 {
		return h.ssoPage(c, http.StatusUnprocessableEntity, form)
	}
	if wait, ok := h.Attempts.Take(ssoAttempt(form.Email), c.RealIP(), ""); !ok {
		form.Errors["email"] = tooMany(c, wait)
		return h.ssoPage(c, http.StatusTooManyRequests, form)
	}
	p, key, err := h.Store.ProviderForAddress(ctx, form.Email)
	if store.KindOf(err) == store.NotFound {
		form.Errors["email"] = msgNoProvider
		return h.ssoPage(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	address, state, err := h.SSO.Begin(ctx, h.ssoProvider(p, key), form.Email, signInAge(form.Next))
	if err != nil {
		h.Log.WarnContext(ctx, "identity provider does not answer", "request_id", reqctx.ID(ctx), "provider", p.ID, "error", err)
		form.Errors["email"] = p.Name + " does not answer. Try again later, or sign in with the password."
		return h.ssoPage(c, http.StatusUnprocessableEntity, form)
	}
	id, secret, err := h.Store.StartStep(ctx, store.Actor{RequestID: reqctx.ID(ctx)}, store.Step{Kind: store.StepSSO, Data: p.ID + "\n" + state, Next: form.Next})
	if err != nil {
		return err
	}
	reqctx.Of(ctx).Session.StartStep(id, secret)
	form.Provider, form.Address = p.Name, address
	return h.ssoPage(c, http.StatusOK, form)
}

// signInAge is how long ago somebody may have signed in at their provider: as
// long as a session lasts here, and just now for who goes to change how they
// sign in.
func signInAge(next string) time.Duration {
	if next == paths.Security {
		return 0
	}
	return store.SessionLimit
}

func (h *Handlers) ssoProvider(p store.IdentityProvider, key string) sso.Provider {
	return sso.Provider{Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: key, Return: h.returnAddress(p.ID)}
}

// returnAddress is where the identity provider with this ID sends people back to.
func (h *Handlers) returnAddress(id string) string { return h.PublicURL + paths.SSOReturn(id) }

const msgWrongReturn = "The answer came to the return address of another identity provider and was not accepted. Sign in again. If it happens again, tell whoever looks after this console."

// FinishSSO is where an identity provider sends the browser back to: each one to
// an address of its own, so that the answer of one is never taken for another's
// (RFC 9700, 4.4.2).
func (h *Handlers) FinishSSO(c echo.Context) error {
	ctx := c.Request().Context()
	sess := reqctx.Of(ctx).Session
	id, secret := sess.Step()
	st, err := h.Store.TakeStep(ctx, store.StepSSO, id, secret)
	if err != nil {
		return h.stepOver(c, err)
	}
	next := paths.Local(st.Next, paths.Home)
	fail := func(text string) error {
		sess.StartStep("", "")
		return h.done(c, paths.LoginNext(next), views.Flash{Tone: ui.ToneWarn, Text: text})
	}
	provider, state, _ := strings.Cut(st.Data, "\n")
	if at := c.Param("id"); at != provider {
		h.Log.WarnContext(ctx, "an identity provider's answer came to the address of another", "request_id", reqctx.ID(ctx), "provider", provider)
		return fail(msgWrongReturn)
	}
	p, key, err := h.Store.Provider(ctx, provider)
	if store.KindOf(err) == store.NotFound {
		return fail("This identity provider was removed. Sign in with the password.")
	}
	if err != nil {
		return err
	}
	if c.QueryParam("error") != "" {
		h.Log.InfoContext(ctx, "an identity provider did not sign somebody in", "request_id", reqctx.ID(ctx), "provider", p.ID)
		return fail(p.Name + " did not sign you in. Try again, or sign in with the password.")
	}
	who, err := h.SSO.Finish(ctx, h.ssoProvider(p, key), state, sso.Answer{State: c.QueryParam("state"), Code: c.QueryParam("code"), Issuer: c.QueryParam("iss")})
	if err != nil {
		h.Log.WarnContext(ctx, "single sign-on failed", "request_id", reqctx.ID(ctx), "provider", p.ID, "error", err)
		if errors.Is(err, sso.ErrRefused) {
			return fail("What " + p.Name + " answered was not accepted. Sign in again.")
		}
		return fail(p.Name + " does not answer. Try again later, or sign in with the password.")
	}
	user, err := h.Store.SSOUser(ctx, reqctx.ID(ctx), p.ID, who.Subject, who.Email, who.Verified)
	if store.KindOf(err) == store.Unauthenticated {
		h.Log.InfoContext(ctx, "single sign-on refused", "request_id", reqctx.ID(ctx), "provider", p.ID)
		return fail(store.MessageOf(err))
	}
	if err != nil {
		return err
	}
	// Who came back gets the try back: a whole company may begin its day behind
	// one address. Who never does cannot make us ask the provider for ever.
	h.Attempts.Forget(ssoAttempt(who.Email), c.RealIP(), "")
	method := store.MethodSSO
	if p.MFA && who.Strong {
		method = store.MethodSSOMFA
	}
	return h.enter(c, user, method, next)
}

// ListProviders is the administrator's page of identity providers.
func (h *Handlers) ListProviders(c echo.Context) error {
	return h.providersPage(c, http.StatusOK, views.ProviderForm{Key: formKey(), ID: store.NewProviderID(), Account: c.QueryParam("account"), Errors: map[string]string{}})
}

func (h *Handlers) providersPage(c echo.Context, status int, form views.ProviderForm) error {
	ctx := c.Request().Context()
	all, err := h.Store.IdentityProviders(ctx)
	if err != nil {
		return err
	}
	form.Return = h.returnAddress(form.ID)
	v := views.Providers{Form: form}
	for _, p := range all {
		who := "Staff"
		if p.AccountID != "" {
			who = p.AccountName
		}
		v.Rows = append(v.Rows, views.ProviderRow{Name: p.Name, For: who, Domain: p.Domain, Issuer: p.Issuer, Return: h.returnAddress(p.ID), MFA: p.MFA, RemoveHref: paths.AdminSSORemoval(p.ID)})
	}
	p := h.page(c, "Single sign-on")
	p.Failed = status != http.StatusOK
	return h.render(c, status, views.ProvidersPage(p, v))
}

// AddProvider adds an identity provider.
func (h *Handlers) AddProvider(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.ProviderForm{Key: keptKey(c), ID: value(c, "id"), Name: value(c, "name"), Account: value(c, "account"), Issuer: value(c, "issuer"), ClientID: value(c, "client_id"),
		Domain: value(c, "domain"), MFA: value(c, "mfa") == "yes"}
	form.Errors = unprintable(c)
	if len(form.Errors) > 0 {
		return h.providersPage(c, http.StatusUnprocessableEntity, form)
	}
	err := h.Store.AddIdentityProvider(ctx, h.actor(c), store.NewIdentityProvider{ID: form.ID, AccountID: form.Account, Name: form.Name, Issuer: form.Issuer,
		ClientID: form.ClientID, ClientSecret: secret(c, "client_secret"), Domain: form.Domain, MFA: form.MFA})
	if status, fields, _, ok := refused(err); ok {
		form.Errors = fields
		if fields["return"] != "" {
			form.ID = store.NewProviderID()
		}
		return h.providersPage(c, status, form)
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminSSO, views.Flash{Tone: ui.ToneOK, Text: form.Name + " was added. People with an address in its domain can sign in with it now."})
}

// AskProviderRemoval asks before an identity provider goes.
func (h *Handlers) AskProviderRemoval(c echo.Context) error {
	provider, _, err := h.Store.Provider(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	p := h.page(c, "Remove "+provider.Name, views.Crumb{Label: "Single sign-on", Href: paths.AdminSSO})
	return h.render(c, http.StatusOK, views.ProviderRemovalPage(p, views.ProviderRow{Name: provider.Name, Domain: provider.Domain, RemoveHref: paths.AdminSSORemoval(provider.ID)}))
}

// RemoveProvider removes an identity provider.
func (h *Handlers) RemoveProvider(c echo.Context) error {
	if err := h.Store.RemoveIdentityProvider(c.Request().Context(), h.actor(c), c.Param("id")); err != nil {
		return err
	}
	return h.done(c, paths.AdminSSO, views.Flash{Tone: ui.ToneOK, Text: "It was removed."})
}

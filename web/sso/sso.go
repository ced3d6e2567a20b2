// Package sso talks to the identity providers of customers and of the operator
// (OpenID Connect, authorization code with PKCE). It is a leaf: it keeps
// nothing but what providers publish about themselves.
package sso

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// A provider is somebody else's, a customer's often, and may answer what it likes:
// providerTime bounds each conversation with it, answerLimit each of its answers,
// in bytes.
const (
	providerTime = 10 * time.Second
	answerLimit  = 1 << 20
)

// Provider is who vouches for people.
type Provider struct {
	Issuer, ClientID, ClientSecret string
	Return                         string // the address of this console that it, and no other one, sends people back to
}

// Person is whom the provider vouches for.
type Person struct {
	Subject  string // the provider's own name for them; never changes
	Email    string
	Verified bool // the provider has verified the address
	// Strong says that the provider proved with this answer that it asked for a
	// second factor. One that says nothing is taken to have asked for a password.
	Strong bool
}

// Answer is what the browser brought back from a provider.
type Answer struct {
	State, Code string
	Issuer      string // who says that it answers (RFC 9207), "" when nobody does
}

// ErrRefused means that the provider's answer proves nothing.
var ErrRefused = errors.New("single sign-on refused")

// Client talks to providers. The zero value is ready.
type Client struct {
	Transport http.RoundTripper // the network when nil

	mu   sync.Mutex
	seen map[string]known
}

type known struct {
	provider  *oidc.Provider
	tells     published
	goodUntil time.Time
}

// published is what a provider says about itself, beyond what the library reads.
type published struct {
	Keys     string `json:"jwks_uri"`
	UserInfo string `json:"userinfo_endpoint"`
	// NamesItself says that every answer names its issuer (RFC 9207).
	NamesItself bool `json:"authorization_response_iss_parameter_supported"`
}

// outwards is the network, but for addresses of this machine's own link, where
// clouds tell a machine its secrets: no provider is there, and none may lead there.
// A provider in the operator's own network is asked like any other.
var outwards = func() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: providerTime, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if ip := a.Addr().Unmap(); ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
			return errors.New("an identity provider led to an address of this machine's link")
		}
		return nil
	}}).DialContext
	return t
}()

// asking is the context in which a provider is asked.
func (c *Client) asking(ctx context.Context) context.Context {
	next := c.Transport
	if next == nil {
		next = outwards
	}
	return oidc.ClientContext(ctx, &http.Client{Timeout: providerTime, Transport: bounded{next}, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.Method != http.MethodGet || r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host || len(via) > 3 {
			return errors.New("an identity provider led elsewhere") // with the secret, in the clear, or to another host
		}
		return nil
	}})
}

// bounded cuts off answers that do not end.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, answerLimit), res.Body}
	}
	return res, err
}

// inShort cuts what an error says: the library puts whole answers into some, and
// what a provider writes is not to fill the log.
func inShort(err error) error {
	const most = 300 // bytes
	if text := err.Error(); len(text) > most {
		return errors.New(strings.ToValidUTF8(text[:most], "") + "…")
	}
	return err
}

// safe refuses a provider that is reached safely itself and would have its people
// or our secret sent somewhere in the clear.
func safe(issuer string, addresses ...string) error {
	from, err := url.Parse(issuer)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if a == "" {
			continue
		}
		to, err := url.Parse(a)
		if err != nil || to.Host == "" || to.Scheme != "https" && to.Scheme != "http" || to.Scheme == "http" && from.Scheme == "https" {
			return fmt.Errorf("%w: the provider names the address %q", ErrRefused, a)
		}
	}
	return nil
}

// discovered is what the provider publishes, asked for once an hour.
func (c *Client) discovered(ctx context.Context, issuer string) (known, error) {
	c.mu.Lock()
	have, ok := c.seen[issuer]
	c.mu.Unlock()
	if ok && time.Now().Before(have.goodUntil) {
		return have, nil
	}
	// The provider outlives the request that asks for it first.
	p, err := oidc.NewProvider(c.asking(context.WithoutCancel(ctx)), issuer)
	if err != nil {
		return known{}, inShort(err)
	}
	found := known{provider: p, goodUntil: time.Now().Add(time.Hour)}
	if err := p.Claims(&found.tells); err != nil {
		return known{}, err
	}
	if err := safe(issuer, p.Endpoint().AuthURL, p.Endpoint().TokenURL, found.tells.Keys, found.tells.UserInfo); err != nil {
		return known{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) > 1000 {
		c.seen = map[string]known{}
	}
	c.seen[issuer] = found
	return found, nil
}

func config(p Provider, found *oidc.Provider) oauth2.Config {
	return oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.Return, Endpoint: found.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "email"}}
}

// secrets bind the answer to this browser and this question. MaxAge is how old
// the person's sign-in at the provider may be, in seconds.
type secrets struct {
	State, Nonce, Verifier string
	MaxAge                 int64
}

// ageLeeway is how far the clocks of a provider and of this machine may differ,
// with the time that signing in takes: a step of it lasts ten minutes.
const ageLeeway = 15 * time.Minute

// Begin is the address of the provider where the person signs in, and what is
// needed to check what it answers. maxAge is how long ago they may have signed in
// there: with 0 the provider asks them once more.
func (c *Client) Begin(ctx context.Context, p Provider, email string, maxAge time.Duration) (address, state string, err error) {
	found, err := c.discovered(ctx, p.Issuer)
	if err != nil {
		return "", "", err
	}
	s := secrets{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), MaxAge: int64(maxAge / time.Second)}
	text, err := json.Marshal(s)
	if err != nil {
		return "", "", err
	}
	conf := config(p, found.provider)
	return conf.AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier), oauth2.SetAuthURLParam("login_hint", email),
		oauth2.SetAuthURLParam("max_age", strconv.FormatInt(s.MaxAge, 10))), string(text), nil
}

// Finish checks the answer that the browser brought back. One that proves
// nothing is ErrRefused; other errors mean that the provider did not answer.
func (c *Client) Finish(ctx context.Context, p Provider, state string, a Answer) (Person, error) {
	var s secrets
	if err := json.Unmarshal([]byte(state), &s); err != nil || s.State == "" || s.State != a.State || a.Code == "" {
		return Person{}, errors.Join(ErrRefused, err)
	}
	known, err := c.discovered(ctx, p.Issuer)
	if err != nil {
		return Person{}, err
	}
	// The answer came to the address of this provider alone. Still, one that says
	// that another answered is not told its code.
	if a.Issuer != p.Issuer && (a.Issuer != "" || known.tells.NamesItself) {
		return Person{}, fmt.Errorf("%w: another provider answered", ErrRefused)
	}
	found := known.provider
	ctx, stop := context.WithTimeout(c.asking(ctx), providerTime)
	defer stop()
	conf := config(p, found)
	token, err := conf.Exchange(ctx, a.Code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		var refusal *oauth2.RetrieveError
		if errors.As(err, &refusal) && refusal.Response != nil {
			return Person{}, fmt.Errorf("%w: asked for a token, the provider answered %s", ErrRefused, refusal.Response.Status)
		}
		return Person{}, inShort(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Person{}, errors.Join(ErrRefused, inShort(err))
	}
	if id.Nonce != s.Nonce {
		return Person{}, fmt.Errorf("%w: the nonce is another", ErrRefused)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"`
		SignedIn int64  `json:"auth_time"` // seconds; 0 where the provider does not tell
		Methods  any    `json:"amr"`
		Class    string `json:"acr"`
	}
	if err := id.Claims(&claims); err != nil {
		return Person{}, errors.Join(ErrRefused, err)
	}
	if at := time.Unix(claims.SignedIn, 0); claims.SignedIn != 0 && time.Since(at) > time.Duration(s.MaxAge)*time.Second+ageLeeway {
		return Person{}, fmt.Errorf("%w: the person signed in there too long ago", ErrRefused)
	}
	person := Person{Subject: id.Subject, Email: claims.Email, Verified: claims.Verified == true || claims.Verified == "true", Strong: strong(claims.Methods, claims.Class)}
	if person.Email == "" {
		// Many providers tell the address only when asked for it.
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return Person{}, fmt.Errorf("%w: the provider gives no user info", ErrRefused)
		}
		if info.Subject != id.Subject {
			return Person{}, fmt.Errorf("%w: the user info is about somebody else", ErrRefused)
		}
		person.Email, person.Verified = info.Email, info.EmailVerified
	}
	return person, nil
}

// The classes of sign-in (acr) that mean two factors, and the kinds of proof that
// methods (amr, RFC 8176) are of: what is known, had, or part of the person.
var (
	strongClasses = []string{"phr", "phrh", "https://refeds.org/profile/mfa", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"}
	proofs        = map[string]string{"pwd": "known", "pin": "known", "kba": "known", "otp": "had", "hwk": "had", "swk": "had", "sc": "had", "pop": "had", "sms": "had", "tel": "had",
		"fpt": "part", "face": "part", "iris": "part", "retina": "part", "vbm": "part"}
)

// strong reports whether the claims of a token say that two factors of different
// kinds were proved.
func strong(methods any, class string) bool {
	if slices.Contains(strongClasses, class) {
		return true
	}
	list, _ := methods.([]any)
	kinds := map[string]bool{}
	for _, m := range list {
		name, _ := m.(string)
		if name == "mfa" {
			return true
		}
		if kind := proofs[name]; kind != "" {
			kinds[kind] = true
		}
	}
	return len(kinds) > 1
}

// Package sso talks to the identity providers of customers and of the operator
// (OpenID Connect, authorization code with PKCE). It is a leaf: it keeps
// nothing but what providers publish about themselves.
package sso

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// providerTime bounds each conversation with a provider.
const providerTime = 10 * time.Second

// Provider is who vouches for people.
type Provider struct {
	Issuer, ClientID, ClientSecret string
	Return                         string // the address of this console that it sends people back to
}

// Person is whom the provider vouches for.
type Person struct {
	Subject  string // the provider's own name for them; never changes
	Email    string
	Verified bool // the provider has verified the address
}

// ErrRefused means that the provider's answer proves nothing.
var ErrRefused = errors.New("single sign-on refused")

// Client talks to providers. The zero value is ready.
type Client struct {
	mu   sync.Mutex
	seen map[string]known
}

type known struct {
	provider *oidc.Provider
	until    time.Time
}

// discovered is what the provider publishes, asked for once an hour.
func (c *Client) discovered(ctx context.Context, issuer string) (*oidc.Provider, error) {
	c.mu.Lock()
	have, ok := c.seen[issuer]
	c.mu.Unlock()
	if ok && time.Now().Before(have.until) {
		return have.provider, nil
	}
	// The provider outlives the request that asks for it first.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: providerTime})
	p, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) > 1000 {
		c.seen = map[string]known{}
	}
	c.seen[issuer] = known{p, time.Now().Add(time.Hour)}
	return p, nil
}

func config(p Provider, found *oidc.Provider) oauth2.Config {
	return oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.Return, Endpoint: found.Endpoint(),
		Scopes: []string{oidc.ScopeOpenID, "email"}}
}

// secrets bind the answer to this browser and this question.
type secrets struct{ State, Nonce, Verifier string }

// Begin is the address of the provider where the person signs in, and what is
// needed to check what it answers.
func (c *Client) Begin(ctx context.Context, p Provider, email string) (address, state string, err error) {
	found, err := c.discovered(ctx, p.Issuer)
	if err != nil {
		return "", "", err
	}
	s := secrets{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()}
	text, err := json.Marshal(s)
	if err != nil {
		return "", "", err
	}
	conf := config(p, found)
	return conf.AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier), oauth2.SetAuthURLParam("login_hint", email)), string(text), nil
}

// Finish checks the answer that the browser brought back. One that proves
// nothing is ErrRefused; other errors mean that the provider did not answer.
func (c *Client) Finish(ctx context.Context, p Provider, state, gotState, code string) (Person, error) {
	var s secrets
	if err := json.Unmarshal([]byte(state), &s); err != nil || s.State == "" || s.State != gotState || code == "" {
		return Person{}, errors.Join(ErrRefused, err)
	}
	found, err := c.discovered(ctx, p.Issuer)
	if err != nil {
		return Person{}, err
	}
	ctx, stop := context.WithTimeout(ctx, providerTime)
	defer stop()
	conf := config(p, found)
	token, err := conf.Exchange(ctx, code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		var refusal *oauth2.RetrieveError
		if errors.As(err, &refusal) {
			return Person{}, errors.Join(ErrRefused, err)
		}
		return Person{}, err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Person{}, errors.Join(ErrRefused, err)
	}
	if id.Nonce != s.Nonce {
		return Person{}, fmt.Errorf("%w: the nonce is another", ErrRefused)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return Person{}, errors.Join(ErrRefused, err)
	}
	person := Person{Subject: id.Subject, Email: claims.Email, Verified: claims.Verified == true || claims.Verified == "true"}
	if person.Email == "" {
		// Many providers tell the address only when asked for it.
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return Person{}, errors.Join(ErrRefused, err)
		}
		if info.Subject != id.Subject {
			return Person{}, fmt.Errorf("%w: the user info is about somebody else", ErrRefused)
		}
		person.Email, person.Verified = info.Email, info.EmailVerified
	}
	return person, nil
}

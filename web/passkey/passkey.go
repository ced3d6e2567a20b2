// Package passkey asks a browser to make a passkey or to prove that it has one
// (WebAuthn), and checks its answer. It is a leaf: it keeps nothing, and knows
// people only by what it is given.
package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Site makes and checks passkeys of one address of the console.
type Site struct{ w *webauthn.WebAuthn }

// New is the site of the console at publicURL, "https://console.example";
// operator is what the browser calls it. Browsers make passkeys for https and
// for localhost only: for another address there is no site, and no error.
func New(publicURL, operator string) (*Site, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" && u.Hostname() != "localhost" {
		return nil, nil
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: operator, RPOrigins: []string{publicURL}})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Site{w}, nil
}

// Person is whose passkey it is. Credentials are what Registered returned
// earlier.
type Person struct {
	ID, Email, Name string
	Credentials     []string
}

type person struct {
	Person
	credentials []webauthn.Credential
}

func (p person) WebAuthnID() []byte                         { return []byte(p.ID) }
func (p person) WebAuthnName() string                       { return p.Email }
func (p person) WebAuthnDisplayName() string                { return p.Name }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

func (p Person) user() (person, error) {
	out := person{Person: p}
	for _, text := range p.Credentials {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			return out, fmt.Errorf("passkey of %s is damaged: %w", p.ID, err)
		}
		out.credentials = append(out.credentials, c)
	}
	return out, nil
}

// ErrRefused means that the browser's answer proves nothing.
var ErrRefused = errors.New("passkey refused")

// Register begins to make a passkey: options go to the browser as they are,
// state is needed to check its answer.
func (s *Site) Register(p Person) (options, state string, err error) {
	u, err := p.user()
	if err != nil {
		return "", "", err
	}
	creation, session, err := s.w.BeginRegistration(u,
		webauthn.WithExclusions(webauthn.Credentials(u.credentials).CredentialDescriptors()),
		webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementDiscouraged))
	if err != nil {
		return "", "", err
	}
	return texts(creation.Response, session)
}

// Registered checks what the browser made, and returns the credential to keep
// and its ID. An answer that proves nothing is ErrRefused.
func (s *Site) Registered(p Person, state, answer string) (id, credential string, err error) {
	u, session, err := open(p, state)
	if err != nil {
		return "", "", err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return "", "", errors.Join(ErrRefused, err)
	}
	c, err := s.w.CreateCredential(u, session, parsed)
	if err != nil {
		return "", "", errors.Join(ErrRefused, err)
	}
	return kept(c)
}

// Ask begins to have a passkey of the person proved.
func (s *Site) Ask(p Person) (options, state string, err error) {
	u, err := p.user()
	if err != nil {
		return "", "", err
	}
	assertion, session, err := s.w.BeginLogin(u)
	if err != nil {
		return "", "", err
	}
	return texts(assertion.Response, session)
}

// Answered checks the browser's proof, and returns the credential to keep from
// now on (its counter moved) and its ID. An answer that proves nothing, or one
// of a passkey that was copied, is ErrRefused.
func (s *Site) Answered(p Person, state, answer string) (id, credential string, err error) {
	u, session, err := open(p, state)
	if err != nil {
		return "", "", err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return "", "", errors.Join(ErrRefused, err)
	}
	c, err := s.w.ValidateLogin(u, session, parsed)
	if err != nil {
		return "", "", errors.Join(ErrRefused, err)
	}
	if c.Authenticator.CloneWarning {
		return "", "", fmt.Errorf("%w: its counter went back", ErrRefused)
	}
	return kept(c)
}

func open(p Person, state string) (u person, session webauthn.SessionData, err error) {
	if u, err = p.user(); err == nil {
		err = json.Unmarshal([]byte(state), &session)
	}
	return u, session, err
}

func texts(options any, session *webauthn.SessionData) (string, string, error) {
	o, err := json.Marshal(options)
	if err != nil {
		return "", "", err
	}
	state, err := json.Marshal(session)
	return string(o), string(state), err
}

func kept(c *webauthn.Credential) (id, credential string, err error) {
	text, err := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(c.ID), string(text), err
}

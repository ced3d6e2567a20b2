// Package ssotest starts OpenID providers for tests: real ones, each with a
// sign-in page of its own, which do not name themselves in their answers
// (RFC 9207). Only tests use it.
package ssotest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"golang.org/x/text/language"
)

// Secret is the console's at every provider, and Password that of everybody.
const (
	Secret   = "provider secret"
	Password = "verysecure"
)

// Person has an account at a provider, under a name that is their subject too.
type Person struct {
	Name, Email string
	Verified    bool // the provider has verified the address
}

// Provider is a provider at which the console is registered.
type Provider struct {
	Issuer, ClientID string
	Asked            atomic.Int32 // how many times for a token
}

// New starts a provider that sends people back to these addresses only, until
// the test is over.
func New(t testing.TB, people []Person, returns ...string) *Provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := server.Listener.Addr().String()
	p := &Provider{Issuer: "http://localhost" + address[strings.LastIndexByte(address, ':'):] + "/"}
	p.ClientID = "console at " + p.Issuer
	storage.RegisterClients(storage.WebClient(p.ClientID, Secret, returns...))
	op := exampleop.SetupServer(p.Issuer, storage.NewStorage(users(people)), slog.New(slog.DiscardHandler), false)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			p.Asked.Add(1)
		}
		op.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// users implements storage.UserStore.
type users []Person

func (u users) GetUserByID(id string) *storage.User {
	for _, p := range u {
		if p.Name == id {
			return &storage.User{ID: p.Name, Username: p.Name, Password: Password, Email: p.Email, EmailVerified: p.Verified, PreferredLanguage: language.English}
		}
	}
	return nil
}

func (u users) GetUserByUsername(name string) *storage.User { return u.GetUserByID(name) }

func (users) ExampleClientID() string { return "none" }

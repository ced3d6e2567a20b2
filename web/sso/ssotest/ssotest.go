// Package ssotest starts OpenID providers for tests: real ones, each with a
// sign-in page of its own, which do not name themselves in their answers
// (RFC 9207). Only tests use it.
package ssotest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"
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
	// Methods, when set, are how its people prove who they are (amr, RFC 8176); by
	// itself it says that they typed a password.
	Methods []string
	key     *rsa.PrivateKey
}

// New starts a provider that sends people back to these addresses only, until
// the test is over.
func New(t testing.TB, people []Person, returns ...string) *Provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := server.Listener.Addr().String()
	p := &Provider{Issuer: "http://localhost" + address[strings.LastIndexByte(address, ':'):] + "/"}
	p.ClientID = "console at " + p.Issuer
	var err error
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	storage.RegisterClients(storage.WebClient(p.ClientID, Secret, returns...))
	op := exampleop.SetupServer(p.Issuer, storage.NewStorage(users(people)), slog.New(slog.DiscardHandler), false)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, keys := strings.HasSuffix(r.URL.Path, "/token"), strings.HasSuffix(r.URL.Path, "/keys")
		if token {
			p.Asked.Add(1)
		}
		if p.Methods == nil || !token && !keys {
			op.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		op.ServeHTTP(answer, r)
		if keys {
			p.publish(t, w)
		} else {
			p.say(t, w, answer)
		}
	})
	server.Start()
	t.Cleanup(server.Close)
	return p
}

const keyID = "of the test"

// publish names the key that say signs with.
func (p *Provider) publish(t testing.TB, w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: keyID, Algorithm: "RS256", Use: "sig"}}}); err != nil {
		t.Error(err)
	}
}

// say is the provider's answer with how the person proved who they are.
func (p *Provider) say(t testing.TB, w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	var all, claims map[string]any
	err := json.Unmarshal(answer.Body.Bytes(), &all)
	text, _ := all["id_token"].(string)
	if text != "" && err == nil {
		var payload []byte
		if payload, err = base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1]); err == nil {
			err = json.Unmarshal(payload, &claims)
		}
		claims["amr"] = p.Methods
		signer, bad := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: keyID}}, nil)
		b, worse := json.Marshal(claims)
		if err = errors.Join(err, bad, worse); err == nil {
			var signed *jose.JSONWebSignature
			if signed, err = signer.Sign(b); err == nil {
				all["id_token"], err = signed.CompactSerialize()
			}
		}
	}
	if err != nil {
		t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.Code)
	if err := json.NewEncoder(w).Encode(all); err != nil {
		t.Error(err)
	}
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

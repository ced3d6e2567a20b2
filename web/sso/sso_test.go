package sso

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"
)

// The product is tested against a real provider elsewhere; here is one that lies.

const clientID, clientSecret, accessToken = "console", "the secret of the console", "opens-what-is-theirs"

// liar is a provider whose every answer a test may replace.
type liar struct {
	*httptest.Server
	key       *rsa.PrivateKey
	published map[string]any // what its configuration says beyond the truth
	claims    map[string]any // what the token says beyond the truth; nil leaves one out
	sign      func(*liar, string) string
	token     http.HandlerFunc // instead of the answer with a token
	config    http.HandlerFunc
	asked     atomic.Int32 // for a token
	nonce     string
}

func part(v any) string {
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}

func rs256(key *rsa.PrivateKey) func(*liar, string) string {
	return signed(key, map[string]any{"alg": "RS256", "kid": "1"})
}

func public(key *rsa.PrivateKey) map[string]string {
	return map[string]string{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}
}

// signed is a token with any header.
func signed(key *rsa.PrivateKey, header map[string]any) func(*liar, string) string {
	return func(_ *liar, claims string) string {
		text := part(header) + "." + claims
		sum := sha256.Sum256([]byte(text))
		sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(sig)
	}
}

func newLiar(t *testing.T, key *rsa.PrivateKey) *liar {
	t.Helper()
	l := &liar{key: key, sign: rs256(key)}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if l.config != nil {
			l.config(w, r)
			return
		}
		c := map[string]any{"issuer": l.URL, "authorization_endpoint": l.URL + "/auth", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/keys", "userinfo_endpoint": l.URL + "/me",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}}
		maps.Copy(c, l.published)
		json.NewEncoder(w).Encode(c)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"keys": []any{public(key)}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		l.asked.Add(1)
		if l.token != nil {
			l.token(w, r)
			return
		}
		claims := map[string]any{"iss": l.URL, "sub": "lin", "aud": clientID, "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": l.nonce,
			"email": "lin@northwind.example", "email_verified": true}
		maps.Copy(claims, l.claims)
		maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"access_token": accessToken, "refresh_token": accessToken, "token_type": "Bearer", "id_token": l.sign(l, part(claims))})
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"sub": "somebody else", "email": "owner@northwind.example", "email_verified": true})
	})
	l.Server = httptest.NewTLSServer(mux)
	t.Cleanup(l.Close)
	return l
}

// endless answers without an end, and counts what the other side takes.
func endless(taken *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for chunk := []byte(strings.Repeat(" ", 64<<10)); taken.Load() < 1<<30; taken.Add(int64(len(chunk))) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

func TestProvidersThatLie(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was asked of somebody else", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	var taken atomic.Int64
	for name, c := range map[string]struct {
		set     func(*liar)
		answer  func(*liar, *Answer)
		want    string // the address that is vouched for, with "?" when it is not verified; "" when nobody is
		refused bool   // as proving nothing, and not as a provider that is out of order
		unasked bool   // the code is not even told to the provider
	}{
		"none":                        {want: "lin@northwind.example"},
		"none, and it names itself":   {answer: func(l *liar, a *Answer) { a.Issuer = l.URL }, want: "lin@northwind.example"},
		"address not verified":        {set: func(l *liar) { l.claims = map[string]any{"email_verified": false} }, want: "lin@northwind.example?"},
		"nothing said of the address": {set: func(l *liar) { l.claims = map[string]any{"email_verified": nil} }, want: "lin@northwind.example?"},
		"verified as a number":        {set: func(l *liar) { l.claims = map[string]any{"email_verified": 1} }, want: "lin@northwind.example?"},
		"another audience":            {set: func(l *liar) { l.claims = map[string]any{"aud": "another console"} }, refused: true},
		"another issuer":              {set: func(l *liar) { l.claims = map[string]any{"iss": "https://login.example"} }, refused: true},
		"another nonce":               {set: func(l *liar) { l.claims = map[string]any{"nonce": "replayed"} }, refused: true},
		"no nonce":                    {set: func(l *liar) { l.claims = map[string]any{"nonce": nil} }, refused: true},
		"expired":                     {set: func(l *liar) { l.claims = map[string]any{"exp": time.Now().Add(-time.Hour).Unix()} }, refused: true},
		"user info of somebody else":  {set: func(l *liar) { l.claims = map[string]any{"email": nil} }, refused: true},
		"another key":                 {set: func(l *liar) { l.sign = rs256(other) }, refused: true},
		"no signature": {set: func(l *liar) {
			l.sign = func(_ *liar, claims string) string {
				return part(map[string]string{"alg": "none"}) + "." + claims + "."
			}
		}, refused: true},
		"signed with the shared secret": {set: func(l *liar) { l.sign = hs256 }, refused: true},
		"a key in the token itself": {set: func(l *liar) {
			l.sign = signed(other, map[string]any{"alg": "RS256", "kid": "1", "jwk": public(other)})
		}, refused: true},
		"a key that it leads to": {set: func(l *liar) {
			l.sign = signed(other, map[string]any{"alg": "RS256", "kid": "2", "jku": elsewhere.URL, "x5u": elsewhere.URL})
		}, refused: true},
		"not good yet":              {set: func(l *liar) { l.claims = map[string]any{"nbf": time.Now().Add(time.Hour).Unix()} }, refused: true},
		"no token":                  {set: func(l *liar) { l.sign = func(*liar, string) string { return "" } }, refused: true},
		"another state":             {answer: func(_ *liar, a *Answer) { a.State += "x" }, refused: true, unasked: true},
		"no state":                  {answer: func(_ *liar, a *Answer) { a.State = "" }, refused: true, unasked: true},
		"no code":                   {answer: func(_ *liar, a *Answer) { a.Code = "" }, refused: true, unasked: true},
		"another provider answered": {answer: func(_ *liar, a *Answer) { a.Issuer = "https://login.example" }, refused: true, unasked: true},
		"nobody says who answered":  {set: func(l *liar) { l.published = map[string]any{"authorization_response_iss_parameter_supported": true} }, refused: true, unasked: true},
		"a refusal":                 {set: func(l *liar) { l.token = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", 400) } }, refused: true},
		"a refusal that talks": {set: func(l *liar) {
			l.token = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(400)
				io.WriteString(w, `{"error":"invalid_grant","error_description":"lin@northwind.example `+strings.Repeat("x", 10_000)+`"}`)
			}
		}, refused: true},
		"a token that leads elsewhere": {set: func(l *liar) {
			l.token = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			}
		}},
		"a token without end":      {set: func(l *liar) { l.token = endless(&taken) }},
		"signed in there long ago": {set: func(l *liar) { l.claims = map[string]any{"auth_time": time.Now().Add(-13 * time.Hour).Unix()} }, refused: true},
		"signed in there this day": {set: func(l *liar) { l.claims = map[string]any{"auth_time": time.Now().Add(-11 * time.Hour).Unix()} }, want: "lin@northwind.example"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLiar(t, key)
			if c.set != nil {
				c.set(l)
			}
			client := &Client{Transport: l.Client().Transport}
			p := Provider{Issuer: l.URL, ClientID: clientID, ClientSecret: clientSecret, Return: "https://console.example/login/sso/return"}
			address, state, err := client.Begin(t.Context(), p, "lin@northwind.example", 12*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			l.nonce = u.Query().Get("nonce")
			a := Answer{State: u.Query().Get("state"), Code: "code"}
			if c.answer != nil {
				c.answer(l, &a)
			}
			who, err := client.Finish(t.Context(), p, state, a)
			got := who.Email
			if got != "" && !who.Verified {
				got += "?"
			}
			if got != c.want || (err == nil) != (c.want != "") || errors.Is(err, ErrRefused) != c.refused {
				t.Errorf("%+v, %v", who, err)
			}
			if (l.asked.Load() == 0) != c.unasked {
				t.Errorf("asked for a token %d times", l.asked.Load())
			}
			if err != nil && strings.Contains(err.Error(), clientSecret) {
				t.Errorf("the error tells the secret: %v", err)
			}
			if told := fmt.Sprintf("%+v %v", who, err); strings.Contains(told, accessToken) || strings.Contains(told, "eyJ") {
				t.Errorf("a token leaves the client: %s", told)
			}
			if err != nil && (len(err.Error()) > 600 || strings.Contains(err.Error(), "northwind")) {
				t.Errorf("the error repeats what the provider said: %v", err)
			}
		})
	}
	if n := taken.Load(); n == 0 || n > 64<<20 {
		t.Errorf("%d MB of an endless token were taken", n>>20)
	}
}

// hs256 signs with what both sides know, as if that were the provider's key.
func hs256(_ *liar, claims string) string {
	text := part(map[string]string{"alg": "HS256", "kid": "1"}) + "." + claims
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// What a provider says about itself is not followed into the open, nor without end.
func TestConfigurationsThatLie(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was asked of somebody else", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	var taken atomic.Int64
	for name, set := range map[string]func(*liar){
		"token in the clear":     func(l *liar) { l.published = map[string]any{"token_endpoint": "http://login.example/token"} },
		"keys in the clear":      func(l *liar) { l.published = map[string]any{"jwks_uri": "http://login.example/keys"} },
		"user info in the clear": func(l *liar) { l.published = map[string]any{"userinfo_endpoint": "http://login.example/me"} },
		"a script":               func(l *liar) { l.published = map[string]any{"authorization_endpoint": "javascript:alert(1)"} },
		"a file":                 func(l *liar) { l.published = map[string]any{"jwks_uri": "file:///etc/passwd"} },
		"another issuer":         func(l *liar) { l.published = map[string]any{"issuer": "https://login.example"} },
		"led into the clear": func(l *liar) {
			l.config = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
			}
		},
		"led to another host": func(l *liar) {
			l.config = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }
		},
		"without end": func(l *liar) { l.config = endless(&taken) },
		"an error that fills the log": func(l *liar) {
			l.config = func(w http.ResponseWriter, r *http.Request) {
				http.Error(w, strings.Repeat("ünd so weiter ", 10_000), http.StatusTeapot)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLiar(t, key)
			set(l)
			client := &Client{Transport: l.Client().Transport}
			address, _, err := client.Begin(t.Context(), Provider{Issuer: l.URL, ClientID: clientID, Return: "https://console.example/login/sso/return"}, "lin@northwind.example", 12*time.Hour)
			if err == nil {
				t.Errorf("leads to %s", address)
			} else if text := err.Error(); len(text) > 400 || !utf8.ValidString(text) {
				t.Errorf("an error of %d bytes", len(text))
			}
		})
	}
	// Where clouds tell a machine its secrets, not even for an answer of 404.
	for _, issuer := range []string{"https://169.254.169.254", "https://[fe80::1]", "https://0.0.0.0", "https://224.0.0.1"} {
		if _, _, err := new(Client).Begin(t.Context(), Provider{Issuer: issuer}, "lin@northwind.example", time.Hour); err == nil || !strings.Contains(err.Error(), "of this machine's link") {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	if n := taken.Load(); n == 0 || n > 64<<20 {
		t.Errorf("%d MB of an endless configuration were taken", n>>20)
	}
}

// A provider that asks for a second factor proves it with each answer; what it
// does not say is taken as a password alone.
func TestSecondFactorsOfProviders(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := newLiar(t, key)
	client := &Client{Transport: l.Client().Transport}
	p := Provider{Issuer: l.URL, ClientID: clientID, ClientSecret: clientSecret, Return: "https://console.example/login/sso/return"}
	seen := map[string]bool{} // what binds an answer to its question
	for name, c := range map[string]struct {
		claims map[string]any
		want   bool
	}{
		"nothing":                 {nil, false},
		"a password":              {map[string]any{"amr": []string{"pwd"}}, false},
		"two passwords":           {map[string]any{"amr": []string{"pwd", "pin", "kba"}}, false},
		"a key alone":             {map[string]any{"amr": []string{"hwk"}}, false},
		"words that mean nothing": {map[string]any{"amr": []any{"rsa", "wia", 7, nil}, "acr": "1"}, false},
		"not a list":              {map[string]any{"amr": "mfa"}, false},
		"a weak class":            {map[string]any{"acr": "urn:mace:incommon:iap:bronze"}, false},
		"several factors":         {map[string]any{"amr": []string{"mfa"}}, true},
		"password and code":       {map[string]any{"amr": []string{"pwd", "otp"}}, true},
		"key and fingerprint":     {map[string]any{"amr": []string{"hwk", "fpt"}}, true},
		"a class":                 {map[string]any{"acr": "phr"}, true},
		"a class of federations":  {map[string]any{"acr": "https://refeds.org/profile/mfa"}, true},
	} {
		l.claims = c.claims
		address, state, err := client.Begin(t.Context(), p, "lin@northwind.example", 0)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil || u.Query().Get("max_age") != "0" || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("response_type") != "code" || u.Query().Get("scope") != "openid email" {
			t.Fatal(address, err)
		}
		l.nonce = u.Query().Get("nonce")
		for _, secret := range []string{"state", "nonce", "code_challenge"} {
			v := u.Query().Get(secret)
			if b, err := base64.RawURLEncoding.DecodeString(v); err != nil || len(b) != 32 || seen[v] {
				t.Errorf("%s: %s is %q, %v, seen before: %v", name, secret, v, err, seen[v])
			}
			seen[v] = true
		}
		who, err := client.Finish(t.Context(), p, state, Answer{State: u.Query().Get("state"), Code: "code"})
		if err != nil || who.Strong != c.want {
			t.Errorf("%s: two factors are %v, %v", name, who.Strong, err)
		}
	}
	// Asked to prove who they are once more, a person did so long ago.
	l.claims = map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix()}
	address, state, err := client.Begin(t.Context(), p, "lin@northwind.example", 0)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(address)
	l.nonce = u.Query().Get("nonce")
	if _, err := client.Finish(t.Context(), p, state, Answer{State: u.Query().Get("state"), Code: "code"}); !errors.Is(err, ErrRefused) {
		t.Errorf("an old sign-in counts as a new one: %v", err)
	}
}

package views

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"demarc/views/ui"
)

// SecondFactorForm asks for a code, or a passkey, after the password.
type SecondFactorForm struct {
	Passkey string // what the browser asks its passkey, JSON; "" when there is none
	Errors  map[string]string
}

// Security is the page on which people look after how they sign in.
type Security struct {
	HasPassword  bool
	PasswordHint string
	// Required says that nothing else opens before a second factor is set up.
	Required bool
	Staff    bool
	// Stale says that the person signed in more than Minutes ago, and signs in
	// again before anything but the password changes.
	Stale      bool
	Minutes    int
	CanPasskey bool
	Factors    []SecurityFactor
	CodesLeft  int
	CodesWords string
	Sessions   []SecuritySession
	Errors     map[string]string
}

// SecurityFactor is one second factor.
type SecurityFactor struct {
	Name, Kind, RemoveHref string
	Added, Used            time.Time // Used is zero when it never was
}

func (f SecurityFactor) used() string {
	if f.Used.IsZero() {
		return "Not used yet"
	}
	return ui.FormatStamp(f.Used, time.UTC)
}

// SecuritySession is one session that still lasts.
type SecuritySession struct {
	ID, Device, Method string
	Started, Seen      time.Time
	Current            bool
}

// columns are those of a table, and the actions while there are any.
func (v Security) columns(labels ...string) []ui.Column {
	if !v.Stale {
		labels = append(labels, "Actions")
	}
	out := make([]ui.Column, len(labels))
	for i, l := range labels {
		out[i] = ui.Column{Label: l}
	}
	return out
}

func (v Security) others() bool {
	for _, s := range v.Sessions {
		if !s.Current {
			return true
		}
	}
	return false
}

// AuthenticatorForm sets up an authenticator app.
type AuthenticatorForm struct {
	Draft, Name, Key string
	QR               [][]bool // rows of modules, true is dark
	HasPassword      bool
	Errors           map[string]string
}

// qrQuiet is the light border that a reader needs, in modules.
const qrQuiet = 4

func qrBox(rows [][]bool) string {
	n := strconv.Itoa(len(rows) + 2*qrQuiet)
	return "0 0 " + n + " " + n
}

// qrPath draws the dark modules, a run of a row at a time.
func qrPath(rows [][]bool) string {
	var b strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			n := 1
			for x+n < len(row) && row[x+n] {
				n++
			}
			b.WriteString("M" + strconv.Itoa(x+qrQuiet) + " " + strconv.Itoa(y+qrQuiet) + "h" + strconv.Itoa(n) + "v1h-" + strconv.Itoa(n) + "z")
			x += n
		}
	}
	return b.String()
}

// PasskeyForm registers a passkey.
type PasskeyForm struct {
	Options     string // for the browser, JSON
	Name        string
	HasPassword bool
	Errors      map[string]string
}

func passkeyAttrs(kind, options string) templ.Attributes {
	return templ.Attributes{"data-passkey": kind, "data-options": options}
}

// FactorRemoval asks before a second factor goes.
type FactorRemoval struct {
	Name, Kind, Action        string
	HasPassword, Last, Needed bool
	Errors                    map[string]string
}

// Recovery shows new recovery codes, once, or asks before they replace the old.
type Recovery struct {
	Codes       []string
	Whose       string // "owner@northwind.example at Example Cloud", for the paper
	Made        time.Time
	Left        int
	HasPassword bool
	Errors      map[string]string
}

// SessionsEnd asks an administrator before somebody is signed out everywhere.
type SessionsEnd struct {
	Name, Email, Action, Back string
	Self                      bool
	Sessions                  []SecuritySession
}

// FactorReset asks an administrator why somebody's second factors go.
type FactorReset struct {
	Name, Email, Action, Back, Reason string
	Has                               bool
	Errors                            map[string]string
}

// SSOForm asks for the address by which the identity provider is found, and
// then shows the way there.
type SSOForm struct {
	Email, Next       string
	Provider, Address string
	Errors            map[string]string
}

// Providers is the administrator's page of identity providers.
type Providers struct {
	Rows []ProviderRow
	Form ProviderForm
}

// ProviderRow is one identity provider.
type ProviderRow struct {
	Name, For, Domain, Issuer, Return, RemoveHref string
	MFA                                           bool
}

// ProviderForm adds an identity provider. The secret is never sent back.
type ProviderForm struct {
	Key, Name, Account, Issuer, ClientID, Domain string
	ID, Return                                   string // drawn before, since the provider asks for the return address first
	MFA                                          bool
	Errors                                       map[string]string
}

// ownPassword is the field that proves that the person at the keyboard is still
// the one who signed in.
func ownPassword(errs map[string]string) ui.Control {
	return ui.Control{Name: "current", Type: "password", Label: "Your password", Error: errs["current"], Autocomplete: "current-password"}
}

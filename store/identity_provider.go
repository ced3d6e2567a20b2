package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"demarc/store/lifecycle"
)

// Single sign-on: an identity provider (OpenID Connect) answers for the people
// of one account, or for the operator's own staff, whose e-mail addresses are
// in one domain. It never makes people: somebody invites them first.

// IdentityProvider is one of them.
type IdentityProvider struct {
	ID          string
	AccountID   string // "" for staff
	AccountName string
	Name        string // "Northwind Entra ID"
	Issuer      string // URL, where its configuration is found
	ClientID    string
	Domain      string // lower case, "northwind.example"
	// MFA says that the provider asks for a second factor itself, so that a
	// sign-in by it is enough for staff.
	MFA       bool
	CreatedAt time.Time
}

// NewIdentityProvider describes one to add. The ID is of NewProviderID: its return
// address is registered at the provider first, which then gives the client ID.
type NewIdentityProvider struct {
	ID, AccountID, Name, Issuer, ClientID, ClientSecret, Domain string
	MFA                                                         bool
}

// providerIDForm is the form of what NewProviderID makes.
var providerIDForm = regexp.MustCompile(`^ip-[a-z0-9]{14}$`)

// NewProviderID is the ID of an identity provider that is about to be added.
func NewProviderID() string { return newID("ip-", 14) }

var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

func issuerProblem(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "Enter the issuer's URL, like https://login.example.com"
	}
	loopback := u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1"
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return "Use an issuer with https"
	}
	return ""
}

const msgReturnTaken = "This return address cannot be used. Register the one that is shown now at the identity provider instead."

func (n *NewIdentityProvider) check() error {
	n.Name, n.Issuer, n.ClientID = strings.TrimSpace(n.Name), strings.TrimSpace(n.Issuer), strings.TrimSpace(n.ClientID)
	n.Domain = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(n.Domain)), "@")
	bad := map[string]string{}
	if !providerIDForm.MatchString(n.ID) {
		bad["return"] = msgReturnTaken
	}
	if msg := between(n.Name, 64, "Enter a name for the identity provider"); msg != "" {
		bad["name"] = msg
	}
	if msg := issuerProblem(n.Issuer); msg != "" {
		bad["issuer"] = msg
	}
	if n.ClientID == "" || len(n.ClientID) > 256 {
		bad["client_id"] = "Enter the client ID that the provider gave this console"
	}
	if n.ClientSecret == "" || len(n.ClientSecret) > 512 {
		bad["client_secret"] = "Enter the client secret that the provider gave this console"
	}
	if !domainForm.MatchString(n.Domain) || len(n.Domain) > 253 {
		bad["domain"] = "Enter an e-mail domain like northwind.example"
	}
	return invalidFields(bad)
}

const (
	providerColumns = "p.id, COALESCE(p.account_id, ''), COALESCE(a.name, ''), p.name, p.issuer, p.client_id, p.domain, p.mfa, p.created_at"
	providerFrom    = " FROM identity_providers p LEFT JOIN accounts a ON a.id = p.account_id "
)

func scanProvider(r scanner) (p IdentityProvider, err error) {
	var created instant
	err = r.Scan(&p.ID, &p.AccountID, &p.AccountName, &p.Name, &p.Issuer, &p.ClientID, &p.Domain, &p.MFA, &created)
	p.CreatedAt = created.Time
	return p, err
}

// IdentityProviders lists them, those of staff first. Kinds: Unavailable.
func (s *Store) IdentityProviders(ctx context.Context) ([]IdentityProvider, error) {
	all, err := list(ctx, s, scanProvider, "SELECT "+providerColumns+providerFrom+"ORDER BY p.id")
	if err != nil {
		return nil, unavailable(err)
	}
	slices.SortStableFunc(all, func(a, b IdentityProvider) int {
		return strings.Compare(a.AccountName+"\x00"+a.Domain, b.AccountName+"\x00"+b.Domain)
	})
	return all, nil
}

// HasIdentityProviders says whether there are any. Kinds: Unavailable.
func (s *Store) HasIdentityProviders(ctx context.Context) (bool, error) {
	var n int
	if err := s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM identity_providers LIMIT 1) AS one", nil, &n); err != nil {
		return false, unavailable(err)
	}
	return n > 0, nil
}

// AddIdentityProvider adds one: for administrators. Kinds: Forbidden, Invalid
// (fields return, account, name, issuer, client_id, client_secret, domain).
func (s *Store) AddIdentityProvider(ctx context.Context, by Actor, n NewIdentityProvider) error {
	if !lifecycle.May(lifecycle.ManageSignIn, by.Role) {
		return forbidden(msgAdminOnly)
	}
	if err := n.check(); err != nil {
		return err
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		if n.AccountID != "" {
			var one int
			if err := t.row("SELECT 1 FROM accounts WHERE id = ?", n.AccountID).Scan(&one); errors.Is(err, sql.ErrNoRows) {
				return "", invalid("account", "This account does not exist. Select another one.")
			} else if err != nil {
				return "", err
			}
		}
		id := n.ID
		var taken bool
		if err := t.row("SELECT EXISTS (SELECT 1 FROM identity_providers WHERE id = ?)", id).Scan(&taken); err != nil {
			return "", err
		} else if taken {
			return "", invalid("return", msgReturnTaken)
		}
		_, err := t.exec("INSERT INTO identity_providers (id, account_id, name, issuer, client_id, client_secret, domain, mfa, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			id, sql.NullString{String: n.AccountID, Valid: n.AccountID != ""}, n.Name, n.Issuer, n.ClientID, s.seal.seal(n.ClientSecret, "provider/"+id), n.Domain, n.MFA, at(t.now))
		if isUnique(err) {
			return "", invalid("domain", "Another identity provider answers for this domain already")
		}
		if err != nil {
			return "", err
		}
		return id, t.event("identity-provider:"+id, n.AccountID, "add_identity_provider", lifecycle.None, lifecycle.None, "", n.Name+" for "+n.Domain)
	})
	return err
}

// RemoveIdentityProvider removes one. Who signed in by it needs a password, or
// a one-time link, from then on. Kinds: Forbidden, NotFound, Conflict when no
// administrator could sign in any more.
func (s *Store) RemoveIdentityProvider(ctx context.Context, by Actor, id string) error {
	if !lifecycle.May(lifecycle.ManageSignIn, by.Role) {
		return forbidden(msgAdminOnly)
	}
	return s.inTx(ctx, by, func(t *tx) error {
		if _, err := t.exec("DELETE FROM user_identities WHERE provider_id = ?", id); err != nil {
			return err
		}
		var account, name, domain string
		err := t.row("DELETE FROM identity_providers WHERE id = ? RETURNING COALESCE(account_id, ''), name, domain", id).Scan(&account, &name, &domain)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("This identity provider")
		}
		if err != nil {
			return err
		}
		if nobody, err := t.withoutAdministrator(); err != nil {
			return err
		} else if nobody && account == "" {
			return conflictf("No administrator could sign in without it: none has a password. Make a one-time link for one on the page People first. Nothing was changed.")
		}
		return t.event("identity-provider:"+id, account, "remove_identity_provider", lifecycle.None, lifecycle.None, "", name+" for "+domain)
	})
}

// ProviderForAddress is the identity provider that answers for the domain of an
// e-mail address, whether or not anybody has that address, with its client
// secret. Kinds: NotFound, Unavailable.
func (s *Store) ProviderForAddress(ctx context.Context, email string) (IdentityProvider, string, error) {
	_, domain, _ := strings.Cut(normalEmail(email), "@")
	return s.provider(ctx, "p.domain = ?", domain)
}

// Provider is the identity provider with this ID, with its client secret.
// Kinds: NotFound, Unavailable.
func (s *Store) Provider(ctx context.Context, id string) (IdentityProvider, string, error) {
	return s.provider(ctx, "p.id = ?", id)
}

func (s *Store) provider(ctx context.Context, where string, arg string) (IdentityProvider, string, error) {
	st, err := s.prepared(ctx, "SELECT "+providerColumns+", p.client_secret"+providerFrom+"WHERE "+where)
	if err != nil {
		return IdentityProvider{}, "", unavailable(err)
	}
	var sealed []byte
	row := st.QueryRowContext(ctx, arg)
	p, err := scanProvider(withExtra{row, &sealed})
	if errors.Is(err, sql.ErrNoRows) {
		return IdentityProvider{}, "", notFound("This identity provider")
	}
	if err != nil {
		return IdentityProvider{}, "", unavailable(err)
	}
	secret, err := s.seal.open(sealed, "provider/"+p.ID)
	return p, secret, err
}

// withExtra scans one more column than the scan function knows.
type withExtra struct {
	scanner
	last any
}

func (w withExtra) Scan(dest ...any) error { return w.scanner.Scan(append(dest, w.last)...) }

// SSOUser finds the person that an identity provider vouches for: by its own
// name for them (subject), or, at the first time, by an address in its domain
// that it has verified. Nobody outside its account, or outside staff, is ever
// found. Kinds: Unauthenticated.
func (s *Store) SSOUser(ctx context.Context, requestID, providerID, subject, email string, verified bool) (User, error) {
	const msg = "Your identity provider knows you, but this console does not. Ask whoever looks after your account's people to invite you with the same e-mail address."
	by := systemActor()
	by.RequestID = requestID
	var u User
	err := s.inTx(ctx, by, func(t *tx) error {
		p, err := scanProvider(t.row("SELECT "+providerColumns+providerFrom+"WHERE p.id = ?", providerID))
		if errors.Is(err, sql.ErrNoRows) {
			return unauthenticated(msg)
		}
		if err != nil {
			return err
		}
		var id string
		err = t.row("SELECT user_id FROM user_identities WHERE provider_id = ? AND subject = ?", providerID, subject).Scan(&id)
		known := err == nil
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if !known {
			_, domain, _ := strings.Cut(normalEmail(email), "@")
			if !verified || domain != p.Domain || subject == "" {
				return unauthenticated(msg)
			}
			err := t.row("SELECT id FROM users WHERE email = ?", normalEmail(email)).Scan(&id)
			if errors.Is(err, sql.ErrNoRows) {
				return unauthenticated(msg)
			}
			if err != nil {
				return err
			}
		}
		if u, err = t.user(id); err != nil {
			return err
		}
		if u.AccountID != p.AccountID {
			return unauthenticated(msg)
		}
		if known {
			return nil
		}
		t.actAs(u)
		if _, err := t.exec("INSERT INTO user_identities (provider_id, subject, user_id, linked_at) VALUES (?, ?, ?, ?)", providerID, subject, u.ID, at(t.now)); err != nil {
			return err
		}
		return t.factorEvent("link_identity", "", p.Name)
	})
	return u, err
}

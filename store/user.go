package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"demarc/store/lifecycle"
	"demarc/store/password"
)

// InvitationLimit is how long a one-time link opens.
const InvitationLimit = 72 * time.Hour

const (
	msgWrongPassword = "The account name or the password is not correct."
	msgLinkUsed      = "This link was used already or has expired. Ask whoever gave it to you for a new one."
	msgAdminOnly     = "Only an administrator can do this."
)

// passwordCost is what one hash takes: 64 MB of memory, one pass, two lanes.
// Fixed rather than by the machine, so that a database can move.
var passwordCost = &argon2id.Params{Memory: 64 * 1024, Iterations: 1, Parallelism: 2, SaltLength: 16, KeyLength: 32}

// nobodyHash is compared with when there is no such user, so that the answer
// takes as long. It has the cost of passwordCost and is the hash of a random
// text that nobody kept.
const nobodyHash = "$argon2id$v=19$m=65536,t=1,p=2$5b/J/okfWnBbD+Pc4BotNA$ajUijKkoqxWJCqvvxDaQjgPfHzcxvZ15IeEDbPot/JI"

// passwordGate bounds how many hashes run at once: each takes 64 MB, and a
// burst of sign-ins must not take the memory of the machine. The zero value is
// ready.
type passwordGate struct {
	once  sync.Once
	slots chan struct{}
}

func (g *passwordGate) enter(ctx context.Context) (leave func(), err error) {
	g.once.Do(func() { g.slots = make(chan struct{}, 2) })
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots }, nil
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	}
}

func (s *Store) hashPassword(ctx context.Context, password string) (string, error) {
	leave, err := s.passwords.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return argon2id.CreateHash(password, passwordCost)
}

// NewUser describes a person to add. AccountID is for customers only.
type NewUser struct {
	Email     string
	Name      string
	Role      lifecycle.Role
	AccountID string
}

// Invitation is what a one-time link opens.
type Invitation struct {
	UserID    string // "" for the link of the first administrator
	Email     string // given by the inviter; the first administrator enters it
	Name      string
	Role      lifecycle.Role
	Reset     bool // it stands in for a forgotten password: the name stays
	ExpiresAt time.Time
}

func userSubject(id string) string { return "user:" + id }

const userColumns = `u.id, COALESCE(u.account_id, ''), COALESCE(a.name, ''), u.email, u.name, u.role, u.theme, u.unread, u.password_hash <> '', u.mail_notices, u.list_columns, EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL), u.created_at`

const userFrom = " FROM users u LEFT JOIN accounts a ON a.id = u.account_id "

func scanUser(r scanner) (User, error) {
	var u User
	var created instant
	err := r.Scan(&u.ID, &u.AccountID, &u.AccountName, &u.Email, &u.Name, &u.Role, &u.Theme, &u.Unread, &u.HasPassword, &u.MailNotices, &u.Columns, &u.SecondFactor, &created)
	u.CreatedAt = created.Time
	return u, err
}

// userWhere reads one user outside a transaction; sql.ErrNoRows when there is
// none.
func (s *Store) userWhere(ctx context.Context, where string, args ...any) (User, error) {
	return one(ctx, s, scanUser, "SELECT "+userColumns+userFrom+"WHERE "+where, args...)
}

func (t *tx) user(id string) (User, error) {
	u, err := scanUser(t.row("SELECT "+userColumns+userFrom+"WHERE u.id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, notFound("This person")
	}
	return u, err
}

// actAs makes the person who proved who they are the actor of the transaction.
func (t *tx) actAs(u User) {
	t.by.UserID, t.by.Name, t.by.Email, t.by.Role, t.by.AccountID = u.ID, u.Name, u.Email, u.Role, u.AccountID
}

// normalEmail is how an address is kept and compared.
func normalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func emailProblem(email string) string {
	if email == "" {
		return "Enter the e-mail address"
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > 254 {
		return "Enter an e-mail address like name@example.com"
	}
	return ""
}

func personNameProblem(name string) string {
	if n := utf8.RuneCountInString(name); n == 0 {
		return "Enter the name"
	} else if n > 64 {
		return "Use at most 64 characters"
	} else if headerProblem(name) {
		return "Remove the characters that cannot be printed"
	} else if lower := strings.ToLower(name); strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
		return "Enter the name without a web address" // mails greet people by it
	}
	return ""
}

// passwordProblem is why the person cannot choose the password, "" when they can:
// also their own names and the operator's count against it. Kinds: NotFound.
func (s *Store) passwordProblem(ctx context.Context, word, userID, name, email string) (string, error) {
	about := []string{email, name, s.operator}
	if userID != "" {
		u, err := s.User(ctx, userID)
		if err != nil {
			return "", err
		}
		about = append(about, u.Email, u.Name, u.AccountName)
	}
	return password.Problem(word, about...), nil
}

func (n *NewUser) check() error {
	n.Email, n.Name = normalEmail(n.Email), strings.TrimSpace(n.Name)
	fields := map[string]string{}
	if p := emailProblem(n.Email); p != "" {
		fields["email"] = p
	}
	if p := personNameProblem(n.Name); p != "" {
		fields["name"] = p
	}
	switch {
	case n.Role.IsCustomer() && n.AccountID == "":
		fields["account"] = "Select the customer's account"
	case n.Role.IsCustomer():
	case !n.Role.IsStaff():
		fields["role"] = "Select a role"
	case n.AccountID != "":
		fields["account"] = "Only a customer belongs to an account"
	}
	return invalidFields(fields)
}

// insertUser adds the person; hash may be "".
func (t *tx) insertUser(n NewUser, hash string) (User, error) {
	if n.Role.IsCustomer() {
		var one int
		if err := t.row("SELECT 1 FROM accounts WHERE id = ?", n.AccountID).Scan(&one); errors.Is(err, sql.ErrNoRows) {
			return User{}, invalid("account", "This account does not exist. Select another one.")
		} else if err != nil {
			return User{}, err
		}
	}
	id := newID("us-", 14)
	account := sql.NullString{String: n.AccountID, Valid: n.AccountID != ""}
	_, err := t.exec("INSERT INTO users (id, account_id, email, name, role, password_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		id, account, n.Email, n.Name, n.Role, hash, at(t.now))
	if isUnique(err) {
		return User{}, invalid("email", "There is already a person with this e-mail address")
	}
	if err != nil {
		return User{}, err
	}
	return t.user(id)
}

// CreateUser adds a person with a password at once, as Demarc itself: for the
// demo and for tests. With an empty password nobody can sign in as them yet.
// Kinds: Invalid.
func (s *Store) CreateUser(ctx context.Context, n NewUser, word string) (User, error) {
	if err := n.check(); err != nil {
		return User{}, err
	}
	hash := ""
	if word != "" {
		if p := password.Common(word); p != "" {
			return User{}, invalid("password", p)
		}
		var err error
		if hash, err = s.hashPassword(ctx, word); err != nil {
			return User{}, err
		}
	}
	var u User
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		var err error
		if u, err = t.insertUser(n, hash); err != nil {
			return err
		}
		return t.event(userSubject(u.ID), u.AccountID, "create_user", lifecycle.None, lifecycle.None, "", u.Role.Label())
	})
	return u, err
}

// User finds a person by ID. Kinds: NotFound, Unavailable.
func (s *Store) User(ctx context.Context, id string) (User, error) {
	u, err := s.userWhere(ctx, "u.id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, notFound("This person")
	}
	if err != nil {
		return User{}, unavailable(err)
	}
	return u, nil
}

// UserByEmail finds a person, whatever the case of the address. Kinds:
// NotFound, Unavailable.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	u, err := s.userWhere(ctx, "u.email = ?", normalEmail(email))
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, notFound("This person")
	}
	if err != nil {
		return User{}, unavailable(err)
	}
	return u, nil
}

// PeopleCalled lists the people with this e-mail address, or whose name begins
// with text, by name: at most limit. The case of ASCII letters does not matter.
// Kinds: Unavailable.
func (s *Store) PeopleCalled(ctx context.Context, text string, limit int) ([]User, error) {
	if strings.Contains(text, "@") {
		u, err := s.UserByEmail(ctx, text)
		if KindOf(err) == NotFound {
			return nil, nil
		}
		return []User{u}, err
	}
	text = foldASCII(strings.TrimSpace(text))
	users, err := list(ctx, s, scanUser, "SELECT "+userColumns+userFrom+"WHERE lower(u.name) >= ? AND lower(u.name) < ? ORDER BY lower(u.name), u.id LIMIT ?", text, text+"\U0010FFFF", limit)
	if err != nil {
		return nil, unavailable(err)
	}
	return users, nil
}

// Authenticate checks a password. Whether the address, the password or both
// are wrong makes no difference, neither in words nor in time. Kinds:
// Unauthenticated, Unavailable.
func (s *Store) Authenticate(ctx context.Context, email, password string) (User, error) {
	var id, hash string
	err := s.get(ctx, "SELECT id, password_hash FROM users WHERE email = ?", []any{normalEmail(email)}, &id, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, unavailable(err)
	}
	known := hash != ""
	if !known {
		hash = nobodyHash
	}
	leave, err := s.passwords.enter(ctx)
	if err != nil {
		return User{}, err
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	leave()
	if err != nil {
		return User{}, fmt.Errorf("password hash of %s: %w", id, err)
	}
	if !match || !known {
		return User{}, unauthenticated(msgWrongPassword)
	}
	u, err := s.userWhere(ctx, "u.id = ?", id)
	if err != nil {
		return User{}, unavailable(err)
	}
	return u, nil
}

// SetTheme keeps the person's choice: "light", "dark", or "" to follow the
// system. Kinds: Invalid.
func (s *Store) SetTheme(ctx context.Context, by Actor, theme string) error {
	if theme != "" && theme != "light" && theme != "dark" {
		return invalid("theme", "Select a theme")
	}
	return s.inTx(ctx, by, func(t *tx) error {
		t.forgetUsers(by.UserID)
		_, err := t.exec("UPDATE users SET theme = ? WHERE id = ?", theme, by.UserID)
		return err
	})
}

// ListColumns are the columns of the list of interfaces that a person may leave
// out or add, in the order of the page.
type ListColumns string

// The columns to choose from.
const (
	ColumnSP        = "sp"
	ColumnRegion    = "region"
	ColumnRedundant = "redundant"
	ColumnPort      = "port" // the device and the port; for staff
	ColumnFee       = "fee"
	ColumnCreated   = "created"
)

// usualColumns are shown to whoever chose nothing, noColumns to whoever chose
// none.
const (
	usualColumns      = ColumnSP + " " + ColumnRedundant + " " + ColumnCreated
	usualStaffColumns = ListColumns(ColumnSP + " " + ColumnPort + " " + ColumnCreated)
	noColumns         = ListColumns("-")
)

// ColumnNames are the names of all columns that a customer chooses from.
func ColumnNames() []string {
	return []string{ColumnSP, ColumnRegion, ColumnRedundant, ColumnFee, ColumnCreated}
}

// StaffColumnNames are the names of all columns that staff choose from.
func StaffColumnNames() []string {
	return []string{ColumnSP, ColumnRegion, ColumnRedundant, ColumnPort, ColumnFee, ColumnCreated}
}

// OfStaff are the columns of the staff's list for the choice of one of them.
func (c ListColumns) OfStaff() ListColumns { return cmp.Or(c, usualStaffColumns) }

// Has reports whether the column is shown.
func (c ListColumns) Has(name string) bool {
	shown := string(c)
	if shown == "" {
		shown = usualColumns
	}
	return slices.Contains(strings.Fields(shown), name)
}

// SetListColumns keeps which columns of the list the person wants to see. Kinds:
// Invalid for a column that there is none of.
func (s *Store) SetListColumns(ctx context.Context, by Actor, names []string) error {
	all, usual := ColumnNames(), ListColumns(usualColumns)
	if by.Staff() {
		all, usual = StaffColumnNames(), usualStaffColumns
	}
	var shown []string
	for _, name := range all {
		if slices.Contains(names, name) {
			shown = append(shown, name)
		}
	}
	for _, name := range names {
		if !slices.Contains(shown, name) {
			return invalid("column", "This column does not exist. Select others.")
		}
	}
	columns := cmp.Or(ListColumns(strings.Join(shown, " ")), noColumns)
	if columns == usual {
		columns = "" // whoever wants the usual columns gets those of a later version
	}
	return s.inTx(ctx, by, func(t *tx) error {
		t.forgetUsers(by.UserID)
		_, err := t.exec("UPDATE users SET list_columns = ? WHERE id = ?", columns, by.UserID)
		return err
	})
}

// SetMailNotices says whether the actor's messages are also mailed to them.
func (s *Store) SetMailNotices(ctx context.Context, by Actor, on bool) error {
	return s.inTx(ctx, by, func(t *tx) error {
		t.forgetUsers(by.UserID)
		_, err := t.exec("UPDATE users SET mail_notices = ? WHERE id = ?", on, by.UserID)
		return err
	})
}

// Staff lists the people who work for the operator, by role and name.
func (s *Store) Staff(ctx context.Context) ([]User, error) {
	var out []User
	for _, role := range lifecycle.StaffRoles() {
		users, err := list(ctx, s, scanUser, "SELECT "+userColumns+userFrom+"WHERE u.role = ? ORDER BY u.role, u.id", role)
		if err != nil {
			return nil, unavailable(err)
		}
		slices.SortStableFunc(users, func(a, b User) int { return strings.Compare(a.Name, b.Name) })
		out = append(out, users...)
	}
	return out, nil
}

// AccountUsers lists the people of a customer's account, by role and name.
func (s *Store) AccountUsers(ctx context.Context, accountID string) ([]User, error) {
	users, err := list(ctx, s, scanUser, "SELECT "+userColumns+userFrom+"WHERE u.account_id = ? ORDER BY u.account_id, u.id", accountID)
	if err != nil {
		return nil, unavailable(err)
	}
	roles := lifecycle.CustomerRoles()
	slices.SortStableFunc(users, func(a, b User) int {
		return cmp.Or(slices.Index(roles, a.Role)-slices.Index(roles, b.Role), strings.Compare(a.Name, b.Name))
	})
	return users, nil
}

// link replaces the person's open one-time links by a new one. userID "" is the
// first administrator, who is not a user yet.
func (t *tx) link(userID string, reset bool) (string, error) {
	if err := t.dropLinks(userID); err != nil {
		return "", err
	}
	return t.addLink(userID, reset)
}

// dropLinks ends the open one-time links of a person.
func (t *tx) dropLinks(userID string) error {
	where := "user_id = ?"
	args := []any{userID}
	if userID == "" {
		where, args = "user_id IS NULL", nil
	}
	_, err := t.exec("DELETE FROM invitations WHERE used_at IS NULL AND "+where, args...)
	return err
}

// addLink makes a one-time link, which opens for an hour when it stands in for a
// forgotten password and for 72 otherwise.
func (t *tx) addLink(userID string, reset bool) (string, error) {
	purpose, limit := "invitation", InvitationLimit
	if reset {
		purpose, limit = "reset", ResetLimit
	}
	who := sql.NullString{String: userID, Valid: userID != ""}
	token := newSecret()
	_, err := t.exec("INSERT INTO invitations (token_hash, user_id, purpose, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
		hashSecret(token), who, purpose, at(t.now), at(t.now.Add(limit)))
	return token, err
}

// FirstAdministratorLink makes the link on which the first administrator is
// created, and replaces the one made at the last start. ok is false when some
// administrator can sign in already.
func (s *Store) FirstAdministratorLink(ctx context.Context) (token string, ok bool, err error) {
	err = s.inTx(ctx, systemActor(), func(t *tx) error {
		var err error
		if ok, err = t.withoutAdministrator(); err != nil || !ok {
			return err
		}
		token, err = t.link("", false)
		return err
	})
	return token, ok, err
}

// withoutAdministrator reports whether no administrator can sign in, with a
// password or through an identity provider.
func (t *tx) withoutAdministrator() (bool, error) {
	var n int
	err := t.row(`SELECT COUNT(*) FROM (SELECT 1 FROM users u WHERE u.role = ? AND (u.password_hash <> ''
		OR EXISTS (SELECT 1 FROM user_identities i WHERE i.user_id = u.id)) LIMIT 1) AS one`, lifecycle.Administrator).Scan(&n)
	return n == 0, err
}

const invitationQuery = `SELECT COALESCE(i.user_id, ''), COALESCE(u.email, ''), COALESCE(u.name, ''), COALESCE(u.role, 'administrator'), i.purpose, i.expires_at, i.used_at
	FROM invitations i LEFT JOIN users u ON u.id = i.user_id WHERE i.token_hash = ?`

// openInvitation reads an invitation that still opens.
func openInvitation(r scanner, now time.Time) (Invitation, error) {
	var inv Invitation
	var expires, used instant
	var purpose string
	err := r.Scan(&inv.UserID, &inv.Email, &inv.Name, &inv.Role, &purpose, &expires, &used)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Invitation{}, unavailable(err)
	}
	if err != nil || !used.IsZero() || !now.Before(expires.Time) {
		return Invitation{}, &Error{Kind: NotFound, Msg: msgLinkUsed}
	}
	inv.ExpiresAt, inv.Reset = expires.Time, purpose == "reset"
	return inv, nil
}

// Invitation is what the one-time link opens. Kinds: NotFound when it was used,
// has expired, was replaced or never was.
func (s *Store) Invitation(ctx context.Context, token string) (Invitation, error) {
	st, err := s.prepared(ctx, invitationQuery)
	if err != nil {
		return Invitation{}, unavailable(err)
	}
	return openInvitation(st.QueryRowContext(ctx, hashSecret(token)), s.Now())
}

// AcceptInvitation sets the person's name and password and uses the link up.
// email counts for the first administrator only; everybody else keeps the
// address that they were invited with. Sessions of the person end: whoever had
// the old password is out. Kinds: NotFound for a link that no longer opens,
// Invalid with the fields name, email, password.
func (s *Store) AcceptInvitation(ctx context.Context, token, requestID, name, email, word string) (User, error) {
	inv, err := s.Invitation(ctx, token)
	if err != nil {
		return User{}, err
	}
	name, email = strings.TrimSpace(name), normalEmail(email)
	if inv.Reset {
		name = inv.Name
	}
	fields := map[string]string{}
	if p := personNameProblem(name); p != "" {
		fields["name"] = p
	}
	if inv.UserID != "" {
		email = inv.Email
	} else if p := emailProblem(email); p != "" {
		fields["email"] = p
	}
	if p, err := s.passwordProblem(ctx, word, inv.UserID, name, email); err != nil {
		return User{}, err
	} else if p != "" {
		fields["password"] = p
	}
	if err := invalidFields(fields); err != nil {
		return User{}, err
	}
	// Hashing takes long and would hold up every other write.
	hash, err := s.hashPassword(ctx, word)
	if err != nil {
		return User{}, err
	}
	by := systemActor()
	by.RequestID = requestID
	var u User
	err = s.inTx(ctx, by, func(t *tx) error {
		inv, err := openInvitation(t.row(invitationQuery, hashSecret(token)), t.now)
		if err != nil {
			return err
		}
		if inv.UserID == "" {
			if free, err := t.withoutAdministrator(); err != nil {
				return err
			} else if !free {
				return &Error{Kind: NotFound, Msg: msgLinkUsed}
			}
			if u, err = t.insertUser(NewUser{Email: email, Name: name, Role: lifecycle.Administrator}, hash); err != nil {
				return err
			}
		} else {
			if _, err := t.exec("UPDATE users SET name = ?, password_hash = ? WHERE id = ?", name, hash, inv.UserID); err != nil {
				return err
			}
			if err := t.endAllSessions(inv.UserID); err != nil {
				return err
			}
			t.forgetUsers(inv.UserID)
			if u, err = t.user(inv.UserID); err != nil {
				return err
			}
		}
		if _, err := t.exec("UPDATE invitations SET used_at = ? WHERE token_hash = ?", at(t.now), hashSecret(token)); err != nil {
			return err
		}
		if err := t.dropLinks(inv.UserID); err != nil { // others that were asked for
			return err
		}
		t.actAs(u)
		return t.event(userSubject(u.ID), u.AccountID, "set_password", lifecycle.None, lifecycle.None, "", "")
	})
	return u, err
}

package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"golang.org/x/crypto/argon2"

	"demarc/store/lifecycle"
)

// A second factor proves a person beside their password: an authenticator app
// that shows a code for 30 seconds (TOTP, RFC 6238), or a passkey (WebAuthn).
// Recovery codes stand in for one that is lost.

// FactorKind is the kind of a second factor.
type FactorKind string

// The kinds.
const (
	FactorTOTP    FactorKind = "totp"
	FactorPasskey FactorKind = "passkey"
)

// Label is the kind in words.
func (k FactorKind) Label() string {
	if k == FactorPasskey {
		return "Passkey"
	}
	return "Authenticator app"
}

// Factor is one second factor of a person. LastUsed is zero when it never was.
type Factor struct {
	ID         string
	Kind       FactorKind
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time
	Credential string // passkeys: the public credential, JSON
}

const (
	// factorsHeld is how many second factors one person can have.
	factorsHeld = 10
	// recoveryCodes is how many are made at a time; each opens once.
	recoveryCodes  = 10
	recoveryLength = 10 // of one, in letters
	totpPeriod     = 30 // seconds, as every authenticator app assumes

	msgWrongCode    = "The code is not correct, or was used already. Enter the newest code that the app shows."
	msgWrongSecret  = "The password is not correct."
	msgStepOver     = "This sign-in took too long or was tried too often. Sign in again."
	msgFactorsLimit = "There are 10 already. Remove one that is no longer used first."
)

func factorContext(user, id string) string { return "factor/" + user + "/" + id }

const factorColumns = "id, kind, name, created_at, last_used_at, credential"

func scanFactor(r scanner) (f Factor, err error) {
	var created, used instant
	err = r.Scan(&f.ID, &f.Kind, &f.Name, &created, &used, &f.Credential)
	f.CreatedAt, f.LastUsedAt = created.Time, used.Time
	return f, err
}

// Factors lists the second factors of a person, oldest first, and how many
// recovery codes they have left. Kinds: Unavailable.
func (s *Store) Factors(ctx context.Context, userID string) (factors []Factor, codesLeft int, err error) {
	factors, err = list(ctx, s, scanFactor, "SELECT "+factorColumns+" FROM second_factors WHERE user_id = ? AND confirmed_at IS NOT NULL ORDER BY user_id, id", userID)
	if err != nil {
		return nil, 0, unavailable(err)
	}
	slices.SortStableFunc(factors, func(a, b Factor) int { return a.CreatedAt.Compare(b.CreatedAt) })
	if err := s.get(ctx, "SELECT COUNT(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL", []any{userID}, &codesLeft); err != nil {
		return nil, 0, unavailable(err)
	}
	return factors, codesLeft, nil
}

// CheckOwnPassword makes sure that the person at the keyboard is still the one
// who signed in, before something that opens the account changes. Somebody
// without a password, who signs in elsewhere, passes. Kinds: Invalid (field
// "current"), Unavailable.
func (s *Store) CheckOwnPassword(ctx context.Context, by Actor, password string) error {
	u, err := s.userWhere(ctx, "u.id = ?", by.UserID)
	if err != nil {
		return unavailable(err)
	}
	if !u.HasPassword {
		return nil
	}
	if password == "" {
		return invalid("current", "Enter your password")
	}
	if _, err := s.Authenticate(ctx, u.Email, password); KindOf(err) == Unauthenticated {
		return invalid("current", msgWrongSecret)
	} else if err != nil {
		return err
	}
	return nil
}

// ChangePassword replaces the person's own password; every other session of
// theirs ends, and a one-time link that is still out opens no more: whoever has
// it would choose yet another password. The current one is checked by CheckOwnPassword before. Kinds:
// Invalid (field "password").
func (s *Store) ChangePassword(ctx context.Context, by Actor, session, word string) error {
	if p, err := s.passwordProblem(ctx, word, by.UserID, "", ""); err != nil {
		return err
	} else if p != "" {
		return invalid("password", p)
	}
	hash, err := s.hashPassword(ctx, word)
	if err != nil {
		return err
	}
	return s.inTx(ctx, by, func(t *tx) error {
		if _, err := t.exec("UPDATE users SET password_hash = ? WHERE id = ?", hash, by.UserID); err != nil {
			return err
		}
		if err := t.dropLinks(by.UserID); err != nil {
			return err
		}
		t.forgetUsers(by.UserID)
		if err := t.endOtherSessions(by.UserID, session); err != nil {
			return err
		}
		return t.factorEvent("set_password", "", "")
	})
}

// factorEvent records a change of how the actor signs in.
func (t *tx) factorEvent(action, reason, detail string) error {
	return t.event(userSubject(t.by.UserID), t.by.AccountID, action, lifecycle.None, lifecycle.None, reason, detail)
}

func (t *tx) roomForFactor() error {
	var n int
	if err := t.row("SELECT COUNT(*) FROM second_factors WHERE user_id = ? AND confirmed_at IS NOT NULL", t.by.UserID).Scan(&n); err != nil {
		return err
	}
	if n >= factorsHeld {
		return conflictf(msgFactorsLimit)
	}
	return nil
}

// DraftTOTP makes the secret of an authenticator app that opens nothing until
// ConfirmTOTP has seen a code of it; a draft made before is replaced. The
// secret is base32, as apps take it. Kinds: Conflict.
func (s *Store) DraftTOTP(ctx context.Context, by Actor) (id, secret string, err error) {
	var raw [20]byte
	rand.Read(raw[:])
	secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:])
	id = newID("sf-", 14)
	err = s.inTx(ctx, by, func(t *tx) error {
		if err := t.roomForFactor(); err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM second_factors WHERE user_id = ? AND confirmed_at IS NULL", by.UserID); err != nil {
			return err
		}
		_, err := t.exec("INSERT INTO second_factors (user_id, id, kind, name, secret, created_at) VALUES (?, ?, 'totp', 'Authenticator app', ?, ?)",
			by.UserID, id, s.seal.seal(secret, factorContext(by.UserID, id)), at(t.now))
		return err
	})
	return id, secret, err
}

// OpenTOTP is the draft that the actor is about to confirm. Kinds: NotFound.
func (s *Store) OpenTOTP(ctx context.Context, by Actor, id string) (secret string, err error) {
	var sealed []byte
	err = s.get(ctx, "SELECT secret FROM second_factors WHERE user_id = ? AND id = ? AND kind = 'totp' AND confirmed_at IS NULL", []any{by.UserID, id}, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", notFound("This set-up")
	}
	if err != nil {
		return "", unavailable(err)
	}
	return s.seal.open(sealed, factorContext(by.UserID, id))
}

// ConfirmTOTP puts the drafted authenticator app to use when code is the one
// that it shows. Kinds: NotFound, Invalid (fields code, name), Conflict.
func (s *Store) ConfirmTOTP(ctx context.Context, by Actor, id, name, code string) error {
	name = strings.TrimSpace(name)
	if name == "" {
		name = FactorTOTP.Label()
	}
	if runes(name) > 40 {
		return invalid("name", "Use at most 40 characters")
	}
	return s.inTx(ctx, by, func(t *tx) error {
		if err := t.roomForFactor(); err != nil {
			return err
		}
		var sealed []byte
		err := t.row("SELECT secret FROM second_factors WHERE user_id = ? AND id = ? AND kind = 'totp' AND confirmed_at IS NULL", by.UserID, id).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("This set-up")
		}
		if err != nil {
			return err
		}
		secret, err := s.seal.open(sealed, factorContext(by.UserID, id))
		if err != nil {
			return err
		}
		step, ok := totpStep(secret, code, t.now, 0)
		if !ok {
			return invalid("code", clockProblem(secret, code, t.now))
		}
		t.forgetUsers(by.UserID)
		if _, err := t.exec("UPDATE second_factors SET name = ?, confirmed_at = ?, last_step = ? WHERE user_id = ? AND id = ?", name, at(t.now), step, by.UserID, id); err != nil {
			return err
		}
		return t.factorEvent("add_second_factor", "", FactorTOTP.Label())
	})
}

// totpStep is the 30-second step of now when this is its code, and it lies after
// the last one used. A code counts while it is shown and not a moment longer:
// steps before and after would make it good for 90 seconds.
func totpStep(secret, code string, now time.Time, last int64) (int64, bool) {
	step := now.Unix() / totpPeriod
	return step, step > last && isTOTP(secret, code, step)
}

// isTOTP reports whether code, with or without blanks and dashes, is the one of
// the step.
func isTOTP(secret, code string, step int64) bool {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	return err == nil && ok
}

// clockProblem says why the code of an app that is being set up is not the one
// of now: most often the phone's clock is a little off.
func clockProblem(secret, code string, now time.Time) string {
	step := now.Unix() / totpPeriod
	for off := int64(1); off <= 4; off++ {
		switch {
		case isTOTP(secret, code, step-off):
			return "This code was shown before. Enter the newest one. If it is the newest, the clock of the phone is behind: set it by the network first."
		case isTOTP(secret, code, step+off):
			return "The clock of the phone is ahead. Set it by the network, then enter the newest code."
		}
	}
	return "The code does not match. Check the clock of the phone, then enter the newest code."
}

// AddPasskey keeps a passkey that the browser has just made. Kinds: Invalid
// (name), Conflict when it is registered already.
func (s *Store) AddPasskey(ctx context.Context, by Actor, name, credentialID, credential string) error {
	name = strings.TrimSpace(name)
	if name == "" {
		name = FactorPasskey.Label()
	}
	if runes(name) > 40 {
		return invalid("name", "Use at most 40 characters")
	}
	return s.inTx(ctx, by, func(t *tx) error {
		if err := t.roomForFactor(); err != nil {
			return err
		}
		t.forgetUsers(by.UserID)
		_, err := t.exec("INSERT INTO second_factors (user_id, id, kind, name, credential_id, credential, created_at, confirmed_at) VALUES (?, ?, 'passkey', ?, ?, ?, ?, ?)",
			by.UserID, newID("sf-", 14), name, credentialID, credential, at(t.now), at(t.now))
		if isUnique(err) {
			return conflictf("This passkey is registered already. Nothing was changed.")
		}
		if err != nil {
			return err
		}
		return t.factorEvent("add_second_factor", "", FactorPasskey.Label())
	})
}

// RemoveFactor takes one of the actor's own second factors away; recovery codes
// go with the last one. Kinds: NotFound.
func (s *Store) RemoveFactor(ctx context.Context, by Actor, id string) error {
	return s.inTx(ctx, by, func(t *tx) error {
		var kind FactorKind
		err := t.row("DELETE FROM second_factors WHERE user_id = ? AND id = ? RETURNING kind", by.UserID, id).Scan(&kind)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("This second factor")
		}
		if err != nil {
			return err
		}
		t.forgetUsers(by.UserID)
		if err := t.dropCodesWithoutFactor(by.UserID); err != nil {
			return err
		}
		return t.factorEvent("remove_second_factor", "", kind.Label())
	})
}

func (t *tx) dropCodesWithoutFactor(user string) error {
	_, err := t.exec("DELETE FROM recovery_codes WHERE user_id = ? AND NOT EXISTS (SELECT 1 FROM second_factors WHERE user_id = ? AND confirmed_at IS NOT NULL)", user, user)
	return err
}

// ResetFactors takes every second factor of somebody else away, because they
// lost them, and ends their sessions: for administrators. Kinds: Forbidden,
// Invalid (field "reason"), NotFound, Conflict for oneself.
func (s *Store) ResetFactors(ctx context.Context, by Actor, userID, reason string) error {
	if !lifecycle.May(lifecycle.ManageSignIn, by.Role) {
		return forbidden(msgAdminOnly)
	}
	if by.UserID == userID {
		return conflictf("Ask another administrator: nobody resets their own second factor.")
	}
	if msg := reasonProblem(reason, 3, 200, "Say why, and how you know that it is them"); msg != "" {
		return invalid("reason", msg)
	}
	return s.inTx(ctx, by, func(t *tx) error {
		u, err := t.user(userID)
		if err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM second_factors WHERE user_id = ?", userID); err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM recovery_codes WHERE user_id = ?", userID); err != nil {
			return err
		}
		t.forgetUsers(userID)
		if err := t.endAllSessions(userID); err != nil {
			return err
		}
		return t.event(userSubject(userID), u.AccountID, "reset_second_factors", lifecycle.None, lifecycle.None, strings.TrimSpace(reason), "")
	})
}

// recoveryLetters leaves out what is mistaken for something else: I, L, O, U.
const recoveryLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewRecoveryCodes replaces the actor's recovery codes and returns the new ones,
// which are to be had once: 50 bits each, "7KQ4M-2XDPW". Kinds: Conflict when
// there is no second factor that they could stand in for.
func (s *Store) NewRecoveryCodes(ctx context.Context, by Actor) ([]string, error) {
	codes := make([]string, recoveryCodes)
	hashes := make([]string, recoveryCodes)
	for i := range codes {
		var b [recoveryLength]byte
		rand.Read(b[:])
		for j := range b {
			b[j] = recoveryLetters[b[j]%32]
		}
		codes[i] = string(b[:5]) + "-" + string(b[5:])
		var err error
		if hashes[i], err = s.hashRecoveryCode(ctx, by.UserID, recoveryCode(codes[i]), recoveryNow); err != nil {
			return nil, err
		}
	}
	err := s.inTx(ctx, by, func(t *tx) error {
		var n int
		if err := t.row("SELECT COUNT(*) FROM second_factors WHERE user_id = ? AND confirmed_at IS NOT NULL", by.UserID).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return conflictf("Add an authenticator app or a passkey first. Recovery codes stand in for it.")
		}
		if _, err := t.exec("DELETE FROM recovery_codes WHERE user_id = ?", by.UserID); err != nil {
			return err
		}
		for _, h := range hashes {
			if _, err := t.exec("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)", by.UserID, h); err != nil {
				return err
			}
		}
		return t.factorEvent("new_recovery_codes", "", fmt.Sprintf("%d codes", len(codes)))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// recoveryCode is a recovery code as it was made: it forgives case, blanks and
// dashes, and the letters that are mistaken for digits.
func recoveryCode(typed string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-':
			return -1
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(typed))
}

// recoveryCost is what the hash of one recovery code takes.
type recoveryCost struct{ memory, passes uint32 } // KB, times over it

// The least that OWASP takes for a password (ASVS 5.0.0, appendix C), and what
// codes took that were made before; those open until they are replaced. Whoever
// has the database has to try 50 bits.
var (
	recoveryNow    = recoveryCost{12 * 1024, 3}
	recoveryBefore = recoveryCost{16 * 1024, 1}
)

// hashRecoveryCode is what is kept of a recovery code. The salt is the person's:
// one hash finds the code among all of theirs. Kinds: Unavailable.
func (s *Store) hashRecoveryCode(ctx context.Context, user, code string, cost recoveryCost) (string, error) {
	leave, err := s.passwords.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := sha256.Sum256([]byte("recovery/" + user))
	return "argon2id:" + hex.EncodeToString(argon2.IDKey([]byte(code), salt[:], cost.passes, cost.memory, 1, 32)), nil
}

// quickRecoveryHash is what was kept of codes that were made before their hash
// was a slow one; they open until they are replaced.
func quickRecoveryHash(user, code string) string {
	sum := sha256.Sum256([]byte("recovery/" + user + "/" + code))
	return hex.EncodeToString(sum[:])
}

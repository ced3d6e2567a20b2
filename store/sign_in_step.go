package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"time"

	"demarc/store/lifecycle"
)

// A sign-in that takes more than one request is a step: it belongs to one
// browser, ends after minutes, and bears few tries.
const (
	// StepLimit is how long a sign-in may stay half done.
	StepLimit = 10 * time.Minute
	stepTries = 5
)

// StepKind is what a half-done sign-in waits for.
type StepKind string

// The kinds.
const (
	StepSecondFactor StepKind = "second_factor" // after the password
	StepSSO          StepKind = "sso"           // the person is at their identity provider
	StepPasskey      StepKind = "passkey"       // a signed-in person registers a passkey
)

// Step is a sign-in that is half done.
type Step struct {
	ID     string
	Kind   StepKind
	UserID string
	Data   string // what the edge needs to check the answer
	Next   string // local path to go to afterwards
}

// StartStep keeps a half-done sign-in and returns its ID and the secret that
// only this browser has.
func (s *Store) StartStep(ctx context.Context, by Actor, st Step) (id, secret string, err error) {
	id, secret = newID("st-", 20), newSecret()
	err = s.inTx(ctx, by, func(t *tx) error {
		if _, err := t.exec("DELETE FROM sign_in_steps WHERE expires_at < ?", at(t.now)); err != nil {
			return err
		}
		user := sql.NullString{String: st.UserID, Valid: st.UserID != ""}
		_, err := t.exec("INSERT INTO sign_in_steps (id, secret_hash, kind, user_id, data, next, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			id, hashSecret(secret), st.Kind, user, st.Data, st.Next, at(t.now.Add(StepLimit)))
		return err
	})
	return id, secret, err
}

// Step is the half-done sign-in that the browser's cookie names. Kinds:
// Unauthenticated when there is none, it is over, or of another kind.
func (s *Store) Step(ctx context.Context, kind StepKind, id, secret string) (Step, error) {
	row, err := s.prepared(ctx, stepQuery)
	if err != nil {
		return Step{}, unavailable(err)
	}
	return openStep(row.QueryRowContext(ctx, id), kind, secret, s.Now())
}

const stepQuery = "SELECT id, secret_hash, kind, COALESCE(user_id, ''), data, next, tries, expires_at FROM sign_in_steps WHERE id = ?"

func openStep(r scanner, kind StepKind, secret string, now time.Time) (Step, error) {
	var st Step
	var hash string
	var tries int
	var expires instant
	err := r.Scan(&st.ID, &hash, &st.Kind, &st.UserID, &st.Data, &st.Next, &tries, &expires)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Step{}, unavailable(err)
	}
	if err != nil || subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(secret))) != 1 ||
		st.Kind != kind || tries >= stepTries || !now.Before(expires.Time) {
		return Step{}, unauthenticated(msgStepOver)
	}
	return st, nil
}

// SetStepData keeps what the edge needs to check the answer.
func (s *Store) SetStepData(ctx context.Context, id, data string) error {
	return s.inTx(ctx, systemActor(), func(t *tx) error {
		_, err := t.exec("UPDATE sign_in_steps SET data = ? WHERE id = ?", data, id)
		return err
	})
}

// TakeStep uses a half-done sign-in up: its answer counts once. Kinds:
// Unauthenticated.
func (s *Store) TakeStep(ctx context.Context, kind StepKind, id, secret string) (Step, error) {
	var st Step
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		var err error
		if st, err = openStep(t.row(stepQuery, id), kind, secret, t.now); err != nil {
			return err
		}
		_, err = t.exec("DELETE FROM sign_in_steps WHERE id = ?", id)
		return err
	})
	return st, err
}

// PassWithCode answers a half-done sign-in with the code of an authenticator
// app or a recovery code, and uses step and code up. A wrong one counts as a
// try. The method is how the session began. Kinds: Unauthenticated when the
// step is over, Invalid (field "code").
func (s *Store) PassWithCode(ctx context.Context, id, secret, code, requestID string) (st Step, method Method, err error) {
	// Hashing takes long and would hold up every other write.
	if st, err = s.Step(ctx, StepSecondFactor, id, secret); err != nil {
		return st, "", err
	}
	var kept []string
	if typed := recoveryCode(code); len(typed) == recoveryLength {
		for _, cost := range []recoveryCost{recoveryNow, recoveryBefore} {
			hash, err := s.hashRecoveryCode(ctx, st.UserID, typed, cost)
			if err != nil {
				return st, "", err
			}
			kept = append(kept, hash)
		}
		kept = append(kept, quickRecoveryHash(st.UserID, typed))
	}
	var refusal error
	by := systemActor()
	by.RequestID = requestID
	err = s.inTx(ctx, by, func(t *tx) error {
		if st, err = openStep(t.row(stepQuery, id), StepSecondFactor, secret, t.now); err != nil {
			return err
		}
		u, err := t.user(st.UserID)
		if err != nil {
			return err
		}
		t.actAs(u)
		method, err = t.useCode(st.UserID, code, kept)
		if err != nil {
			return err
		}
		if method != "" {
			_, err = t.exec("DELETE FROM sign_in_steps WHERE id = ?", id)
			return err
		}
		// The try must count although the answer is a refusal.
		refusal = invalid("code", msgWrongCode)
		if _, err := t.exec("UPDATE sign_in_steps SET tries = tries + 1 WHERE id = ?", id); err != nil {
			return err
		}
		return t.factorEvent("second_factor_refused", "", "Code")
	})
	if err == nil {
		err = refusal
	}
	return st, method, err
}

// useCode is how the code opens, "" when it does not. kept are the hashes that a
// recovery code would be kept under.
func (t *tx) useCode(user, code string, kept []string) (Method, error) {
	type app struct {
		id     string
		sealed []byte
		last   int64
	}
	rows, err := t.query("SELECT id, secret, last_step FROM second_factors WHERE user_id = ? AND kind = 'totp' AND confirmed_at IS NOT NULL", user)
	if err != nil {
		return "", err
	}
	apps, err := collect(rows, func(r scanner) (a app, err error) {
		err = r.Scan(&a.id, &a.sealed, &a.last)
		return a, err
	})
	if err != nil {
		return "", err
	}
	for _, a := range apps {
		secret, err := t.s.seal.open(a.sealed, factorContext(user, a.id))
		if err != nil {
			return "", err
		}
		if step, ok := totpStep(secret, code, t.now, a.last); ok {
			_, err := t.exec("UPDATE second_factors SET last_step = ?, last_used_at = ? WHERE user_id = ? AND id = ?", step, at(t.now), user, a.id)
			return MethodTOTP, err
		}
	}
	if len(kept) == 0 {
		return "", nil
	}
	res, err := t.exec("UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND code_hash IN (?, ?, ?) AND used_at IS NULL", at(t.now), user, kept[0], kept[1], kept[2])
	if err != nil {
		return "", err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return "", err
	}
	var left int
	if err := t.row("SELECT COUNT(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL", user).Scan(&left); err != nil {
		return "", err
	}
	return MethodRecovery, t.event(userSubject(user), t.by.AccountID, "recovery_code_used", lifecycle.None, lifecycle.None, "", "")
}

// PassWithPasskey answers a half-done sign-in after the edge has checked the
// passkey's answer: the step is used up and the passkey's counter kept. Kinds:
// Unauthenticated.
func (s *Store) PassWithPasskey(ctx context.Context, id, secret, credentialID, credential string) (Step, error) {
	var st Step
	err := s.inTx(ctx, systemActor(), func(t *tx) error {
		var err error
		if st, err = openStep(t.row(stepQuery, id), StepSecondFactor, secret, t.now); err != nil {
			return err
		}
		res, err := t.exec("UPDATE second_factors SET credential = ?, last_used_at = ? WHERE user_id = ? AND credential_id = ? AND confirmed_at IS NOT NULL",
			credential, at(t.now), st.UserID, credentialID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, unauthenticated(msgStepOver))
		}
		_, err = t.exec("DELETE FROM sign_in_steps WHERE id = ?", id)
		return err
	})
	return st, err
}

// CountStepTry counts a refused answer that the edge checked.
func (s *Store) CountStepTry(ctx context.Context, id, requestID string) error {
	by := systemActor()
	by.RequestID = requestID
	return s.inTx(ctx, by, func(t *tx) error {
		var user string
		err := t.row("UPDATE sign_in_steps SET tries = tries + 1 WHERE id = ? RETURNING COALESCE(user_id, '')", id).Scan(&user)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && user == "") {
			return nil
		}
		if err != nil {
			return err
		}
		u, err := t.user(user)
		if err != nil {
			return err
		}
		t.actAs(u)
		return t.factorEvent("second_factor_refused", "", FactorPasskey.Label())
	})
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"demarc/store/lifecycle"
)

// ActionSignInRefused is the event of a wrong password for somebody who is
// there, at the sign-in or for a change of it.
const ActionSignInRefused = "sign_in_refused"

// refusalWindow is how long further wrong passwords for a person are counted and
// not told one by one: who guesses must not be able to fill the log.
const refusalWindow = 15 * time.Minute

// refusalsAtOnce bounds how many wait to be written down.
const refusalsAtOnce = 32

// refusals are the wrong passwords that no event tells of yet, by person and by
// what for. Only who is there is counted. The zero value is ready.
type refusals struct {
	running atomic.Int32 // written down right now

	mu   sync.Mutex
	last map[string]time.Time
	more map[string]int
}

// take counts one. tell is true when it is to be told, with the number of those
// since the last that were not.
func (r *refusals) take(whose string, now time.Time) (untold int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last, r.more = map[string]time.Time{}, map[string]int{}
	}
	if last, ok := r.last[whose]; ok && now.Sub(last) < refusalWindow {
		r.more[whose]++
		return 0, false
	}
	untold = r.more[whose]
	r.last[whose] = now
	delete(r.more, whose)
	return untold, true
}

// NoteRefusedSignIn records that somebody entered a wrong password for this
// address, if a person signs in with it: for them, for the owners of their
// account and for staff. It returns at once and always the same way, so that
// nobody learns from it who is there.
func (s *Store) NoteRefusedSignIn(email, requestID string) {
	s.noteRefusal(email, Actor{Name: "Somebody not signed in", RequestID: requestID}, "Wrong password")
}

// NoteRefusedProof records, like NoteRefusedSignIn, that somebody who is signed in
// entered a wrong password where a change of their sign-in asks for it: they, or
// whoever came upon their screen.
func (s *Store) NoteRefusedProof(by Actor) {
	s.noteRefusal(by.Email, by, "Wrong password for a change of the sign-in")
}

func (s *Store) noteRefusal(email string, by Actor, how string) {
	if s.refused.running.Add(1) > refusalsAtOnce { // the metrics have counted it
		s.refused.running.Add(-1)
		return
	}
	s.sessions.writes.Go(func() {
		defer s.refused.running.Add(-1)
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		u, err := s.userWhere(ctx, "u.email = ?", normalEmail(email))
		if errors.Is(err, sql.ErrNoRows) {
			return
		}
		if err == nil {
			untold, tell := s.refused.take(u.ID+" "+how, s.Now())
			if !tell {
				return
			}
			detail := how
			if untold > 0 {
				detail += fmt.Sprintf("; %d more since the last entry", untold)
			}
			err = s.inTx(ctx, by, func(t *tx) error {
				return t.event(userSubject(u.ID), u.AccountID, ActionSignInRefused, lifecycle.None, lifecycle.None, "", detail)
			})
		}
		if err != nil {
			s.log.Error("a refused sign-in was not recorded", "request_id", by.RequestID, "error", err)
		}
	})
}

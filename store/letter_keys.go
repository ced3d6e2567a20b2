package store

import (
	"context"

	"demarc/store/letter/signing"
	"demarc/store/lifecycle"
)

// LetterKeys are the keys that letters are signed with now. They are in a file
// of the data folder, not in the database.
func (s *Store) LetterKeys() signing.Keys { return s.keys.Keys() }

// OwnLetterCertificate says whether PDFs are signed with the operator's own
// certificate rather than one that Demarc made.
func (s *Store) OwnLetterCertificate() bool { return s.keys.Own() }

// PublishedLetterKeys is the public half of every key that ever signed a letter
// here, for checking letters offline.
func (s *Store) PublishedLetterKeys() (signing.Set, error) { return s.keys.Published() }

// letterKeys is the subject of events about the keys.
const letterKeys = "letter-keys"

// RotateLetterKeys makes new keys for letters. The private halves of the old
// ones are destroyed; letters that they signed stay good. Kinds: Invalid
// (field reason), Forbidden.
func (s *Store) RotateLetterKeys(ctx context.Context, by Actor, reason string) error {
	if !lifecycle.May(lifecycle.ManageLetterKeys, by.Role) {
		return forbidden("Only an administrator makes new keys.")
	}
	if msg := reasonProblem(reason, 3, 500, "Say why new keys are made"); msg != "" {
		return invalid("reason", msg)
	}
	_, err := s.once(ctx, by, func(t *tx) (string, error) {
		before := signing.KeyID(s.keys.Keys().FactsPublic())
		// The file is written before the event: an event that cannot be written
		// leaves new keys behind, which nobody will miss.
		if err := s.keys.Rotate(); err != nil {
			return "", err
		}
		after := signing.KeyID(s.keys.Keys().FactsPublic())
		return after, t.event(letterKeys, "", "rotate_letter_keys", "", "", reason, "Key for facts "+before+" → "+after)
	})
	return err
}

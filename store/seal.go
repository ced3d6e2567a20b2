package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
)

// sealer encrypts what must not be readable in the database file: the ID
// numbers of field engineers. The key lives beside the database, not in it.
type sealer struct{ aead cipher.AEAD }

// openSealer reads the key at path, or makes one.
func openSealer(path string) (sealer, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		rand.Read(key)
		if err := os.WriteFile(path, key, 0o600); err != nil {
			return sealer{}, fmt.Errorf("key for personal data: %w", err)
		}
	} else if err != nil {
		return sealer{}, fmt.Errorf("key for personal data: %w", err)
	}
	if len(key) != 32 {
		return sealer{}, fmt.Errorf("key for personal data: %d bytes instead of 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCM(block)
	return sealer{aead}, err
}

// seal encrypts text for the row that context names: moved to another row it
// does not open.
func (s sealer) seal(text, context string) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	rand.Read(nonce)
	return s.aead.Seal(nonce, nonce, []byte(text), []byte(context))
}

// open is the inverse of seal.
func (s sealer) open(sealed []byte, context string) (string, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return "", errors.New("sealed text is too short")
	}
	text, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(context))
	return string(text), err
}

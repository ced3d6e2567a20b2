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
	key, err := openKey(path, "personal data")
	if err != nil {
		return sealer{}, err
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

// openKey reads the 32 bytes at path, or makes them. what the key is for is
// said in errors.
func openKey(path, what string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		rand.Read(key)
		err = writeWhole(path, key)
	}
	if err != nil {
		return nil, fmt.Errorf("key for %s: %w", what, err)
	}
	if len(key) != 32 {
		return nil, fmt.Errorf("key for %s: %s has %d bytes instead of 32: put the one of the backup in its place", what, path, len(key))
	}
	return key, nil
}

// writeWhole writes a file that is there whole or not at all, whatever ends
// the program meanwhile.
func writeWhole(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// sealer encrypts what must not be readable in the database file: the ID
// numbers of field engineers. The key lives beside the database, not in it.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
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

// keySize is the length of a key file in bytes.
const keySize = 32

// readKey reads the key at path.
func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("key: %s has %d bytes instead of %d: put the one of the backup in its place", path, len(key), keySize)
	}
	return key, nil
}

// makeKey makes the key at path if there is none.
func makeKey(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key := make([]byte, keySize)
	rand.Read(key)
	if err := writeWhole(path, key); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	return nil
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

// syncFolderOf makes a new name in a folder durable.
func syncFolderOf(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

// newID returns prefix + n random lower-case letters and digits.
func newID(prefix string, n int) string {
	out := make([]byte, 0, n)
	var buf [32]byte
	for len(out) < n {
		rand.Read(buf[:]) // never fails on supported systems
		for _, b := range buf {
			// 252 is the largest multiple of 36 below 256: no letter is likelier.
			if b < 252 && len(out) < n {
				out = append(out, idLetters[b%36])
			}
		}
	}
	return prefix + string(out)
}

// newSecret returns 256 random bits as URL-safe text.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashSecret is what is stored of a secret: the database alone opens nothing.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

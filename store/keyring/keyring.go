// Package keyring keeps the keys that letters are signed with, in one file
// beside the database: the active ones whole, the retired ones by their public
// half only, which is published for ever.
package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"demarc/store/letter/signing"
)

// File is the name of the file in the data folder. Only its owner may read it.
const File = "letter-keys.json"

// Of the certificate that the program makes for itself. It stands behind
// letters that live for months; a checker who looks years later should still
// find it valid.
const selfSignedYears = 20

// Options say where the keys are.
type Options struct {
	Dir      string // the data folder
	Operator string // the name in a certificate that the program makes
	// Key and Certificates are files in PEM: the operator's own private key
	// (PKCS #8, PKCS #1 or SEC 1) and its certificate, followed by those that
	// issued it. Both or none.
	Key, Certificates string
	Now               func() time.Time
}

// Ring holds the keys. It is safe for concurrent use, by one process.
type Ring struct {
	o     Options
	mu    sync.RWMutex
	keys  signing.Keys
	state state
}

// state is what the file holds.
type state struct {
	Version int       `json:"version"`
	Facts   []factKey `json:"facts"` // newest first, the first active
	PDF     []pdfKey  `json:"pdf"`   // newest first, the first active
}

type factKey struct {
	Public    []byte     `json:"public"`
	Seed      []byte     `json:"seed,omitempty"` // gone when retired
	CreatedAt time.Time  `json:"created_at"`
	RetiredAt *time.Time `json:"retired_at,omitempty"`
}

type pdfKey struct {
	Certificates [][]byte   `json:"certificates"`      // DER, the signer's own first
	Private      []byte     `json:"private,omitempty"` // PKCS #8; none for the operator's own key, which stays in its file
	CreatedAt    time.Time  `json:"created_at"`
	RetiredAt    *time.Time `json:"retired_at,omitempty"`
}

// Open reads the keys, or makes them at the first start. It refuses a key or
// certificate that letters cannot be signed with, and takes one that has
// expired: that stops new letters, not the console.
func Open(o Options) (*Ring, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Ring{o: o}
	b, err := os.ReadFile(r.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.state = state{Version: 1}
	case err != nil:
		return nil, fmt.Errorf("keys for letters: %w", err)
	default:
		if err := json.Unmarshal(b, &r.state); err != nil {
			return nil, fmt.Errorf("keys for letters: %s is damaged: bring it back from a backup: %w", r.path(), err)
		}
		if r.state.Version != 1 {
			return nil, fmt.Errorf("keys for letters: %s has version %d, this program knows 1: start the newer Demarc", r.path(), r.state.Version)
		}
	}
	next, changed := r.state.clone(), false
	now := r.now()
	if len(next.Facts) == 0 || len(next.Facts[0].Seed) == 0 {
		next.newFacts(now)
		changed = true
	}
	var own *pdfKey
	var ownKey crypto.Signer
	if o.Key != "" || o.Certificates != "" {
		if own, ownKey, err = readOwn(o); err != nil {
			return nil, fmt.Errorf("key for letters: %w", err)
		}
	}
	switch {
	case own != nil && (len(next.PDF) == 0 || !slices.EqualFunc(next.PDF[0].Certificates, own.Certificates, slices.Equal)):
		own.CreatedAt = now
		next.addPDF(*own, now)
		changed = true
	case own == nil && (len(next.PDF) == 0 || len(next.PDF[0].Private) == 0):
		// The first start, or the operator's own key is no longer given.
		made, err := selfSigned(o.Operator, now)
		if err != nil {
			return nil, err
		}
		next.addPDF(made, now)
		changed = true
	}
	keys, err := next.active(ownKey)
	if err != nil {
		return nil, fmt.Errorf("keys for letters: %s is damaged: bring it back from a backup: %w", r.path(), err)
	}
	if changed {
		if err := r.write(next); err != nil {
			return nil, err
		}
	}
	r.state, r.keys = next, keys
	return r, nil
}

func (r *Ring) path() string { return filepath.Join(r.o.Dir, File) }

func (r *Ring) now() time.Time { return r.o.Now().UTC().Truncate(time.Second) }

// Keys are what a letter is signed with now.
func (r *Ring) Keys() signing.Keys {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys
}

// Own says whether PDFs are signed with the operator's own key rather than with
// one that the program made.
func (r *Ring) Own() bool { return r.o.Key != "" }

// Rotate makes new keys: one for facts, and a new self-signed certificate
// unless the operator has their own. The private halves of the old ones are
// destroyed; the public halves stay published.
func (r *Ring) Rotate() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, now := r.state.clone(), r.now()
	next.newFacts(now)
	if !r.Own() {
		made, err := selfSigned(r.o.Operator, now)
		if err != nil {
			return err
		}
		next.addPDF(made, now)
	}
	keys, err := next.active(r.keys.PDF)
	if err != nil {
		return err
	}
	if err := r.write(next); err != nil {
		return err
	}
	r.state, r.keys = next, keys
	return nil
}

// Published is the public half of every key that ever signed a letter: first
// those for facts, then those for PDFs, each newest first.
func (r *Ring) Published() (signing.Set, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.state.published()
}

// ReadPublished is what the ring in a data folder publishes, read beside the
// program that works on it.
func ReadPublished(dir string) (signing.Set, error) {
	b, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return signing.Set{}, fmt.Errorf("keys for letters: %w", err)
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return signing.Set{}, fmt.Errorf("keys for letters: %w", err)
	}
	return s.published()
}

func (s state) published() (signing.Set, error) {
	var set signing.Set
	add := func(k signing.JWK, created time.Time, retired *time.Time) {
		k.Status, k.CreatedAt, k.RetiredAt = signing.Active, created, retired
		if retired != nil {
			k.Status = signing.Retired
		}
		set.Keys = append(set.Keys, k)
	}
	for _, f := range s.Facts {
		add(signing.FactsJWK(f.Public), f.CreatedAt, f.RetiredAt)
	}
	for _, p := range s.PDF {
		chain, err := p.chain()
		if err != nil {
			return set, err
		}
		k, err := signing.PDFJWK(chain)
		if err != nil {
			return set, err
		}
		add(k, p.CreatedAt, p.RetiredAt)
	}
	return set, nil
}

func (s state) clone() state {
	s.Facts, s.PDF = slices.Clone(s.Facts), slices.Clone(s.PDF)
	return s
}

func (s *state) newFacts(now time.Time) {
	for i := range s.Facts {
		if s.Facts[i].RetiredAt == nil {
			s.Facts[i].RetiredAt = &now
		}
		s.Facts[i].Seed = nil
	}
	public, private, _ := ed25519.GenerateKey(rand.Reader) // never fails
	s.Facts = slices.Insert(s.Facts, 0, factKey{Public: public, Seed: private.Seed(), CreatedAt: now})
}

func (s *state) addPDF(k pdfKey, now time.Time) {
	for i := range s.PDF {
		if s.PDF[i].RetiredAt == nil {
			s.PDF[i].RetiredAt = &now
		}
		s.PDF[i].Private = nil
	}
	// A certificate that comes back is published once.
	s.PDF = slices.DeleteFunc(s.PDF, func(old pdfKey) bool {
		if slices.EqualFunc(old.Certificates, k.Certificates, slices.Equal) {
			k.CreatedAt = old.CreatedAt
			return true
		}
		return false
	})
	s.PDF = slices.Insert(s.PDF, 0, k)
}

// active opens the newest keys; own is the operator's key when the file does
// not hold the newest for PDFs.
func (s state) active(own crypto.Signer) (signing.Keys, error) {
	var k signing.Keys
	if len(s.Facts[0].Seed) != ed25519.SeedSize {
		return k, errors.New("the key for facts is no Ed25519 key")
	}
	k.Facts = ed25519.NewKeyFromSeed(s.Facts[0].Seed)
	if !slices.Equal(k.Facts.Public().(ed25519.PublicKey), ed25519.PublicKey(s.Facts[0].Public)) {
		return k, errors.New("the halves of the key for facts do not fit")
	}
	var err error
	if k.Chain, err = s.PDF[0].chain(); err != nil {
		return k, err
	}
	k.PDF = own
	if len(s.PDF[0].Private) > 0 {
		private, err := x509.ParsePKCS8PrivateKey(s.PDF[0].Private)
		if err != nil {
			return k, err
		}
		signer, ok := private.(crypto.Signer)
		if !ok {
			return k, errors.New("the key for PDFs cannot sign")
		}
		k.PDF = signer
	}
	if k.PDF == nil {
		return k, errors.New("the key for PDFs is missing")
	}
	return k, signing.Usable(k.Chain, k.PDF)
}

func (p pdfKey) chain() ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, der := range p.Certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// readOwn reads the operator's own key and certificates.
func readOwn(o Options) (*pdfKey, crypto.Signer, error) {
	if o.Key == "" || o.Certificates == "" {
		return nil, nil, errors.New("give both the key and the certificate, or none of them")
	}
	pair, err := tls.LoadX509KeyPair(o.Certificates, o.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("%s with %s: %w", o.Certificates, o.Key, err)
	}
	p := pdfKey{Certificates: pair.Certificate}
	chain, err := p.chain()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.Certificates, err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("%s: the key cannot sign", o.Key)
	}
	if err := signing.Usable(chain, key); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.Certificates, err)
	}
	return &p, key, nil
}

// selfSigned makes a key and a certificate that vouches for itself.
func selfSigned(operator string, now time.Time) (pdfKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pdfKey{}, err
	}
	serial := make([]byte, 16)
	rand.Read(serial)
	serial[0] = serial[0]&0x7F | 0x40 // positive, and always of the same length
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return pdfKey{}, err
	}
	id := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: operator + " letters", Organization: []string{operator}},
		// A little earlier: the clock of whoever checks a new letter may be behind.
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(selfSignedYears, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		SubjectKeyId: id[:20],
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return pdfKey{}, fmt.Errorf("certificate for letters: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pdfKey{}, err
	}
	return pdfKey{Certificates: [][]byte{der}, Private: private, CreatedAt: now}, nil
}

// write replaces the file whole: a power cut leaves the old one or the new one.
func (r *Ring) write(s state) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(r.o.Dir, File+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("keys for letters: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), r.path())
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("keys for letters: %w", err)
	}
	if d, err := os.Open(r.o.Dir); err == nil { // not every file system can sync a folder
		d.Sync()
		d.Close()
	}
	return nil
}

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"

	"demarc/store/letter"
)

// CheckedLOA is what anybody who has the code of a letter may know of it: no
// people. It holds no times but those of the letter.
type CheckedLOA struct {
	Status letter.Status // as of now
	LOA
}

// msgNoCode answers every code that no letter has, well formed or not.
const msgNoCode = "No letter has this code."

// CheckLOA finds the letter with a code, as typed. A text that is no code costs
// and answers the same as a code that no letter has. Kinds: NotFound.
func (s *Store) CheckLOA(ctx context.Context, by Actor, typed string) (CheckedLOA, error) {
	l, _, err := s.loaByCode(ctx, typed, false)
	if err != nil {
		return CheckedLOA{}, err
	}
	s.noteCheck(ctx, by, l, AccessCheck)
	return s.checked(l), nil
}

// LetterWithCode names the letter with a code, as typed, for the program's own
// use: nothing is counted and nobody is told. Kinds: NotFound.
func (s *Store) LetterWithCode(ctx context.Context, typed string) (string, error) {
	l, _, err := s.loaByCode(ctx, typed, false)
	return l.Snapshot.Title(), err
}

func (s *Store) checked(l LOA) CheckedLOA {
	l.Snapshot.Engineers, l.Snapshot.IssuedBy, l.IssuedBy = nil, "", ""
	l.Snapshot.Note, l.Snapshot.InstallerNotes, l.Snapshot.Location = "", "", ""
	l.Snapshot.Changes = letter.PublicChanges(l.Snapshot.Changes)
	return CheckedLOA{Status: l.StatusAt(s.Now()), LOA: l}
}

// noteCheck keeps that a letter was checked. Whoever checks is answered even
// when that cannot be kept.
func (s *Store) noteCheck(ctx context.Context, by Actor, l LOA, kind AccessKind) {
	if err := s.NoteLOAAccess(ctx, by, l.ConnectionID, l.Version, kind); err != nil {
		s.log.WarnContext(ctx, "a check of a letter could not be counted", "error", err)
	}
}

const loaByCode = "SELECT " + loaColumns + ", check_hash FROM loas WHERE check_hash = ?"

const loaFileByCode = "SELECT " + loaColumns + ", check_hash, pdf FROM loas WHERE check_hash = ?"

// loaByCode does the same for whatever was typed: one hash, one look-up. The
// index is over hashes, so how far a look-up came says nothing about any code.
func (s *Store) loaByCode(ctx context.Context, typed string, file bool) (l LOA, pdf []byte, err error) {
	code, ok := letter.ParseCode(typed)
	want := hashCode(code)
	query := loaByCode
	if file {
		query = loaFileByCode
	}
	var found string
	all, err := list(ctx, s, func(r scanner) (LOA, error) {
		more := []any{&found}
		if file {
			more = append(more, &pdf)
		}
		return scanLOA(plus{r, more})
	}, query, want)
	if err != nil {
		return LOA{}, nil, err
	}
	same := subtle.ConstantTimeCompare([]byte(found), []byte(want)) == 1
	if !ok || !same || len(all) == 0 {
		return LOA{}, nil, &Error{Kind: NotFound, Msg: msgNoCode}
	}
	return all[0], pdf, nil
}

// plus scans more columns behind those that the caller knows.
type plus struct {
	scanner
	more []any
}

func (p plus) Scan(dest ...any) error { return p.scanner.Scan(append(dest, p.more...)...) }

// FileMatch is what became of comparing a file with the document of a letter.
type FileMatch string

// What a file can be.
const (
	FileSame    FileMatch = "same"          // byte for byte the document of this version
	FileVersion FileMatch = "other_version" // the document of another version of this letter
	FileOther   FileMatch = "other_letter"  // the document of another letter of ours
	FileAltered FileMatch = "altered"       // made from the document of this version, and changed
	FileUnknown FileMatch = "unknown"       // none of our documents
)

// Compared is the answer to a file.
type Compared struct {
	Match   FileMatch
	Version int // of FileVersion
}

// CompareLOA says whether a file is the document of the letter with this code.
// Nothing of the file is kept. Kinds: NotFound.
func (s *Store) CompareLOA(ctx context.Context, by Actor, typed string, file []byte) (CheckedLOA, Compared, error) {
	l, pdf, err := s.loaByCode(ctx, typed, true)
	if err != nil {
		return CheckedLOA{}, Compared{}, err
	}
	s.noteCheck(ctx, by, l, AccessCompare)
	is, err := s.compareFile(ctx, l, pdf, file)
	return s.checked(l), is, err
}

func (s *Store) compareFile(ctx context.Context, l LOA, pdf, file []byte) (Compared, error) {
	if bytes.Equal(pdf, file) {
		return Compared{Match: FileSame}, nil
	}
	sum := sha256.Sum256(file)
	var connection string
	var version int
	err := s.get(ctx, "SELECT connection_id, version FROM loas WHERE pdf_sha256 = ? ORDER BY pdf_sha256 LIMIT 1", []any{hex.EncodeToString(sum[:])}, &connection, &version)
	switch {
	case err == nil && connection == l.ConnectionID:
		return Compared{Match: FileVersion, Version: version}, nil
	case err == nil:
		return Compared{Match: FileOther}, nil
	case !errors.Is(err, sql.ErrNoRows):
		return Compared{}, err
	case madeFrom(pdf, file):
		return Compared{Match: FileAltered}, nil
	}
	return Compared{Match: FileUnknown}, nil
}

// madeFrom reports whether a file begins and ends like a document to at least
// half of it: a changed letter is mostly the letter. Fonts alone, which many
// letters share, are in the middle.
func madeFrom(pdf, file []byte) bool {
	n := min(len(pdf), len(file))
	head := 0
	for head < n && pdf[head] == file[head] {
		head++
	}
	tail := 0
	for tail < n-head && pdf[len(pdf)-1-tail] == file[len(file)-1-tail] {
		tail++
	}
	return 2*(head+tail) >= len(pdf) && len(pdf) > 0
}

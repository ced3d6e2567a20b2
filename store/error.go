package store

import (
	"errors"
	"fmt"
)

// Kind says what went wrong in terms that the edge can map to an answer.
type Kind int

// The kinds of error.
const (
	Invalid         Kind = iota + 1 // what was sent breaks a rule: correct it and send again
	NotFound                        // no such object for this actor
	Conflict                        // the object is no longer in the state the actor saw
	Forbidden                       // the actor's role may not do this
	Unauthenticated                 // nobody is signed in
	Unavailable                     // the store cannot answer now: try again later
)

// Error is the only error a caller of the store needs to look at. Msg and
// Fields are for people; Err is for the log.
type Error struct {
	Kind   Kind
	Msg    string
	Fields map[string]string // form field -> message, for Invalid
	Err    error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Msg, e.Err)
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the error, 0 when it is not one of ours.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

// FieldsOf returns the messages by form field of an Invalid error, or nil.
func FieldsOf(err error) map[string]string {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// MessageOf returns the sentence for people, or "".
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return ""
}

func invalid(field, msg string) error {
	return &Error{Kind: Invalid, Msg: msg, Fields: map[string]string{field: msg}}
}

func invalidFields(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Msg: "Some fields need a correction.", Fields: fields}
}

func conflictf(format string, args ...any) error {
	return &Error{Kind: Conflict, Msg: fmt.Sprintf(format, args...)}
}

func notFound(what string) error {
	return &Error{Kind: NotFound, Msg: what + " does not exist, or it belongs to another account."}
}

func forbidden(msg string) error { return &Error{Kind: Forbidden, Msg: msg} }

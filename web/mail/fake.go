package mail

import (
	"context"
	"sync"

	"demarc/store"
)

// Fake is a Sender that keeps what it is given.
type Fake struct {
	mu   sync.Mutex
	sent []store.Mail
	// Fail, when not nil, is asked first; a mail that it returns an error for is
	// not kept.
	Fail func(store.Mail) error
}

// Send implements Sender.
func (f *Fake) Send(_ context.Context, m store.Mail) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Fail != nil {
		if err := f.Fail(m); err != nil {
			return err
		}
	}
	f.sent = append(f.sent, m)
	return nil
}

// Sent is what was sent so far.
func (f *Fake) Sent() []store.Mail {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]store.Mail(nil), f.sent...)
}

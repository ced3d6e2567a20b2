// Package mail sends the mails of the store's outbox. The worker takes one at a
// time, hands it to a Sender and writes down what became of it.
//
// No mail is lost and none is sent twice, but for one window that SMTP leaves
// open: when the server took a mail and the program ends, or the connection
// breaks, before that is known and on the disk, the mail is sent again. It then
// carries the same Message-ID, by which mail systems recognize it.
package mail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"demarc/store"
)

// Sender hands one mail to a mail server. It returns nil only when the server
// took it.
type Sender interface {
	Send(ctx context.Context, m store.Mail) error
}

// Failure is why a mail was not sent.
type Failure struct {
	// Text is for administrators. It does not name the recipient.
	Text string
	// Permanent says that trying again is of no use.
	Permanent bool
}

func (f *Failure) Error() string { return f.Text }

// Outbox is where the worker finds the mails: a *store.Store.
type Outbox interface {
	RecoverMail(ctx context.Context) (int, error)
	ClaimMail(ctx context.Context) (*store.Mail, error)
	MailDone(ctx context.Context, id string) error
	MailProblem(ctx context.Context, id, text string, permanent bool) error
	MailReady() <-chan struct{}
}

// Worker sends what is in the outbox. There is one for an outbox.
type Worker struct {
	Outbox Outbox
	Sender Sender
	Log    *slog.Logger
	// Every is how often it looks for mails whose next try has come; 15 seconds
	// when zero. A new mail is sent at once.
	Every time.Duration
	// Ran, when it is set, is told of each round: nil, or why the outbox could
	// not be read or written. A mail that a server refuses is no failure of it.
	Ran func(error)

	// unmarked are the mails that were sent while the disk would not have it.
	unmarked []string
}

// grace is how long a mail that is being sent may go on when the program ends:
// to be cut off there is what makes a mail arrive twice.
const grace = 8 * time.Second

// Run sends mails until ctx ends, and finishes the one under way.
func (w *Worker) Run(ctx context.Context) error {
	if n, err := w.Outbox.RecoverMail(ctx); err != nil {
		return err
	} else if n > 0 {
		w.Log.Warn("the program ended while mails were being sent; they are sent again", "count", n)
	}
	every := w.Every
	if every == 0 {
		every = 15 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		_, err := w.Deliver(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Error("the outbox could not be read or written", "error", err)
		}
		if w.Ran != nil && ctx.Err() == nil {
			w.Ran(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-w.Outbox.MailReady():
		case <-tick.C:
		}
	}
}

// Deliver sends what waits now and returns how many mails it sent.
func (w *Worker) Deliver(ctx context.Context) (sent int, err error) {
	for len(w.unmarked) > 0 {
		if err := w.Outbox.MailDone(ctx, w.unmarked[0]); err != nil {
			return 0, err // and none is taken until this is written
		}
		w.unmarked = w.unmarked[1:]
	}
	for ctx.Err() == nil {
		m, err := w.Outbox.ClaimMail(ctx)
		if err != nil || m == nil {
			return sent, err
		}
		if err := w.send(ctx, *m); err != nil {
			return sent, err
		}
		sent++
	}
	return sent, nil
}

// send sends one mail. Its error is the outbox's, not the mail's.
func (w *Worker) send(ctx context.Context, m store.Mail) error {
	// A mail under way is finished although the program ends.
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cut) })
	defer stop()
	err := w.Sender.Send(sending, m)
	write := context.WithoutCancel(ctx)
	if err == nil {
		if err := w.Outbox.MailDone(write, m.ID); err != nil {
			w.unmarked = append(w.unmarked, m.ID)
			return err
		}
		w.Log.Info("mail sent", "mail", m.ID, "kind", m.Kind, "attempt", m.Attempt)
		return nil
	}
	f := &Failure{Text: "The mail could not be sent"}
	errors.As(err, &f)
	w.Log.Warn("mail not sent", "mail", m.ID, "kind", m.Kind, "attempt", m.Attempt, "permanent", f.Permanent, "problem", f.Text)
	return w.Outbox.MailProblem(write, m.ID, f.Text, f.Permanent)
}

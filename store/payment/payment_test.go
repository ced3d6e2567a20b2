package payment

import (
	"testing"
	"time"
)

// TestAfter walks every state and every notice: what is not in the table
// changes nothing.
func TestAfter(t *testing.T) {
	want := map[State]map[Notice]State{
		Created:   {Paid: Succeeded, Declined: Created, Closed: Failed},
		Sent:      {Paid: Succeeded, Declined: Sent, Closed: Failed},
		Succeeded: {Disputed: Succeeded, RefundDone: Succeeded},
		Failed:    {Paid: Succeeded, Closed: Failed},
		Refunding: {RefundDone: Refunded, RefundFailed: Refunding},
		Refunded:  {RefundFailed: Refunding},
	}
	for _, s := range States() {
		for _, n := range append(Notices(), "", "something else") {
			next, ok := After(s, n)
			w, counts := want[s][n]
			if !counts {
				w = s
			}
			if ok != counts || next != w {
				t.Errorf("After(%s, %q) = %s, %v; want %s, %v", s, n, next, ok, w, counts)
			}
		}
	}
}

func TestPaidCountsOnce(t *testing.T) {
	for _, first := range Notices() {
		s, _ := After(Sent, first)
		s, ok := After(s, Paid)
		if (first != Paid) != ok {
			t.Errorf("Paid after %s counts: %v", first, ok)
		}
		if _, again := After(s, Paid); again {
			t.Errorf("Paid counts twice after %s", first)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for tries, want := range map[int]time.Duration{0: time.Minute, 1: time.Minute, 2: 2 * time.Minute, 5: 16 * time.Minute, 9: 256 * time.Minute, 10: 6 * time.Hour, 1000: 6 * time.Hour} {
		if got := RetryAfter(tries); got != want {
			t.Errorf("RetryAfter(%d) = %v, want %v", tries, got, want)
		}
	}
}

func TestLabels(t *testing.T) {
	seen := map[string]bool{"": true}
	for _, s := range States() {
		if seen[s.Label()] {
			t.Errorf("the label %q of %s says nothing or is taken", s.Label(), s)
		}
		seen[s.Label()] = true
	}
	for _, m := range []Method{Balance, Invoice, Card} {
		if seen[m.Label()] {
			t.Errorf("the label %q of %s says nothing or is taken", m.Label(), m)
		}
		seen[m.Label()] = true
	}
	if Method("cheque").Label() != "" {
		t.Error("a method that is not offered has a label")
	}
}

// Package ticket says how a ticket between a customer and the operator goes:
// what it can be about, whose turn it is, and how much fits into it.
package ticket

import "demarc/store/lifecycle"

// State says whose turn a ticket is.
type State string

// The states. Whoever writes passes the ticket to the other side; Closed is the
// end until somebody writes again.
const (
	Waiting  State = "waiting"  // for the operator's staff
	Answered State = "answered" // for the customer
	Closed   State = "closed"
)

// After is the state of a ticket in which somebody wrote: staff or the customer.
// A message that is meant as the last one closes it, whoever writes it.
func After(staff, closes bool) State {
	switch {
	case closes:
		return Closed
	case staff:
		return Answered
	}
	return Waiting
}

// Topic is what a ticket is about, and which role of the staff is told of it;
// every role that answers tickets may answer it.
type Topic struct {
	ID, Label string
	Role      lifecycle.Role
}

// The topics that pages lead to.
const (
	Location = "location"
	Letter   = "letter"
	Cabling  = "cabling"
	Fees     = "fees"
)

var topics = []Topic{
	{Location, "Location of an access point", lifecycle.Reviewer},
	{Letter, "Application and LOA", lifecycle.Reviewer},
	{Cabling, "Installation and cabling", lifecycle.Technician},
	{Fees, "Orders and fees", lifecycle.Finance},
	{"other", "Something else", lifecycle.Reviewer},
}

// Topics lists the topics in the order of the form.
func Topics() []Topic { return append([]Topic(nil), topics...) }

// TopicByID is a topic; ok is false when there is none with this ID.
func TopicByID(id string) (t Topic, ok bool) {
	for _, t := range topics {
		if t.ID == id {
			return t, true
		}
	}
	return Topic{}, false
}

// Limits, in characters and in numbers: people ask in words, and what is open
// stays in sight.
const (
	TitleMost    = 120
	BodyMost     = 4000
	MessagesMost = 200 // in one ticket; one more may close it
	OpenMost     = 20  // open tickets that an account opened, and as many that staff opened to it
)

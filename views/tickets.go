package views

import (
	"slices"
	"time"

	"demarc/store/ticket"
	"demarc/views/ui"
	"demarc/web/paths"
)

// TicketsClosed is the view of a customer's closed tickets; the open ones are
// shown without a name.
const TicketsClosed = "closed"

// ThenClose is the value of the button that sends a message as the last one.
const ThenClose = "close"

// Ticket is a ticket in words. Staff is set when staff read it.
type Ticket struct {
	ID, Title, Topic           string
	State                      ticket.State
	Staff                      bool
	ByStaff                    bool   // staff opened it
	Colleagues                 bool   // the reader is of the customer and writes in no ticket: colleagues do
	AccountID, Account         string // the name is known to staff only
	AccountHref                string // "" for those who do not see accounts
	InterfaceID, InterfaceHref string // may be empty
	AccessPoint                string // may be empty
	OpenedAt, LastAt           time.Time
	Messages                   int
	Zone                       *time.Location
	Waiting                    Waiting // for the side whose turn it is
	Href                       string
}

// look is how the state is drawn for the reader: their turn, or the other's.
func (k Ticket) look() Look {
	switch {
	case k.State == ticket.Closed:
		return Look{"Closed", ui.ToneIdle, ui.ShapeDash}
	case k.State == ticket.Waiting && k.Staff:
		return Look{"To answer", ui.ToneAction, ui.ShapeDot}
	case k.State == ticket.Answered && k.ByStaff && k.Colleagues:
		return Look{"Needs a colleague", ui.ToneInfo, ui.ShapeHalf}
	case k.State == ticket.Answered && k.ByStaff && !k.Staff:
		return Look{"Your turn", ui.ToneAction, ui.ShapeDot}
	case k.State == ticket.Answered && k.ByStaff:
		return Look{"Customer's turn", ui.ToneInfo, ui.ShapeHalf}
	case k.State == ticket.Answered && !k.Staff:
		return Look{"Answered", ui.ToneAction, ui.ShapeDot}
	case k.State == ticket.Answered:
		return Look{"Answered", ui.ToneInfo, ui.ShapeHalf}
	}
	return Look{"Not answered yet", ui.ToneInfo, ui.ShapeHalf}
}

// clock says how long whose turn has lasted, "" when the ticket is closed.
func (k Ticket) clock() string {
	age := Age(k.Waiting.Since, k.Waiting.Now)
	switch {
	case k.State == ticket.Closed:
		return ""
	case k.State == ticket.Waiting:
		return k.Waiting.ageSentence()
	case k.Staff:
		return "The customer's turn for " + age
	case k.Colleagues:
		return "A colleague's turn for " + age
	}
	return "Your turn for " + age
}

// facts are what is known beside the thread.
func (k Ticket) facts() []ui.Pair {
	out := []ui.Pair{{Term: "Ticket ID", Content: ui.IDLine(k.ID)}}
	if k.Staff {
		out = append(out, ui.Pair{Term: "Account", Content: accountName(k.Account, k.AccountID, k.AccountHref)})
	}
	out = append(out, ui.Pair{Term: "Topic", Value: k.Topic})
	if k.InterfaceID != "" {
		out = append(out, ui.Pair{Term: "Interface", Content: ui.IDLink(k.InterfaceID, k.InterfaceHref)})
	}
	if k.AccessPoint != "" {
		out = append(out, ui.Pair{Term: "Access point", Value: k.AccessPoint})
	}
	out = append(out, ui.Pair{Term: "Opened", Content: ui.Stamp(k.OpenedAt, k.Zone)})
	switch {
	case k.State == ticket.Closed:
		out = append(out, ui.Pair{Term: "Closed", Content: ui.Stamp(k.Waiting.Since, k.Zone)})
	case k.State == ticket.Answered && k.ByStaff:
		out = append(out, ui.Pair{Term: k.look().Label + " since", Content: ui.Stamp(k.Waiting.Since, k.Zone)})
	case k.State == ticket.Answered:
		out = append(out, ui.Pair{Term: "Answered", Content: ui.Stamp(k.Waiting.Since, k.Zone)})
	default:
		out = append(out, ui.Pair{Term: "Waiting since", Content: ui.Stamp(k.Waiting.Since, k.Zone)})
	}
	return out
}

// TicketList is the page of a customer's tickets.
type TicketList struct {
	Closed bool
	Tabs   []ui.ViewTab
	Rows   []Ticket
	Pages  ui.Pages
}

// StaffTicketList is the page of the tickets of all accounts.
type StaffTicketList struct {
	State   ticket.State
	MayOpen bool // the reader opens tickets to customers
	Tabs    []ui.ViewTab
	Topic   ui.Control
	Tokens  []ui.Token
	Clear   string // the view without the filter
	Rows    []Ticket
	Pages   ui.Pages
}

func (l StaffTicketList) empty() string {
	switch {
	case len(l.Tokens) > 0:
		return "No ticket matches this filter"
	case l.State == ticket.Answered:
		return "No ticket waits for a customer"
	case l.State == ticket.Closed:
		return "No ticket was closed yet"
	}
	return "No ticket waits for an answer"
}

// TicketForm opens a ticket: from a customer, or from staff to the customer of an
// interface.
type TicketForm struct {
	Staff    bool
	Operator string
	To       string // whom staff write to; "" as long as no interface is known

	Topic, Interface, AccessPoint, Title, Body string

	Topics, Sites []ui.Option
	Open          []Ticket // what is open about the interface already
	Key           string
	Conflict      string
	Errors        map[string]string
}

func (f TicketForm) topic() ui.Control {
	return ui.Control{Name: "topic", Label: "Topic", Value: f.Topic, Error: f.Errors["topic"], Options: f.Topics}
}

func (f TicketForm) interfaceID() ui.Control {
	if f.Staff {
		return ui.Control{Name: "interface", Label: "Interface ID", Value: f.Interface, Error: f.Errors["interface"], MaxLength: 40, Hint: "pc-... The ticket goes to its customer."}
	}
	return ui.Control{Name: "interface", Label: "Interface ID", Optional: true, Value: f.Interface, Error: f.Errors["interface"], MaxLength: 40, Hint: "When it is about one of your interfaces: pc-..."}
}

func (f TicketForm) site() ui.Control {
	return ui.Control{Name: "access_point", Label: "Access point", Optional: true, Value: f.AccessPoint, Error: f.Errors["access_point"], Options: f.Sites, Hint: "When it is about a place and no interface."}
}

func (f TicketForm) title() ui.Control {
	return ui.Control{Name: "title", Label: "Title", Value: f.Title, Error: f.Errors["title"], MaxLength: ticket.TitleMost}
}

func (f TicketForm) body() ui.Control {
	c := ui.Control{Name: "body", Label: "Message", Value: f.Body, Error: f.Errors["body"], Rows: 6, MaxLength: ticket.BodyMost,
		Hint: "No passwords and no ID numbers: your colleagues and staff read it."}
	if f.Staff {
		c.Hint = "Everybody of the account reads it, under the name of " + f.Operator + "."
	}
	return c
}

func (f TicketForm) head(title string) ui.Head {
	if f.To == "" {
		return ui.Head{Title: title}
	}
	return ui.Head{Title: title, Sub: ui.Muted(f.To)}
}

// list is the page of all tickets of the reader's side: what opens one is sent
// there.
func (f TicketForm) list() string {
	if f.Staff {
		return paths.AdminTickets
	}
	return paths.Tickets
}

func (f TicketForm) summary() []ui.FieldError {
	out := ui.ErrorList(f.Errors, "topic", "interface", "access_point", "title", "body")
	for i := range out {
		if out[i].ID == "topic" {
			out[i].ID = f.topic().FirstOption()
		}
	}
	return out
}

// TicketMessage is what one person wrote.
type TicketMessage struct {
	At            time.Time
	Name          string
	Staff, Closes bool
	Body          string // may be empty when it closes the ticket
}

// TicketShow is the page of one ticket, with the form that writes in it.
type TicketShow struct {
	Ticket
	Operator string
	Thread   []TicketMessage
	MayWrite bool

	Body     string
	Key      string
	Conflict string
	Errors   map[string]string
}

func (t TicketShow) summary() []ui.FieldError { return ui.ErrorList(t.Errors, "body") }

func (t TicketShow) reply() ui.Control {
	c := ui.Control{Name: "body", Label: "Your message", Value: t.Body, Error: t.Errors["body"], Rows: 5, MaxLength: ticket.BodyMost}
	switch {
	case t.State == ticket.Closed:
		c.Hint = "Writing opens the ticket again."
	case t.Staff && t.ByStaff:
		c.Hint = "The customer reads it under the name of " + t.Operator + "."
	case t.Staff:
		c.Label, c.Hint = "Your answer", "The customer reads it under the name of "+t.Operator+"."
	}
	return c
}

// readOnly says why there is no form.
func (t TicketShow) readOnly() string {
	if t.Staff {
		return "Your role reads tickets and does not answer them."
	}
	return "Owners, engineers and finance of your account write in tickets."
}

// closeLabel is the button that ends the ticket. A customer may end it without
// a word, staff end it with an answer.
func (t TicketShow) closeLabel() string {
	if t.Staff {
		return "Send and close"
	}
	return "Close ticket"
}

func ticketCaption(staff bool) string {
	if staff {
		return "Tickets of all accounts"
	}
	return "Tickets"
}

func ticketColumns(staff bool) []ui.Column {
	out := []ui.Column{{Label: "Ticket"}, {Label: "Topic"}, {Label: "Status"}, {Label: "Last message"}, {Label: "Actions", Class: "col-acts"}}
	if staff {
		out = slices.Insert(out, 1, ui.Column{Label: "Account"})
	}
	return out
}

func ticketAction(k Ticket) ui.Actions {
	label := "View"
	if k.look().Tone == ui.ToneAction && k.Staff {
		label = "Answer"
	}
	return ui.Actions{For: k.Title, Links: []ui.Action{{Label: label, Href: k.Href, Lead: k.look().Tone == ui.ToneAction}}}
}

package store

import (
	"time"

	"demarc/store/catalog"
	"demarc/store/letter"
	"demarc/store/lifecycle"
	"demarc/store/money"
	"demarc/store/payment"
)

// Connection is a physical connection interface: what the customer orders. Its
// type is not called Interface because Go owns that word. All times are UTC.
type Connection struct {
	AccountID     string
	ID            string
	Name          string
	Description   string
	Region        string
	AccessPointID string
	SP            catalog.SP
	Spec          catalog.Spec
	PortType      catalog.PortType
	RedundantID   string
	Stage         lifecycle.Stage
	Version       int // row version: a form that changes the interface carries it
	StageSince    time.Time
	DueAt         time.Time // zero when nobody has a deadline or the year has no working-day table
	Problem       string    // why staff sent it back; empty otherwise
	Installation  money.Amount
	Monthly       money.Amount
	PriceVersion  string
	LineCode      string
	LOANo         string
	ScheduledAt   time.Time
	RemovalDue    bool
	PaidThrough   time.Time
	CreatedAt     time.Time
	CreatedBy     string
	UpdatedAt     time.Time
	PaidFrom      time.Time // the moment of the first payment of the resource fee
	PaidMonths    int       // paid for since then
	AutoRenew     int       // months that Auto Renew pays for; 0 when it is off
	RenewAt       time.Time // when it pays, or tries again
	RenewFailedAt time.Time // since when it cannot pay for the next period
	NoticeAt      time.Time // when the customer is told about the fee next
	LateCredit    money.Amount
	LateReason    string // why LateCredit is owed on the first resource fee
}

// Title is the name, or the ID of an interface without one.
func (c Connection) Title() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// PortState is where a port stands.
type PortState string

// The states of a port.
const (
	PortFree         PortState = "free"
	PortAllocated    PortState = "allocated"
	PortInUse        PortState = "in_use"
	PortQuarantined  PortState = "quarantined" // its holder has ended, the cable is still in
	PortOutOfService PortState = "out_of_service"
)

// Port is one port of an access device with its demarcation and its state.
type Port struct {
	catalog.Port
	State        PortState
	ConnectionID string
	Reason       string // why it is out of service
	// Letter is the newest letter that names the port, of the interface that
	// has it or left it; "" when none was issued while it had the port.
	Letter string
	// LeftBy is the interface that left the port after a letter had sent people
	// to it, and LeftAt when: the port is quarantined, without a holder, until
	// a technician has looked. "" otherwise.
	LeftBy  string
	LeftAt  time.Time
	Version int // row version: a form that changes the port carries it
}

// PortCount is how many ports of a type a device has in a state.
type PortCount struct {
	Device string
	Type   catalog.PortType
	State  PortState
	N      int
}

// Event is one line of history. Events are never changed or removed.
type Event struct {
	Subject      string // the interface's ID, or account:…, user:…, whitelist:…, port:…, access-point:…
	Seq          int
	At           time.Time
	AccountID    string
	ActorID      string
	ActorName    string
	ActorRole    lifecycle.Role
	ActorAccount string
	Action       string // a lifecycle.Action, or one of the other actions of this package
	From, To     lifecycle.Stage
	RequestID    string
	Reason       string
	Detail       string
}

// Engineer is a field engineer as applied. IDNumber is set only on the way in;
// what comes out of the store has IDLast4.
type Engineer struct {
	Name, Gender, IDType, IDNumber, IDLast4, Contact string
}

// LOAApplication is one version of an application for a letter.
type LOAApplication struct {
	ConnectionID        string
	Version             int
	Status              string // open, withdrawn, rejected, approved, canceled
	CompanyName         string
	ConstructionCompany string
	ConstructionType    string // MSTP, MPLSVPN, FIBRE, Others
	OtherType           string // which type, when Others
	ScheduledAt         time.Time
	Location            string
	BandwidthMbps       int // 0 when not given
	RemoteHands         bool
	MaySubDelegate      bool // the construction company may pass the work on, once
	Engineers           []Engineer
	SubmittedAt         time.Time
	SubmittedBy         string
	DecidedAt           time.Time
	DecidedBy           string
	Reasons             map[string]string // field of the form -> reason of the rejection
}

// LOA is an issued letter of authorization.
type LOA struct {
	No                 string
	ConnectionID       string
	Version            int
	ApplicationVersion int
	Status             string // issued, used, revoked, expired, superseded
	IssuedAt           time.Time
	IssuedBy           string
	ValidFrom          time.Time
	ExpiresAt          time.Time // the last second that it is good for
	EndedAt            time.Time
	EndedReason        string // why, for everybody who checks the letter; "" when the status says it
	Pages              int    // of the PDF; 0 when not known
	Snapshot           letter.Snapshot
	SHA256             string // of the PDF, hexadecimal
}

// StatusAt is what the letter is good for at a moment.
func (l LOA) StatusAt(now time.Time) letter.Status {
	ended := letter.Status(l.Status)
	if l.Status == "issued" {
		ended = ""
	}
	return l.Snapshot.StatusAt(ended, now)
}

// DeliveryReport is the customer's statement that the line is in, and what
// staff made of it.
type DeliveryReport struct {
	ConnectionID string
	Version      int
	Status       string // open, returned, completed, canceled
	LineCode     string
	Labels       []string
	Contact      string
	SubmittedAt  time.Time
	SubmittedBy  string
	Reason       string
	ProblemKind  string
	CompletedAt  time.Time
	CompletedBy  string
	PortID       string
	LabelFound   string
	LightDBm10   *int // tenths of a dBm; nil when not measured
}

// The kinds of order.
const (
	KindInstallation = "installation"
	KindResource     = "resource"
	KindRenewal      = "renewal"
)

// LineCredit is the kind of an order's line that takes something off; the
// other lines have the kinds installation and resource.
const LineCredit = "credit"

// The states of an order.
const (
	OrderUnpaid   = "unpaid"
	OrderPaid     = "paid" // also when part of it was given back
	OrderExpired  = "expired"
	OrderCanceled = "canceled"
	OrderRefunded = "refunded" // all of it was given back
)

// The methods of payment.
const (
	MethodBalance = string(payment.Balance)
	MethodInvoice = string(payment.Invoice)
	MethodCard    = string(payment.Card)
)

// Order is a bill that was asked for: an installation fee, a resource fee or a
// renewal. It keeps the prices that it was quoted.
type Order struct {
	AccountID    string
	No           string
	ConnectionID string
	Kind         string       // installation, resource, renewal
	State        string       // unpaid, paid, expired, canceled, refunded
	Amount       money.Amount // the sum of its lines
	Unit         money.Amount // per month for a resource fee
	Months       int
	PriceVersion string
	CreatedAt    time.Time
	CreatedBy    string
	ExpiresAt    time.Time // the quote holds until then; zero when it was paid at once
	PaidAt       time.Time
	Method       string       // balance, invoice, card; "" until it is paid
	Refunded     money.Amount // how much of it was given back
	PeriodFrom   time.Time    // what a resource fee pays for
	PeriodTo     time.Time
	AutoRenew    int    // months that Auto Renew pays for from its payment on; 0 leaves it as it is
	RefundRule   string // what the customer was told: a fees.InstallationRefund, or fees.UnusedBack
}

// OrderLine is one line of an order: a fee, or a credit below zero with its
// reason.
type OrderLine struct {
	Kind     string // installation, resource, credit
	Quantity int
	Unit     money.Amount
	Amount   money.Amount
	Reason   string
}

// Account is a customer company.
type Account struct {
	ID                  string
	Name                string
	HomeRegion          string
	QuotaPerAccessPoint int
	QuotaNotEnabled     int
	Balance             money.Amount
	CreatedAt           time.Time
}

// User is a person who can sign in. Staff have no account.
type User struct {
	ID, AccountID, AccountName, Email, Name string
	Role                                    lifecycle.Role
	Theme                                   string // "", light, dark
	Columns                                 ListColumns
	Unread                                  int
	HasPassword                             bool
	SecondFactor                            bool      // has one that is in use
	Strong                                  bool      // of a session: it began with a second factor
	SignedInAt                              time.Time // of a session: when it began
	MailNotices                             bool      // messages are also mailed
	// StaffRole is set in a session in which a person of the staff looks at a
	// customer's console: Role is then Viewer, and the account is the customer's.
	StaffRole lifecycle.Role
	CreatedAt time.Time
}

// Message tells a person that something is their turn.
type Message struct {
	Seq     int
	At      time.Time
	Subject string // the interface's ID, or what else the message is about
	Title   string
	Body    string
	Read    bool
}

// WhitelistRequest asks for 40G or 100G ports.
type WhitelistRequest struct {
	AccountID, ID string
	Region        string // "" everywhere
	Spec          catalog.Spec
	Reason        string
	Ports         int
	Status        string // requested, granted, declined, revoked
	Until         time.Time
	Answer        string
	CreatedAt     time.Time
	CreatedBy     string
	DecidedAt     time.Time
	DecidedBy     string
}

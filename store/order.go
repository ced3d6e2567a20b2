package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/money"
)

// NotRedundant is the answer "not redundant" to Redundant Connection ID, which
// must be given when the account has another interface at the access point.
const NotRedundant = "none"

// NewConnection is the Apply for New Interface form as sent.
type NewConnection struct {
	Region            string
	SP                catalog.SP
	AccessPoint       string
	Spec              catalog.Spec
	PortType          catalog.PortType
	Redundant         string // "", NotRedundant or an interface's ID
	Name, Description string
	Terms             bool
	// PriceVersion is the price list that the customer saw; "" does not ask.
	PriceVersion string
}

// PlaceOrder applies for a new interface and returns the number of the order
// for its installation fee. Kinds: Invalid (fields region, sp, ap, spec, ptype,
// redundant, name, description, terms), Conflict when the prices are not those
// that the customer saw, Forbidden.
func (s *Store) PlaceOrder(ctx context.Context, by Actor, in NewConnection) (string, error) {
	if !lifecycle.MayDo(lifecycle.Order, by.Role) || by.AccountID == "" {
		return "", forbidden("Only an owner or an engineer of a customer can apply for an interface.")
	}
	cat := s.Catalogue()
	bad := map[string]string{}
	region, ok := cat.Region(in.Region)
	ap, apOK := cat.AccessPoint(in.AccessPoint)
	switch {
	case !ok:
		bad["region"] = "Select a Region"
	case in.SP == "":
		bad["sp"] = "Select an SP"
	case !slices.Contains(cat.SPsIn(in.Region), in.SP):
		bad["sp"] = in.SP.Label() + " has no access point in " + region.Name + ". Select another SP or region."
	case in.AccessPoint == "":
		bad["ap"] = "Select an Access Point"
	case !apOK || ap.Region != in.Region || !ap.Accepts(in.SP):
		bad["ap"] = "This access point is not offered by " + in.SP.Label() + " in " + region.Name + ". Select another Access Point."
	case !ap.Status.TakesOrders():
		bad["ap"] = ap.Name + " takes no new interfaces. Select another Access Point."
	case in.Spec == "":
		bad["spec"] = "Select a Port Specification"
	case !slices.Contains(cat.SpecsAt(in.AccessPoint, in.SP), in.Spec):
		bad["spec"] = in.Spec.Label() + " is not offered by " + ap.Name + ". Select another Port Specification."
	case in.PortType == "":
		bad["ptype"] = "Select a Port Type"
	case !slices.ContainsFunc(cat.PortTypesAt(in.AccessPoint, in.SP, in.Spec), func(i catalog.PortTypeInfo) bool { return i.Type == in.PortType }):
		bad["ptype"] = string(in.PortType) + " is not offered by " + ap.Name + ". Select another Port Type."
	}
	if msg := nameProblem(in.Name); msg != "" {
		bad["name"] = msg
	}
	if msg := descriptionProblem(in.Description); msg != "" {
		bad["description"] = msg
	}
	if !in.Terms {
		bad["terms"] = "Agree to the Terms of Service"
	}
	return s.once(ctx, by, func(t *tx) (string, error) {
		if len(bad) == 0 || onlyText(bad) {
			// The snapshot judged the choices; what it says may be a moment old.
			now, err := t.accessPoint(ap.ID)
			switch {
			case KindOf(err) == NotFound || (err == nil && !now.Status.TakesOrders()):
				bad["ap"] = ap.Name + " takes no new interfaces. Select another Access Point."
			case err != nil:
				return "", err
			case !slices.Contains(now.Offers[in.SP], in.PortType):
				bad["ptype"] = string(in.PortType) + " is not offered to " + in.SP.Label() + " by " + ap.Name + " any more. Select another Port Type."
			}
		}
		if len(bad) == 0 || onlyText(bad) {
			if err := t.checkOrder(in, ap, bad); err != nil {
				return "", err
			}
		}
		if err := invalidFields(bad); err != nil {
			return "", err
		}
		quote, err := s.Quote(in.Region, in.Spec)
		if err != nil {
			return "", err
		}
		if in.PriceVersion != "" && in.PriceVersion != quote.Version {
			return "", conflictf("The prices changed while you were choosing: the initial installation fee is %s and the resource fee %s a month now. Check them and order again. Nothing was ordered.", quote.Installation, quote.Monthly)
		}
		c := &Connection{AccountID: by.AccountID, ID: newID("pc-", 17), Name: in.Name, Description: in.Description, Region: in.Region, AccessPointID: in.AccessPoint,
			SP: in.SP, Spec: in.Spec, PortType: in.PortType, Installation: quote.Installation, Monthly: quote.Monthly, PriceVersion: quote.Version}
		if in.Redundant != NotRedundant {
			c.RedundantID = in.Redundant
		}
		if err := t.create(c); err != nil {
			return "", err
		}
		rules, err := t.feeRules()
		if err != nil {
			return "", err
		}
		o := Order{AccountID: c.AccountID, ConnectionID: c.ID, Kind: KindInstallation, PriceVersion: quote.Version, ExpiresAt: c.DueAt, RefundRule: string(rules.Installation)}
		err = t.newOrder(&o, OrderLine{Kind: KindInstallation, Quantity: 1, Unit: quote.Installation})
		return o.No, err
	})
}

// onlyText reports whether the faults are in free text alone, so that the
// choices can still be judged.
func onlyText(bad map[string]string) bool {
	for field := range bad {
		if field != "name" && field != "description" && field != "terms" {
			return false
		}
	}
	return true
}

// checkOrder judges the choices against rows: whitelist, quotas, free ports
// and the redundant connection. What it finds goes into bad.
func (t *tx) checkOrder(in NewConnection, ap catalog.AccessPoint, bad map[string]string) error {
	account := t.by.AccountID
	if in.Spec.NeedsWhitelist() {
		ok, err := t.whitelisted(account, in.Region, in.Spec)
		if err != nil {
			return err
		}
		if !ok {
			bad["spec"] = "Your account is not on the whitelist for " + in.Spec.Label() + ". Request it, or select another port specification."
		}
	}
	if err := t.checkQuota(account, ap); err != nil {
		fields := FieldsOf(err)
		if fields == nil {
			return err
		}
		bad["ap"] = fields["ap"]
	}
	c := &Connection{AccountID: account, ID: "new", AccessPointID: ap.ID, PortType: in.PortType}
	switch in.Redundant {
	case "", NotRedundant:
		var here int
		if err := t.row("SELECT COUNT(*) FROM connections WHERE account_id = ? AND access_point_id = ? AND turn <> 'closed' AND stage <> 'pending_payment'", account, ap.ID).Scan(&here); err != nil {
			return err
		}
		if here > 0 && in.Redundant == "" {
			bad["redundant"] = "You have an interface at " + ap.Name + ". Select the one that this interface backs up, or Not redundant."
		}
	default:
		other, err := scanConnection(t.row("SELECT "+connectionColumns+" FROM connections WHERE account_id = ? AND id = ?", account, in.Redundant))
		switch {
		case errors.Is(err, sql.ErrNoRows) || (err == nil && other.Region != in.Region):
			bad["redundant"] = "Select a connection of the same region"
			return nil
		case err != nil:
			return err
		case other.Stage == lifecycle.PendingPayment:
			bad["redundant"] = "Pay the installation fee of " + other.ID + " first"
			return nil
		case other.Stage.Ended() || other.Stage == lifecycle.Terminating:
			bad["redundant"] = other.ID + " has ended. Select another connection."
			return nil
		case t.s.Standing(&other).IsLocked():
			bad["redundant"] = other.ID + " is FinancialLocked. Renew it first, or select another connection."
			return nil
		}
		var partner string
		err = t.row(`SELECT id FROM connections WHERE account_id = ? AND redundant_id = ? AND redundant_id <> '' AND turn <> 'closed'
			UNION SELECT id FROM connections WHERE account_id = ? AND id = ? AND turn <> 'closed' LIMIT 1`, account, other.ID, account, other.RedundantID).Scan(&partner)
		if err == nil {
			bad["redundant"] = other.ID + " is redundant with " + partner + " already. Select another connection."
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if other.AccessPointID == ap.ID {
			c.RedundantID = other.ID
		}
	}
	free, elsewhere, err := t.freeFor(c)
	if err != nil {
		return err
	}
	if free == 0 {
		bad["ptype"] = fmt.Sprintf("No free %s port at %s. Select another Port Type or another Access Point.", in.PortType, ap.Name)
	} else if elsewhere == 0 {
		bad["redundant"] = MessageOf(noOtherDevice(ap.Name, in.PortType))
	}
	return nil
}

// freeFor counts the free ports of c's type at its access point: all of them,
// and those on devices that c may use.
func (t *tx) freeFor(c *Connection) (all, usable int, err error) {
	avoid, err := t.deviceToAvoid(c)
	if err != nil {
		return 0, 0, err
	}
	free, err := t.freeByDevice(c)
	if err != nil {
		return 0, 0, err
	}
	for _, d := range free {
		all += d.N
		if !avoid[d.Device] {
			usable += d.N
		}
	}
	return all, usable, nil
}

const orderColumns = "account_id, no, connection_id, kind, state, currency, amount, unit_amount, months, price_version, created_at, created_by, expires_at, paid_at, method, refunded, period_from, period_to, refund_rule, auto_renew"

func scanOrder(r scanner) (Order, error) {
	var o Order
	err := r.Scan(&o.AccountID, &o.No, &o.ConnectionID, &o.Kind, &o.State, &o.Amount.Currency, &o.Amount.Minor, &o.Unit.Minor, &o.Months, &o.PriceVersion, intoTime{&o.CreatedAt}, &o.CreatedBy, intoTime{&o.ExpiresAt}, intoTime{&o.PaidAt},
		&o.Method, &o.Refunded.Minor, intoTime{&o.PeriodFrom}, intoTime{&o.PeriodTo}, &o.RefundRule, &o.AutoRenew)
	o.Unit.Currency, o.Refunded.Currency = o.Amount.Currency, o.Amount.Currency
	return o, err
}

// Order is the order with this number. Kinds: NotFound.
func (s *Store) Order(ctx context.Context, by Actor, no string) (Order, error) {
	query, args := "SELECT "+orderColumns+" FROM orders WHERE no = ?", []any{no}
	if account, all := by.scope(); !all {
		query, args = "SELECT "+orderColumns+" FROM orders WHERE account_id = ? AND no = ?", []any{account, no}
	}
	o, err := one(ctx, s, scanOrder, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return o, notFound("This order")
	}
	return o, err
}

// OrderPage is one page of orders.
type OrderPage struct {
	Items []Order
	Next  string // cursor of the next page, "" on the last
}

// Orders lists an account's orders, newest first, after the cursor.
func (s *Store) Orders(ctx context.Context, account, after string, limit int) (OrderPage, error) {
	cond, args := "", []any{account}
	if after != "" {
		when, no, ok := cutLast(after, "~")
		if !ok {
			return OrderPage{}, invalid("after", "This page of the list does not exist. Start at the first page.")
		}
		cond, args = " AND created_at <= ? AND (created_at < ? OR no > ?)", append(args, when, when, no)
	}
	items, err := list(ctx, s, scanOrder, "SELECT "+orderColumns+" FROM orders WHERE account_id = ?"+cond+" ORDER BY created_at DESC, no LIMIT ?", append(args, limit+1)...)
	page := OrderPage{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		last := page.Items[limit-1]
		page.Next = at(last.CreatedAt).text() + "~" + last.No
	}
	return page, err
}

// OrdersOf lists the orders of an interface, oldest first. The caller has
// checked that the actor may see it.
func (s *Store) OrdersOf(ctx context.Context, connection string) ([]Order, error) {
	return list(ctx, s, scanOrder, "SELECT "+orderColumns+" FROM orders WHERE connection_id = ? ORDER BY connection_id, created_at", connection)
}

// InstallationOrders are the orders of the installation fee of interfaces, by
// the interface's ID: one statement, whatever their number.
func (s *Store) InstallationOrders(ctx context.Context, items []Connection) (map[string]Order, error) {
	out := make(map[string]Order, len(items))
	if len(items) == 0 {
		return out, nil
	}
	marks, ids := inList(connectionIDs(items))
	orders, err := list(ctx, s, scanOrder, "SELECT "+orderColumns+" FROM orders WHERE connection_id IN ("+marks+") AND kind = 'installation'", ids...)
	for _, o := range orders {
		out[o.ConnectionID] = o
	}
	return out, err
}

func (t *tx) ordersOf(connection string) ([]Order, error) {
	rows, err := t.query("SELECT "+orderColumns+" FROM orders WHERE connection_id = ? ORDER BY connection_id, created_at", connection)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanOrder)
}

// ResourceFeeLines are the lines of the first resource fee of an interface: the
// fee, and what is credited because the operator was late.
func ResourceFeeLines(c Connection, months int) []OrderLine {
	lines := []OrderLine{{Kind: KindResource, Quantity: months, Unit: c.Monthly}}
	if c.LateCredit.Minor > 0 {
		lines = append(lines, OrderLine{Kind: LineCredit, Quantity: 1, Unit: c.LateCredit.Neg(), Reason: upperFirst(c.LateReason)})
	}
	return lines
}

// startTerm begins the paid time of an interface with the payment of its first
// resource fee, now.
func (t *tx) startTerm(c *Connection, o Order) error {
	c.PaidFrom, c.PaidMonths, c.AutoRenew = t.now, 0, o.AutoRenew
	return t.extend(c, o.Months)
}

// refundInstallation gives the installation fee back to the balance; nothing
// when it was not paid.
func (t *tx) refundInstallation(c *Connection, reason string) (money.Amount, error) {
	o, err := scanOrder(t.row("SELECT "+orderColumns+" FROM orders WHERE connection_id = ? AND kind = 'installation' AND state = 'paid'", c.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return money.Amount{}, nil
	}
	if err != nil {
		return money.Amount{}, err
	}
	left, err := o.Amount.Sub(o.Refunded)
	if err != nil || left.IsZero() {
		return left, err
	}
	_, err = t.refund(&o, left, reason)
	return left, err
}

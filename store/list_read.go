package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"demarc/store/lifecycle"
)

// ConnectionRow is an interface as a row of its account's list shows it. Of
// Connection it holds what rowColumns names, and the resource fee where it was
// asked for; the rest is zero.
type ConnectionRow struct {
	Connection
	OrderNo string // the order that still has to be paid, while the installation fee is due
	// Partner is the ID of the living redundant connection, whichever of the two
	// names the other; "" when there is none.
	Partner, PartnerName string
}

// ConnectionRows is one page of the list of an account.
type ConnectionRows struct {
	Items []ConnectionRow
	Paging
}

// ConnectionRows is Connections for pages that show rows: one statement reads
// what stands in the columns, and nothing else. Kinds: Invalid for a broken
// cursor.
func (s *Store) ConnectionRows(ctx context.Context, by Actor, f ConnectionFilter, show ListColumns) (ConnectionRows, error) {
	columns, fee := rowColumns, show.Has(ColumnFee)
	if fee {
		columns += feeColumns
	}
	items, paging, err := connectionsAs(ctx, s, by, f, connectionShape[ConnectionRow]{columns, scanRows(fee), func(r *ConnectionRow) *Connection { return &r.Connection }})
	return ConnectionRows{items, paging}, err
}

// StaffRow is a row of the staff's list: over all accounts, and with the port.
type StaffRow struct {
	ConnectionRow
	Account      string // its name
	Device, Port string // the device's ID and the port's name; "" without a port
}

// StaffRows is one page of the list of staff.
type StaffRows struct {
	Items []StaffRow
	Paging
}

// StaffRows is ConnectionRows for staff. Kinds: Invalid for a broken cursor.
func (s *Store) StaffRows(ctx context.Context, by Actor, f ConnectionFilter, show ListColumns) (StaffRows, error) {
	columns, fee := rowColumns, show.Has(ColumnFee)
	if fee {
		columns += feeColumns
	}
	var out StaffRow
	var account, port string
	var removal bool
	row := scanRows(fee, &account, &out.Account, &removal, &port)
	scan := func(r scanner) (StaffRow, error) {
		var err error
		if out.ConnectionRow, err = row(r); err != nil {
			return out, err
		}
		out.AccountID, out.RemovalDue = account, removal
		out.Device, out.Port, _ = strings.Cut(port, " ")
		return out, nil
	}
	items, paging, err := connectionsAs(ctx, s, by, f, connectionShape[StaffRow]{columns + staffColumns, scan, func(r *StaffRow) *Connection { return &r.Connection }})
	return StaffRows{items, paging}, err
}

// staffColumns follow rowColumns and feeColumns for staff; an ID has no space.
const staffColumns = `, c.account_id, (SELECT a.name FROM accounts a WHERE a.id = c.account_id), c.removal_due,
	COALESCE((SELECT p.device_id || ' ' || p.name FROM ports p WHERE p.connection_id = c.id), '')`

// feeColumns follow rowColumns for those who want to see fees.
const feeColumns = ", c.currency, c.monthly_fee"

// rowColumns are what a row shows, of the connection c. Each column that is not
// read makes a page faster. What stands in another row is looked for only where
// it can be; an ID has no space.
const rowColumns = `c.id, c.name, c.region, c.access_point_id, c.sp, c.port_type, c.redundant_id, c.stage, c.stage_since, c.due_at, c.problem, c.line_code, c.loa_no,
	c.paid_through, c.created_at, c.auto_renew, c.renew_at, c.renew_failed_at,
	CASE WHEN c.stage = 'pending_payment' THEN COALESCE((SELECT o.no FROM orders o WHERE o.connection_id = c.id AND o.kind = 'installation' AND o.state = 'unpaid'), '') ELSE '' END,
	CASE WHEN c.redundant_id <> '' THEN (SELECT p.name FROM connections p WHERE p.account_id = c.account_id AND p.id = c.redundant_id AND p.turn <> 'closed') END,
	(SELECT p.id || ' ' || p.name FROM connections p WHERE p.redundant_id = c.id AND p.redundant_id <> '' AND p.turn <> 'closed' LIMIT 1)`

// scanRows returns a function that scans rowColumns, feeColumns with fee, and
// more into more, for the rows of one answer: what a row is scanned into is made
// once.
func scanRows(fee bool, more ...any) func(scanner) (ConnectionRow, error) {
	var v ConnectionRow
	var since, due, paid, created, renew, failed instant
	var chosen, chosenBy sql.NullString
	dest := []any{&v.ID, &v.Name, &v.Region, &v.AccessPointID, (*string)(&v.SP), (*string)(&v.PortType), &v.RedundantID, (*string)(&v.Stage), &since, &due, &v.Problem, &v.LineCode, &v.LOANo,
		&paid, &created, &v.AutoRenew, &renew, &failed, &v.OrderNo, &chosen, &chosenBy}
	if fee {
		dest = append(dest, &v.Monthly.Currency, &v.Monthly.Minor)
	}
	dest = append(dest, more...)
	return func(r scanner) (ConnectionRow, error) {
		if err := r.Scan(dest...); err != nil {
			return v, err
		}
		v.StageSince, v.DueAt, v.PaidThrough, v.CreatedAt, v.RenewAt, v.RenewFailedAt = since.Time, due.Time, paid.Time, created.Time, renew.Time, failed.Time
		v.Partner, v.PartnerName = "", ""
		if chosen.Valid {
			v.Partner, v.PartnerName = v.RedundantID, chosen.String
		} else if chosenBy.Valid {
			v.Partner, v.PartnerName, _ = strings.Cut(chosenBy.String, " ")
		}
		return v, nil
	}
}

// ConnectionRef names an interface on a page about something else.
type ConnectionRef struct {
	ID, Name, Region string
	Stage            lifecycle.Stage
}

// ConnectionRefs name interfaces of an account, by ID; IDs that do not exist
// are left out. One statement, whatever their number.
func (s *Store) ConnectionRefs(ctx context.Context, account string, ids []string) (map[string]ConnectionRef, error) {
	out := make(map[string]ConnectionRef, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := make([]any, 0, len(ids))
	for _, id := range ids {
		args = append(args, id)
	}
	marks, args := inList(args)
	_, err := list(ctx, s, func(r scanner) (v struct{}, err error) {
		var c ConnectionRef
		err = r.Scan(&c.ID, &c.Name, &c.Region, &c.Stage)
		out[c.ID] = c
		return v, err
	}, "SELECT id, name, region, stage FROM connections WHERE id IN ("+marks+") AND account_id = ?", append(args, account)...)
	return out, err
}

// DueUntil is how many interfaces of an account have a deadline at or before t,
// whichever side it binds; at most 1,000 are counted. What has ended or is
// enabled has none.
func (s *Store) DueUntil(ctx context.Context, account string, t time.Time) (int, error) {
	var n int
	err := s.get(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM connections WHERE account_id = ? AND due_at <= ? LIMIT ?) AS c",
		[]any{account, at(t), countLimit}, &n)
	return n, err
}

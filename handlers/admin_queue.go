package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/lifecycle"
	"demarc/store/ticket"
	"demarc/views"
	"demarc/views/ui"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// queuePage is how many rows a staff list has; queueShown is how many pieces
// of work the first page names.
const (
	queuePage  = 50
	queueShown = 20
)

// WorkQueue is the first page of the staff: what waits, what is next, and which
// access points fill up. It shows the queues that the role may work in.
func (h *Handlers) WorkQueue(c echo.Context) error {
	ctx := c.Request().Context()
	user, _ := reqctx.User(ctx)
	counts, err := h.queueCounts(c)
	if err != nil {
		return err
	}
	var q views.WorkQueue
	if check, ok := h.Store.BooksCheck(); ok && lifecycle.May(lifecycle.SeeBooks, user.Role) {
		q.BooksOff = check.Count
	}
	if mayKeepCalendars(c) {
		q.MissingYears = h.missingYears(c)
		for _, r := range h.Store.Catalogue().Regions() {
			if _, ok := h.Store.Calendar(r.Calendar); !ok {
				q.Without++
			}
		}
	}
	if lifecycle.May(lifecycle.SeeReviews, user.Role) {
		loas, err := h.Store.Queue(ctx, lifecycle.InApplication, queuePage)
		if err != nil {
			return err
		}
		q.Tiles = append(q.Tiles, h.tile("LOA applications", paths.AdminLOAs, counts.LOA, loas))
		q.Items = append(q.Items, h.queueItems("LOA application", loas, paths.AdminLOA)...)
	}
	var jobs, removals []store.Work
	if lifecycle.May(lifecycle.SeeCabling, user.Role) {
		if jobs, err = h.Store.Queue(ctx, lifecycle.WaitingForCabling, queuePage); err != nil {
			return err
		}
		if removals, err = h.Store.Removals(ctx, queuePage); err != nil {
			return err
		}
		checks, err := h.Store.PortsToCheck(ctx, queuePage)
		if err != nil {
			return err
		}
		q.Tiles = append(q.Tiles, h.tile("Cabling", paths.AdminCabling, counts.Cabling, jobs), h.removalsTile(counts, removals, checks))
		q.Items = append(q.Items, h.queueItems("Cabling", jobs, paths.AdminCablingJob)...)
		q.Items = append(q.Items, h.queueItems("Removal", removals, paths.AdminRemoval)...)
		for _, p := range checks {
			device, _ := h.Store.Catalogue().Device(p.Device)
			ap, _ := h.Store.Catalogue().AccessPoint(device.AccessPoint)
			q.Items = append(q.Items, views.QueueItem{Kind: "Port to look at", ID: p.Name, Name: device.Name, Href: paths.AdminPortCheck(p.ID), AccessPoint: ap.Name,
				Waiting: views.Waiting{Since: p.LeftAt, Now: h.Store.Now()}})
		}
	}
	if lifecycle.May(lifecycle.SeeReviews, user.Role) {
		requests, err := h.Store.WhitelistQueue(ctx, "requested", queuePage)
		if err != nil {
			return err
		}
		tile := views.QueueTile{Label: "Whitelist requests", Href: paths.AdminWhitelist, Count: counts.Whitelist, Line: "Nothing is waiting"}
		for i, w := range requests {
			if i == 0 {
				tile.Line = "Oldest " + views.Age(w.CreatedAt, h.Store.Now())
			}
			region := "Every region"
			if r, ok := h.Store.Catalogue().Region(w.Region); ok {
				region = r.Name
			}
			q.Items = append(q.Items, views.QueueItem{Kind: "Whitelist request", ID: w.ID, Name: w.Spec.Label(), Href: paths.AdminWhitelist, AccessPoint: region, Account: w.AccountID,
				Waiting: views.Waiting{Since: w.CreatedAt, Now: h.Store.Now()}})
		}
		q.Tiles = append(q.Tiles, tile)
	}
	if lifecycle.May(lifecycle.SeeTickets, user.Role) {
		waiting, _, err := h.Store.TicketPage(ctx, ticket.Waiting, "", "", queuePage)
		if err != nil {
			return err
		}
		tile := views.QueueTile{Label: "Tickets", Href: paths.AdminTickets, Count: counts.Tickets, Line: "Nothing is waiting"}
		for i, k := range waiting {
			v := h.ticketView(k, user.Role)
			if i == 0 {
				tile.Line = "Oldest " + views.Age(k.Since, h.Store.Now())
			}
			q.Items = append(q.Items, views.QueueItem{Kind: "Ticket", ID: k.ID, Name: k.Title, Href: v.Href, AccessPoint: v.AccessPoint, Account: k.AccountID, Waiting: v.Waiting})
		}
		q.Tiles = append(q.Tiles, tile)
	}
	slices.SortStableFunc(q.Items, func(a, b views.QueueItem) int { return moreUrgent(a.Waiting, b.Waiting) })
	if len(q.Items) > queueShown {
		q.Items, q.More = q.Items[:queueShown], true
	}
	accounts := make([]string, len(q.Items))
	for i, it := range q.Items {
		accounts[i] = it.Account
	}
	names, err := h.Store.AccountNames(ctx, accounts)
	if err != nil {
		return err
	}
	for i := range q.Items {
		q.Items[i].Account = names[q.Items[i].Account]
	}
	if q.WithCapacity = lifecycle.May(lifecycle.SeeSites, user.Role); q.WithCapacity {
		if q.Capacity, err = h.capacity(ctx); err != nil {
			return err
		}
		if q.RunsOut, err = h.runsOut(ctx, nil); err != nil {
			return err
		}
	}
	return h.render(c, http.StatusOK, views.WorkQueuePage(h.page(c, "Work queue"), q))
}

// moreUrgent orders work: what should have a due time and has none (nobody
// knows how late it is), then by due time, then what has none by age.
func moreUrgent(a, b views.Waiting) int {
	rank := func(w views.Waiting) int {
		switch {
		case w.Due.IsZero() && w.Clocked:
			return 0
		case !w.Due.IsZero():
			return 1
		}
		return 2
	}
	if ra, rb := rank(a), rank(b); ra != rb {
		return ra - rb
	}
	if !a.Due.IsZero() {
		return a.Due.Compare(b.Due)
	}
	return a.Since.Compare(b.Since)
}

// waiting is the clock of an interface that waits for staff.
func (h *Handlers) waiting(c store.Connection) views.Waiting {
	return h.clockOf(store.Work{Region: c.Region, Stage: c.Stage, Since: c.StageSince, Due: c.DueAt})
}

func (h *Handlers) clockOf(w store.Work) views.Waiting {
	return views.Waiting{Since: w.Since, Due: w.Due, Now: h.Store.Now(), Zone: h.Store.Catalogue().Zone(w.Region), Clocked: w.Stage.Turn() == lifecycle.TurnStaff}
}

func (h *Handlers) queueItems(kind string, items []store.Work, href func(string) string) []views.QueueItem {
	out := make([]views.QueueItem, len(items))
	for i, w := range items {
		ap, _ := h.Store.Catalogue().AccessPoint(w.AccessPointID)
		// The account's name takes the place of its ID when the names are read.
		out[i] = views.QueueItem{Kind: kind, ID: w.ID, Name: w.Name, Href: href(w.ID), AccessPoint: ap.Name, Account: w.AccountID, Waiting: h.clockOf(w)}
	}
	return out
}

// tile sums a queue up: how many are late, how many are due today, or how old
// the oldest is. items are the most urgent ones.
func (h *Handlers) tile(label, href string, count int, items []store.Work) views.QueueTile {
	t := views.QueueTile{Label: label, Href: href, Count: count, Line: "Nothing is waiting"}
	if len(items) == 0 {
		return t
	}
	now := h.Store.Now()
	late, today, oldest := 0, 0, items[0].Since
	for _, w := range items {
		if w.Since.Before(oldest) {
			oldest = w.Since
		}
		const day = "2006-01-02"
		zone := h.Store.Catalogue().Zone(w.Region)
		switch {
		case w.Due.IsZero():
		case w.Due.Before(now):
			late++
		case w.Due.In(zone).Format(day) == now.In(zone).Format(day):
			today++
		}
	}
	var parts []string
	if late > 0 {
		t.Tone = ui.ToneBad
		more := ""
		if late == queuePage && count > late {
			more = "+" // only the most urgent ones were looked at
		}
		parts = append(parts, strconv.Itoa(late)+more+" late")
	}
	if today > 0 {
		parts = append(parts, strconv.Itoa(today)+" due today")
		if t.Tone == "" {
			t.Tone = ui.ToneWarn
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "Oldest "+views.Age(oldest, now))
	}
	t.Line = strings.Join(parts, ", ")
	return t
}

// removalsTile sums up the cables to remove and the ports to look at: one
// technician goes there for both.
func (h *Handlers) removalsTile(counts store.QueueCounts, removals []store.Work, checks []store.Port) views.QueueTile {
	t := h.tile("Removals", paths.AdminRemovals, counts.Removals+counts.PortChecks, removals)
	if len(removals) == 0 && len(checks) > 0 {
		t.Line = "Oldest " + views.Age(checks[0].LeftAt, h.Store.Now())
	}
	return t
}

// capacityLimit is the share of used ports, in percent, above which an access
// point is pointed out.
const capacityLimit = 80

// capacity lists the access points that are nearly full, the fullest first.
func (h *Handlers) capacity(ctx context.Context) ([]views.CapacityItem, error) {
	counts, err := h.Store.AllPortCounts(ctx)
	if err != nil {
		return nil, err
	}
	var out []views.CapacityItem
	for _, ap := range h.Store.Catalogue().AccessPoints() {
		it := views.CapacityItem{Name: ap.Name, Href: paths.AdminAccessPoint(ap.ID)}
		free := 0
		types := map[catalog.PortType]bool{} // whether any port of it is free
		for _, n := range counts[ap.ID] {
			if n.N == 0 {
				continue
			}
			it.Total += n.N
			if n.State == store.PortFree {
				free += n.N
				types[n.Type] = true
			} else if !types[n.Type] {
				types[n.Type] = false
			}
		}
		it.Used = it.Total - free
		if it.Used*100 <= it.Total*capacityLimit {
			continue
		}
		var full []string
		for _, info := range catalog.PortTypes() {
			if free, there := types[info.Type]; there && !free {
				full = append(full, string(info.Type))
			}
		}
		it.Full = strings.Join(full, ", ")
		out = append(out, it)
	}
	slices.SortStableFunc(out, func(a, b views.CapacityItem) int { return b.Used*a.Total - a.Used*b.Total })
	return out, nil
}

// staffConnection is the interface that the address names, and how staff see it.
func (h *Handlers) staffConnection(c echo.Context) (store.Connection, views.Interface, error) {
	conn, err := h.connection(c)
	if err != nil {
		return conn, views.Interface{}, err
	}
	all, err := h.staffViews(c.Request().Context(), []store.Connection{conn})
	if err != nil {
		return conn, views.Interface{}, err
	}
	return conn, all[0], nil
}

// staffViews are interfaces in words with the names of their accounts.
func (h *Handlers) staffViews(ctx context.Context, items []store.Connection) ([]views.Interface, error) {
	accounts := make([]string, len(items))
	for i, c := range items {
		accounts[i] = c.AccountID
	}
	names, err := h.Store.AccountNames(ctx, accounts)
	if err != nil {
		return nil, err
	}
	out := make([]views.Interface, len(items))
	for i, c := range items {
		out[i] = h.interfaceView(c)
		out[i].Account = names[c.AccountID]
	}
	return out, nil
}

// queuePages is the pager of a list that is turned by cursor.
func queuePages(base string, after, next string, n int, of int) ui.Pages {
	p := ui.Pages{Summary: strconv.Itoa(n) + " of " + strconv.Itoa(of)}
	if of < n {
		p.Summary = strconv.Itoa(n)
	}
	if after != "" {
		p.First = base
	}
	if next != "" {
		p.Next = paths.With(base, "after", next)
	}
	return p
}

// Package demo fills an empty store with invented people, companies, devices
// and histories, so that the product can be looked at. Nothing in it is
// written past the rules: every interface gets to its stage by the same
// transitions that people use, under a clock that runs through the past.
package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"demarc/store"
	"demarc/store/catalog"
	"demarc/store/letter"
	"demarc/store/letter/signing"
	"demarc/store/lifecycle"
	"demarc/store/pricing"
)

// Password is every demo person's password.
const Password = "demarc-demo"

// Person is somebody to sign in as.
type Person struct {
	Email, Name, Who string
	Role             lifecycle.Role
}

// People lists the demo people, customers first.
func People() []Person {
	return []Person{
		{"owner@northwind.example", "Lin Wei", "Northwind Trading, a customer with interfaces in every state", lifecycle.Owner},
		{"owner@southwind.example", "Ma Yan", "Southwind Logistics, a customer who starts with nothing", lifecycle.Owner},
		{"engineer@northwind.example", "Gu Bo", "Northwind's engineer: applies, installs, reports; pays nothing", lifecycle.Engineer},
		{"finance@northwind.example", "Shen Lan", "Northwind's finance: pays and renews", lifecycle.CustomerFinance},
		{"viewer@northwind.example", "Xu Qing", "Northwind's viewer: looks and changes nothing", lifecycle.Viewer},
		{"reviewer@cloud.example", "Sun Jia", "Reviewer: decides about LOA applications", lifecycle.Reviewer},
		{"technician@cloud.example", "Tan Wei", "Data center technician: connects and removes cables", lifecycle.Technician},
		{"finance@cloud.example", "Fang Li", "Finance: accounts and transfers", lifecycle.Finance},
		{"admin@cloud.example", "He Rui", "Administrator", lifecycle.Administrator},
		{"auditor@cloud.example", "Bai Ning", "Auditor: sees everything, changes nothing", lifecycle.Auditor},
	}
}

// Clock is a time that the loader moves through the past.
type Clock struct{ t time.Time }

// Now is the loader's present.
func (c *Clock) Now() time.Time { return c.t }

// Renderer makes the bytes of a letter, signed with the keys of the store.
type Renderer func(letter.Snapshot, signing.Keys) ([]byte, error)

// historyDays is how many days before now the demo's history begins.
const historyDays = 95

// Load fills an empty store, whose clock must be clock, with people, devices
// and history up to now.
func Load(ctx context.Context, s *store.Store, clock *Clock, now time.Time, render Renderer) error {
	l := &loader{ctx: ctx, s: s, clock: clock, now: now.UTC(), render: render, ids: map[string]string{}}
	clock.t = l.ago(historyDays, 8)
	if err := l.people(); err != nil {
		return fmt.Errorf("demo people: %w", err)
	}
	if err := l.inventory(); err != nil {
		return fmt.Errorf("demo inventory: %w", err)
	}
	for _, sc := range stories() {
		l.plan(sc)
	}
	l.whitelist()
	l.invoices()
	l.tickets()
	l.notes()
	l.playbooks()
	return l.run()
}

type loader struct {
	ctx    context.Context
	s      *store.Store
	clock  *Clock
	now    time.Time
	render Renderer

	actors    map[lifecycle.Role]store.Actor // of staff and Northwind's owner
	northwind string
	ids       map[string]string // story name -> interface
	steps     []step
	requests  int
}

type step struct {
	at   time.Time
	what string
	do   func() error
}

// ago is a moment so many days before now, at an hour of the day in UTC.
func (l *loader) ago(days, hour int) time.Time {
	t := l.now.AddDate(0, 0, -days)
	return time.Date(t.Year(), t.Month(), t.Day(), hour, (days*7+hour*13)%60, 0, 0, time.UTC)
}

func (l *loader) people() error {
	l.actors = map[lifecycle.Role]store.Actor{}
	accounts := map[string]string{}
	add := func(p Person, account string) (store.Actor, error) {
		u, err := l.s.CreateUser(l.ctx, store.NewUser{Email: p.Email, Name: p.Name, Role: p.Role, AccountID: account}, Password)
		return store.Actor{UserID: u.ID, Name: u.Name, Email: u.Email, Role: u.Role, AccountID: account}, err
	}
	people := People()
	for _, p := range people {
		if p.Role.IsCustomer() {
			continue
		}
		a, err := add(p, "")
		if err != nil {
			return err
		}
		l.actors[p.Role] = a
	}
	for i, name := range []string{"Northwind Trading", "Southwind Logistics"} {
		region := []string{"cn-hangzhou", "ap-southeast-1"}[i]
		id, err := l.s.CreateAccount(l.ctx, l.as(lifecycle.Administrator), name, region)
		if err != nil {
			return err
		}
		accounts[people[i].Email] = id
		a, err := add(people[i], id)
		if err != nil {
			return err
		}
		if i == 0 {
			l.northwind, l.actors[lifecycle.Owner] = id, a
		}
	}
	for _, p := range people {
		if p.Role.IsCustomer() && p.Role != lifecycle.Owner {
			if _, err := add(p, l.northwind); err != nil {
				return err
			}
		}
	}
	return l.s.SetQuotas(l.ctx, l.as(lifecycle.Administrator), l.northwind, 12, 30, "Framework contract: up to 30 interfaces under construction")
}

// as is the actor of a role, each time in a request of its own.
func (l *loader) as(role lifecycle.Role) store.Actor {
	a := l.actors[role]
	l.requests++
	a.RequestID = fmt.Sprintf("DEMO-%04d", l.requests)
	return a
}

func (l *loader) inventory() error {
	var aps []catalog.AccessPoint
	var devices []catalog.Device
	var ports []catalog.Port
	for _, ap := range l.s.Catalogue().AccessPoints() {
		aps = append(aps, catalog.DemoAddress(ap))
		d, p := catalog.DemoInventory(ap)
		devices, ports = append(devices, d...), append(ports, p...)
	}
	return l.s.LoadInventory(l.ctx, l.as(lifecycle.Administrator), aps, devices, ports)
}

// at plans a step. Steps run in the order of time, whatever story they belong
// to, so that numbers, balances and messages come out as in life.
func (l *loader) at(t time.Time, what string, do func() error) {
	l.steps = append(l.steps, step{t, what, do})
}

func (l *loader) run() error {
	l.at(l.ago(94, 3), "opening transfer", func() error {
		return l.s.RecordTransfer(l.ctx, l.as(lifecycle.Finance), l.northwind, openingTransfer, "NW-2026-0801")
	})
	l.at(l.ago(20, 8), "next prices", l.nextPrices)
	// Time does its part every day: it renews, reminds and locks.
	for day := 55; day > 0; day-- {
		l.at(l.ago(day, 0), "what time does", func() error {
			_, err := l.s.RunDue(l.ctx)
			return err
		})
	}
	slices.SortStableFunc(l.steps, func(a, b step) int { return a.at.Compare(b.at) })
	for _, st := range l.steps {
		if st.at.After(l.now) {
			return fmt.Errorf("demo step %q lies in the future", st.what)
		}
		l.clock.t = st.at
		if err := st.do(); err != nil {
			return fmt.Errorf("demo step %q: %w %v", st.what, err, store.FieldsOf(err))
		}
	}
	// Whatever was spent, the balance people see first is a round one.
	l.clock.t = l.now
	a, err := l.s.Account(l.ctx, l.actors[lifecycle.Administrator], l.northwind)
	if err != nil {
		return err
	}
	missing, err := a.Balance.Sub(wantedBalance)
	if err != nil {
		return err
	}
	if missing.Minor > 0 {
		return errors.New("the demo's opening transfer is too large")
	}
	if missing.Minor < 0 {
		if err := l.s.RecordTransfer(l.ctx, l.as(lifecycle.Finance), l.northwind, missing.Neg().Decimal(), "NW-2026-1120"); err != nil {
			return err
		}
	}
	// Old messages were read long ago; the newest few were not.
	return l.readOldMessages()
}

// nextPrices schedules a price list for the month after the next one.
func (l *loader) nextPrices() error {
	now, err := l.s.PricesNow()
	if err != nil {
		return err
	}
	in := store.TypedPrices(now)
	in.From = time.Date(l.now.Year(), l.now.Month()+2, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	in.Prices[pricing.Field(pricing.Monthly, pricing.Mainland, pricing.Spec10G)] = "760.00"
	in.Prices[pricing.Field(pricing.Monthly, pricing.Outside, pricing.Spec10G)] = "1,550.00"
	in.Prices[pricing.Field(pricing.Monthly, pricing.Outside, pricing.Spec40G)] = "5,775.00"
	in.Prices[pricing.Field(pricing.Installation, pricing.Outside, pricing.Spec100G)] = "2,000.00"
	_, err = l.s.SchedulePrices(l.ctx, l.as(lifecycle.Finance), in)
	return err
}

func (l *loader) readOldMessages() error {
	for _, a := range l.actors {
		const unread = 3
		newest, err := l.s.Messages(l.ctx, a.UserID, 0, unread+1)
		if err != nil {
			return err
		}
		if len(newest) > unread {
			if err := l.s.ReadMessages(l.ctx, a.UserID, newest[unread].Seq); err != nil {
				return err
			}
		}
	}
	return nil
}

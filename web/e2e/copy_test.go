package e2e

import (
	"strings"
	"testing"

	"demarc/store"
	"demarc/web/paths"
)

// The button beside an identifier copies it, from a list and from a page, and
// says so; the one of the installation copies all of its lines.
func TestCopyButtons(t *testing.T) {
	p := startDemo(t)
	var line store.Connection
	p.quietly(func() { line = byName(t, p)["hz-dc1-primary"] })
	tab := signIn(t, p, northwind)
	for _, path := range []string{paths.With(paths.Interfaces, "by", "id", "q", line.ID), paths.Interface(line.ID)} {
		tab.Goto(path)
		evaluate[bool](tab, `(navigator.clipboard.writeText = (t) => { window.copied = t; return Promise.resolve(); }, true)`)
		tab.Click("Copy ID " + line.ID)
		said(tab, "Copied "+line.ID)
		if got := evaluate[string](tab, `window.copied`); got != line.ID {
			t.Errorf("%s: %q is copied, want %q", path, got, line.ID)
		}
	}
	tab.Click("Copy for the installer")
	said(tab, "Copied the installation information")
	if got := evaluate[string](tab, `window.copied`); len(got) <= len(line.ID)+10 {
		t.Errorf("for the installer %q is copied", got)
	}
}

// What is registered at an identity provider is copied whole, before it is added
// and afterwards.
func TestCopyReturnAddress(t *testing.T) {
	p := startDemo(t)
	tab := signIn(t, p, admin)
	tab.Goto(paths.AdminSSO)
	evaluate[bool](tab, `(navigator.clipboard.writeText = (t) => { window.copied = t; return Promise.resolve(); }, true)`)
	tab.Click("Copy the return address of the new identity provider")
	said(tab, "Copied the return address")
	address := evaluate[string](tab, `window.copied`)
	if !strings.HasPrefix(address, p.URL+paths.SSOReturn("ip-")) {
		t.Errorf("%q is copied", address)
	}
	tab.Fill("Name", "Northwind login")
	tab.Fill("E-mail domain", "northwind.example")
	tab.Fill("Issuer", "https://login.northwind.example")
	tab.Fill("Client ID", "console")
	tab.Fill("Client secret", "a secret")
	tab.Click("Add identity provider")
	tab.See("Northwind login was added.")
	evaluate[bool](tab, `(navigator.clipboard.writeText = (t) => { window.copied = t; return Promise.resolve(); }, true)`)
	tab.Click("Copy the return address of Northwind login")
	said(tab, "Copied the return address")
	if got := evaluate[string](tab, `window.copied`); got != address {
		t.Errorf("%q is copied afterwards, %q was before", got, address)
	}
	tab.Accessible("single sign-on with a provider")
}

// said waits until the page has said a sentence to those who do not see it.
func said(p *Page, sentence string) {
	p.t.Helper()
	p.until("the page says "+sentence, func() string {
		if got := evaluate[string](p, `document.querySelector("#announce").textContent`); got != sentence {
			return "it says " + got
		}
		return ""
	})
}

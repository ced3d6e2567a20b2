package e2e

import (
	"strings"
	"testing"

	"demarc/store"
	"demarc/store/inventory"
	"demarc/web/paths"
)

// The inventory as a file, wide and narrow, light and dark: the form, a dry run
// with refused lines, one that can be imported, and the import.
func TestInventoryAsAFile(t *testing.T) {
	env, base := loaSite(t)
	p := signInAsAdmin(t, base)
	upload := func(file string) {
		t.Helper()
		if err := env.UploadInventory(t.Context(), env.Admin, inventory.AddAndChange, strings.NewReader(file)); err != nil {
			t.Fatal(err)
		}
	}
	look := func(name string) {
		t.Helper()
		p.AccessibleInBothThemes(name)
		for _, width := range []int{1440, 390} {
			p.Viewport(width, 900)
			if n := p.SidewaysScroll(); n != 0 {
				t.Errorf("%s at %d: %d pixels too wide", name, width, n)
			}
			for _, theme := range []string{"light", "dark"} {
				p.Theme(theme)
				p.Screenshot("inventory " + name + " " + theme + map[int]string{1440: " wide", 390: " narrow"}[width])
			}
		}
		p.Accessible(name + ", narrow")
		p.Viewport(1440, 900)
		p.Theme("light")
	}
	p.Goto(paths.AdminInventory)
	p.SeeHeading("Import")
	look("form")

	upload("kind,id,name,zone\nregion,nl-1,Netherlands (阿姆斯特丹),Europe/Amsterdam\nregion,cn-hangzhou,,\nregion,xx," + strings.Repeat("Long name ", 6) + ",Mars/Olympus\nrouter,q,,\n")
	p.Goto(paths.AdminInventory)
	// A dry run that is still under way is replaced by its result without anybody doing anything.
	p.SeeHeading("3 lines are refused")
	look("refused")
	p.Click("Drop this file")
	p.SeeHeading("Import")

	upload("kind,id,name,zone,installer_notes\nregion,nl-1,Netherlands (阿姆斯特丹),Europe/Amsterdam,\naccess_point," + env.APID(t, "Singapore-A") + ",Singapore-A,,\"=1+1\nRing twice\"\n")
	p.Goto(paths.AdminInventory)
	p.SeeHeading("The file can be imported")
	look("ready")
	p.DoubleClick("Import 2 changes")
	p.SeeHeading("Imported")
	look("done")
	if i, _ := env.Import(env.Admin); i.State != store.ImportDone || i.Done != 2 {
		t.Errorf("%+v", i)
	}
	if got := p.ConsoleErrors(); len(got) > 0 {
		t.Errorf("console: %q", got)
	}
}

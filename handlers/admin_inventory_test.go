package handlers_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"demarc/store/inventory"
	"demarc/store/lifecycle"
	"demarc/web/paths"
)

// upload sends the form with a file; a nil file leaves the field out.
func (c *client) upload(key, mode string, file io.Reader) *answer {
	c.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, v := range map[string]string{"key": key, "mode": mode} {
		if err := w.WriteField(name, v); err != nil {
			c.t.Fatal(err)
		}
	}
	if file != nil {
		part, err := w.CreateFormFile("file", "库存.csv")
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := io.Copy(part, file); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	return c.send(paths.AdminInventory, w.FormDataContentType(), &b)
}

func (c *client) send(path, kind string, body io.Reader) *answer {
	c.t.Helper()
	res, err := c.http.Post(c.base+path, kind, body)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return &answer{c.t, res.StatusCode, res.Header, string(text)}
}

// settled is the page once nothing is under way.
func (c *client) settled() *answer {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		a := c.get(paths.AdminInventory).want(http.StatusOK)
		if a.doc().Find("#import[hx-trigger]").Length() == 0 {
			return a
		}
		if a.doc().Find("noscript").Length() == 0 {
			c.t.Fatal("a page that waits must refresh itself without a script")
		}
		if time.Now().After(deadline) {
			c.t.Fatal(a.text())
		}
	}
}

func inventoryFile(t *testing.T, s *site) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.ExportInventory(t.Context(), s.Admin, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInventoryIsForAdministrators(t *testing.T) {
	s := newSite(t)
	for _, email := range []string{"owner@northwind.example", "reviewer@cloud.example", "technician@cloud.example", "finance@cloud.example"} {
		c := s.as(email)
		for _, path := range []string{paths.AdminInventory, paths.AdminInventoryCSV, paths.AdminInventoryReport} {
			c.get(path).want(http.StatusForbidden)
		}
		c.upload("k", "add", strings.NewReader("kind,id\n")).want(http.StatusForbidden)
		c.post(paths.AdminInventoryConfirmation, url.Values{"hash": {"x"}}).want(http.StatusForbidden)
		c.post(paths.AdminInventoryDismissal, url.Values{}).want(http.StatusForbidden)
		if email != "owner@northwind.example" && c.get(paths.Admin).doc().Find("nav a[href='"+paths.AdminInventory+"']").Length() != 0 {
			t.Errorf("%s has the page in the navigation", email)
		}
	}
	admin := s.as("admin@cloud.example")
	if admin.get(paths.Admin).doc().Find("nav a[href='"+paths.AdminInventory+"']").Length() == 0 || admin.get(paths.AdminAccessPoints).doc().Find("main a[href='"+paths.AdminInventory+"']").Length() != 1 {
		t.Error("administrators find no way to the inventory")
	}
}

func TestInventoryExport(t *testing.T) {
	s := newSite(t)
	a := s.as("admin@cloud.example").get(paths.AdminInventoryCSV).want(http.StatusOK)
	if a.body != inventoryFile(t, s) || a.header.Get("Content-Type") != "text/csv; charset=utf-8" || a.header.Get("Content-Disposition") != `attachment; filename="inventory-2026-11-20.csv"` {
		t.Errorf("%v %.200s", a.header, a.body)
	}
}

// TestInventoryImport: dry run, what it says, the confirmation, each once.
func TestInventoryImport(t *testing.T) {
	s := newSite(t)
	c := s.as("admin@cloud.example")
	page := c.get(paths.AdminInventory).want(http.StatusOK)
	if page.doc().Find("form[enctype='multipart/form-data'] input[type=file][name=file]").Length() != 1 {
		t.Fatal("no form")
	}
	key := page.field("key")
	file := "kind,id,name,zone,installer_notes,facility_name\nregion,nl-1,阿姆斯特丹 <script>alert(1)</script>,Europe/Amsterdam,,\naccess_point," + s.APID(t, "Singapore-A") + ",Singapore-A,,\"a\n=b\",\"New \"\"name\"\"\"\n"
	for range 2 {
		a := c.upload(key, "add", strings.NewReader(file)).want(http.StatusSeeOther)
		if a.header.Get("Location") != paths.AdminInventory {
			t.Errorf("goes to %s", a.header.Get("Location"))
		}
	}
	a := c.settled()
	for _, want := range []string{"The file can be imported", "Nothing was changed yet", "Import 2 changes", "facility_name", "New \"name\"", "name 阿姆斯特丹 <script>alert(1)</script>; zone Europe/Amsterdam"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("no %q in %s", want, a.text())
		}
	}
	if a.doc().Find("script:not([src])").Length() != 0 {
		t.Error("what the file says became a script")
	}
	for id, line := range map[string]string{"added-h": "Line 2 2, region, nl-1", "changed-h": "Line 3 3, access_point, " + s.APID(t, "Singapore-A")} {
		if got := strings.Join(cells(a.doc().Find("table[aria-labelledby="+id+"] tbody tr")), ", "); !strings.HasPrefix(got, line) {
			t.Errorf("%s: %q, want %q", id, got, line)
		}
	}
	if a.doc().Find("input[type=file]").Length() != 0 {
		t.Error("another file is asked for while one waits")
	}
	report := c.get(paths.AdminInventoryReport).want(http.StatusOK)
	if !strings.Contains(report.body, "2,region,nl-1,added,name 阿姆斯特丹 <script>alert(1)</script>; zone Europe/Amsterdam\n") || report.header.Get("Content-Disposition") != `attachment; filename="inventory-report-2026-11-20.csv"` {
		t.Errorf("%s %v", report.body, report.header)
	}
	if _, ok := s.Catalogue().Region("nl-1"); ok {
		t.Fatal("a dry run wrote")
	}
	c.post(paths.AdminInventoryConfirmation, url.Values{"key": {"x"}, "hash": {"another"}}).want(http.StatusConflict)
	form := url.Values{"key": {a.doc().Find("form[action='"+paths.AdminInventoryConfirmation+"'] [name=key]").AttrOr("value", "")}, "hash": {a.field("hash")}}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if got := c.post(paths.AdminInventoryConfirmation, form); got.status != http.StatusSeeOther {
				t.Errorf("confirmation: %d", got.status)
			}
		})
	}
	both.Wait()
	if a = c.settled(); !strings.Contains(a.text(), "Imported") {
		t.Error(a.text())
	}
	if r, ok := s.Catalogue().Region("nl-1"); !ok || r.Name != "阿姆斯特丹 <script>alert(1)</script>" {
		t.Errorf("%+v", r)
	}
	if audit := c.get(paths.AdminAudit).text(); strings.Count(audit, "Add and change; 1 region added; 1 access point changed") != 1 {
		t.Errorf("the record says otherwise: %s", audit)
	}
	// htmx is told where to go.
	if a = c.submit(paths.AdminInventoryDismissal, url.Values{"key": {"y"}}).want(http.StatusOK); a.header.Get("HX-Redirect") != paths.AdminInventory {
		t.Errorf("%v", a.header)
	}
	if c.get(paths.AdminInventory).doc().Find("input[type=file]").Length() != 1 {
		t.Error("no form after the import was put away")
	}
	c.get(paths.AdminInventoryReport).want(http.StatusNotFound)
}

func TestInventoryRefusals(t *testing.T) {
	s := newSite(t)
	held := s.At(t, lifecycle.ApprovedLOA)
	p, err := s.PortOf(t.Context(), held.ID)
	if err != nil {
		t.Fatal(err)
	}
	c := s.as("admin@cloud.example")
	a := c.upload("k1", "replace", nil).want(http.StatusUnprocessableEntity)
	if a.doc().Find(".error-summary a[href='#file']").Text() != "Select a CSV file" || a.doc().Find("input[name=mode][value=replace][checked]").Length() != 1 || !strings.HasPrefix(a.doc().Find("title").Text(), "Error: ") {
		t.Error(a.text())
	}
	if a = c.upload("k2", "", strings.NewReader("kind,id\n")).want(http.StatusUnprocessableEntity); a.doc().Find(".error-summary").Length() != 1 {
		t.Error(a.text())
	}
	c.upload("k3", "add", strings.NewReader("")).want(http.StatusUnprocessableEntity)
	big := io.LimitReader(letters{}, inventory.MaxBytes+1)
	if a = c.upload("k4", "add", big).want(http.StatusUnprocessableEntity); !strings.Contains(a.text(), "at most 32 MB") {
		t.Error(a.text())
	}
	for _, name := range []string{"inventory.xlsx", "inventory.csv.gz", "csv"} { // whatever is in it
		a = c.send(paths.AdminInventory, "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\nreplace\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\""+name+"\"\r\n\r\nkind,id\r\n--x--\r\n")).want(http.StatusUnprocessableEntity)
		if a.doc().Find(".error-summary a[href='#file']").Text() != "Select a CSV file, whose name ends in .csv" || a.doc().Find("input[name=mode][value=replace][checked]").Length() != 1 {
			t.Errorf("%s: %s", name, a.text())
		}
	}
	c.send(paths.AdminInventory, "application/x-www-form-urlencoded", strings.NewReader("mode=add")).want(http.StatusUnsupportedMediaType)
	c.send(paths.AdminInventory, "multipart/form-data; boundary=x", strings.NewReader("--x\r\nbroken")).want(http.StatusBadRequest)
	// Other routes keep their limit.
	c.send(paths.AdminInventoryConfirmation, "application/x-www-form-urlencoded", io.LimitReader(letters{}, 2<<20)).want(http.StatusRequestEntityTooLarge)

	c.upload("k5", "add", strings.NewReader("kind,id,panel\nport,"+p.ID+",ODF 99\nregion,<b>x</b>,\n")).want(http.StatusSeeOther)
	a = c.settled()
	if a.doc().Find("form[action='"+paths.AdminInventoryConfirmation+"']").Length() != 0 || !strings.Contains(a.text(), "2 lines are refused") || !strings.Contains(a.text(), "Letter LOA-2026-") {
		t.Error(a.text())
	}
	if a.doc().Find("td b").Length() != 0 {
		t.Error("what the file says became markup")
	}
	// The corrected file takes the place of the one that was refused.
	again := a.doc().Find("#import form[enctype='multipart/form-data']")
	if again.Find("input[name=mode][value=add][checked]").Length() != 1 || !strings.Contains(a.text(), "Upload the corrected file") {
		t.Error("no form for the corrected file")
	}
	c.upload(again.Find("[name=key]").AttrOr("value", ""), "replace", strings.NewReader("kind,id,name\nregion,zz,\n")).want(http.StatusSeeOther)
	if a = c.settled(); strings.Contains(a.text(), "ODF 99") || a.doc().Find("input[name=mode][value=replace][checked]").Length() != 1 {
		t.Errorf("the second file: %s", a.text())
	}
	// A second administrator's tab cannot see or confirm it.
	if s.as("admin@cloud.example").get(paths.AdminInventory).doc().Find("#import").Length() != 1 {
		t.Error("the same person in another browser has lost it")
	}
	c.post(paths.AdminInventoryDismissal, url.Values{}).want(http.StatusSeeOther)
	// Replacing everything with the file itself does nothing.
	c.upload("k6", "replace", strings.NewReader("\ufeff"+inventoryFile(t, s))).want(http.StatusSeeOther)
	if a = c.settled(); !strings.Contains(a.text(), "Nothing to import") {
		t.Error(a.text())
	}
}

type letters struct{}

func (letters) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

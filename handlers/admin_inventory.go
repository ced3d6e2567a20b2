package handlers

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/inventory"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// ShowInventory is the page about the inventory as a file: export, import, and
// where the person's own import stands.
func (h *Handlers) ShowInventory(c echo.Context) error {
	return h.inventoryPage(c, http.StatusOK, views.InventoryForm{})
}

func (h *Handlers) inventoryPage(c echo.Context, status int, form views.InventoryForm) error {
	ctx := c.Request().Context()
	if form.Key == "" {
		form.Key = formKey()
	}
	i, ok := h.Store.Import(reqctx.Actor(ctx))
	if form.Mode == "" && len(form.Errors) == 0 {
		// A file that was corrected is uploaded as the one before it.
		form.Mode = string(cmp.Or(i.Mode, inventory.AddAndChange))
	}
	v := views.Inventory{Form: form, Columns: inventory.Columns()}
	if ok {
		v.Import = &views.InventoryImport{Busy: i.Busy(), Applying: i.State == store.ImportApplying, Ready: i.State == store.ImportReady, Done: i.State == store.ImportDone, Failed: i.State == store.ImportFailed,
			Mode: i.Mode, Rows: i.Rows, Progress: int(i.Done), Of: int(i.Total), Counts: i.Counts, Kinds: i.Kinds, Refused: i.Refused, Added: i.Added, Changed: i.Changed, Removed: i.Removed,
			Hash: i.Hash, Notice: i.Notice, Confirmable: i.Confirmable(), Key: formKey()}
	}
	counts, err := h.Store.AllPortCounts(ctx)
	if err != nil {
		return err
	}
	cat := h.Store.Catalogue()
	v.Regions, v.AccessPoints = len(cat.Regions()), len(cat.AccessPoints())
	for _, ap := range cat.AccessPoints() {
		v.Devices += len(cat.Devices(ap.ID))
		v.Ports += tally(counts[ap.ID], nil).Total()
	}
	p := h.page(c, "Inventory", views.Crumb{Label: "Capacity"})
	p.Failed = status == http.StatusUnprocessableEntity
	return h.render(c, status, views.InventoryPage(p, v))
}

// UploadInventory takes the file and begins its dry run. The body is read as
// it arrives: the fields of the form stand before the file.
func (h *Handlers) UploadInventory(c echo.Context) error {
	r := c.Request()
	parts, err := r.MultipartReader()
	if err != nil {
		return echo.ErrBadRequest
	}
	by, form := reqctx.Actor(r.Context()), views.InventoryForm{}
	got := false
	var refusal error
	for n := 1; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return badBody(err)
		}
		if n > maxParts {
			return echo.ErrBadRequest
		}
		switch part.FormName() {
		case "key", "mode":
			b, err := io.ReadAll(io.LimitReader(part, 65))
			if err != nil {
				return badBody(err)
			}
			if part.FormName() == "mode" {
				form.Mode = string(b)
			} else if len(b) <= 64 {
				form.Key = string(b)
			}
		case "file":
			if got {
				return echo.ErrBadRequest
			}
			got, by.Key = true, form.Key
			if part.FileName() != "" && !namedAs(part.FileName(), ".csv") {
				refusal = &store.Error{Kind: store.Invalid, Fields: map[string]string{"file": "Select a CSV file, whose name ends in .csv"}}
				break
			}
			refusal = h.Store.UploadInventory(r.Context(), by, inventory.Mode(form.Mode), part)
		}
		// What the store left unread, so that the answer is read.
		if _, err := io.Copy(io.Discard, part); err != nil {
			return badBody(err)
		}
	}
	if !got {
		refusal = &store.Error{Kind: store.Invalid, Fields: map[string]string{"file": "Select a CSV file"}}
	}
	if status, fields, msg, ok := refused(refusal); ok {
		form.Errors, form.Conflict = fields, conflictOnly(status, msg)
		return h.inventoryPage(c, status, form)
	}
	if refusal != nil {
		return badBody(refusal)
	}
	return h.done(c, paths.AdminInventory)
}

// namedAs reports whether the name of a file ends as those of its kind do. It is all
// that is looked at of a name that somebody sent.
func namedAs(name, ending string) bool { return strings.EqualFold(path.Ext(name), ending) }

// badBody is a body that broke off; one that is too large stays what it is.
func badBody(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return echo.ErrStatusRequestEntityTooLarge
	}
	if store.KindOf(err) != 0 {
		return err
	}
	return echo.ErrBadRequest
}

// ConfirmImport begins the import that the dry run announced.
func (h *Handlers) ConfirmImport(c echo.Context) error {
	err := h.Store.ConfirmImport(c.Request().Context(), h.actor(c), value(c, "hash"))
	if status, _, msg, ok := refused(err); ok {
		return h.inventoryPage(c, status, views.InventoryForm{Conflict: msg})
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminInventory)
}

// DropImport deletes the uploaded file with its dry run.
func (h *Handlers) DropImport(c echo.Context) error {
	err := h.Store.DropImport(h.actor(c))
	if status, _, msg, ok := refused(err); ok {
		return h.inventoryPage(c, status, views.InventoryForm{Conflict: msg})
	}
	if err != nil {
		return err
	}
	return h.done(c, paths.AdminInventory)
}

// ExportInventory sends the whole inventory as CSV, row by row.
func (h *Handlers) ExportInventory(c echo.Context) error {
	ctx := c.Request().Context()
	return h.sendCSV(c, "inventory-"+h.today(), func(out io.Writer) error { return h.Store.ExportInventory(ctx, reqctx.Actor(ctx), out) })
}

// DownloadImportReport sends every line of the dry run.
func (h *Handlers) DownloadImportReport(c echo.Context) error {
	return h.sendCSV(c, "inventory-report-"+h.today(), func(out io.Writer) error {
		return h.Store.ImportReport(reqctx.Actor(c.Request().Context()), out)
	})
}

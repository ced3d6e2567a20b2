package handlers

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/document"
	"demarc/views/receiptpdf"
)

// DownloadDocument sends a receipt, a credit note or an invoice as a PDF, the
// same bytes each time: those that were kept, or those made now and kept. Kinds:
// NotFound.
func (h *Handlers) DownloadDocument(c echo.Context) error {
	ctx := c.Request().Context()
	d, facts, err := h.Store.Document(ctx, h.actor(c), c.Param("no"))
	if err != nil {
		return err
	}
	pdf, err := h.Store.DocumentPDF(ctx, d.No)
	if err == nil && pdf == nil {
		pdf, err = makeDocument(ctx, h.Store, facts)
	}
	if err != nil {
		return err
	}
	return sendPDF(c, facts.Filename(), pdf)
}

// makeDocument renders a document and keeps it, and answers with the bytes that
// count: those that somebody else kept a moment earlier win.
func makeDocument(ctx context.Context, s *store.Store, facts document.Facts) ([]byte, error) {
	pdf, err := receiptpdf.Render(facts)
	if err != nil {
		return nil, err
	}
	return s.KeepDocument(ctx, facts.Number, pdf)
}

// MakeDocuments renders and keeps every document that has no PDF yet, and
// returns how many it made. It is a worker's: payments do not wait for it, and
// a download makes what it has not come to yet.
func MakeDocuments(ctx context.Context, s *store.Store) (int, error) {
	made := 0
	for {
		const batch = 50
		list, err := s.UnmadeDocuments(ctx, batch)
		if err != nil {
			return made, err
		}
		var errs []error
		for _, facts := range list {
			if _, err := makeDocument(ctx, s, facts); err != nil {
				errs = append(errs, err) // one that cannot be made does not stop the others
				continue
			}
			made++
		}
		if len(list) < batch || len(errs) > 0 {
			return made, errors.Join(errs...)
		}
	}
}

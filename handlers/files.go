package handlers

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/web/reqctx"
)

// What the console sends as files: documents, and lists as CSV.

// sendPDF answers with a document. The entity tag is its hash.
func sendPDF(c echo.Context, name string, pdf []byte) error {
	sum := sha256.Sum256(pdf)
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/pdf")
	header.Set(echo.HeaderContentDisposition, "attachment; filename="+strconv.Quote(name))
	header.Set(echo.HeaderCacheControl, "no-store")
	header.Set(echo.HeaderXContentTypeOptions, "nosniff")
	header.Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(pdf))
	return nil
}

// startedFile sends the head of a file with its first bytes, so that a failure
// before them is still an error page.
type startedFile struct {
	*echo.Response
	name, kind string
}

// Write implements io.Writer.
func (f startedFile) Write(b []byte) (int, error) {
	if !f.Committed {
		header := f.Header()
		header.Set(echo.HeaderContentType, f.kind)
		header.Set(echo.HeaderContentDisposition, "attachment; filename="+strconv.Quote(f.name))
		f.WriteHeader(http.StatusOK)
	}
	return f.Response.Write(b)
}

// sendFile answers with the file that write writes.
func (h *Handlers) sendFile(c echo.Context, name, kind string, write func(io.Writer) error) error {
	ctx, res := c.Request().Context(), c.Response()
	err := write(startedFile{res, name, kind})
	if err == nil || !res.Committed {
		return err
	}
	// A file that ends early must not look complete: break the connection.
	if ctx.Err() == nil {
		h.Log.ErrorContext(ctx, "an export ended early", "request_id", reqctx.ID(ctx), "error", err)
	}
	panic(http.ErrAbortHandler)
}

// sendCSV is sendFile of a CSV file; name is without ".csv".
func (h *Handlers) sendCSV(c echo.Context, name string, write func(io.Writer) error) error {
	return h.sendFile(c, name+".csv", "text/csv; charset=utf-8", write)
}

// exportBatch is how many rows of an export are in memory at once.
const exportBatch = 100

// sendRows answers with a CSV file of the rows that each writes, which go out
// while they are written.
func (h *Handlers) sendRows(c echo.Context, name string, head []string, each func(row func(...string) error) error) error {
	return h.sendCSV(c, name, func(out io.Writer) error {
		w := csv.NewWriter(out)
		if err := w.Write(head); err != nil {
			return err
		}
		n := 0
		err := each(func(cells ...string) error {
			if err := w.Write(cells); err != nil {
				return err
			}
			if n++; n%exportBatch > 0 {
				return nil
			}
			w.Flush()
			if err := w.Error(); err != nil {
				return err
			}
			c.Response().Flush()
			return nil
		})
		if err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	})
}

// today is the day in UTC, for the name of a file.
func (h *Handlers) today() string { return h.Store.Now().Format(time.DateOnly) }

// stampUTC is an instant for programs; "" when there is none.
func stampUTC(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

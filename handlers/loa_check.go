package handlers

import (
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/store/letter"
	"demarc/views"
	"demarc/web/paths"
	"demarc/web/reqctx"
)

// Checks bounds how often codes of letters may be tried. The edge provides it.
type Checks interface {
	// Take counts one try. When there were too many, ok is false and wait says
	// when the next one will be looked at.
	Take(ip string) (wait time.Duration, ok bool)
	// Miss counts that the code was wrong, which costs more.
	Miss(ip string)
	// Begin says that a client's file is compared with a letter from now until
	// done is called; not ok when as many of the client's network, or for the
	// letter, are compared as may be. Whoever sends slowly thus keeps a place or
	// two, and not all of them.
	Begin(ip, letter string) (done func(), ok bool)
}

// MaxCompared is the size of the largest file that is compared with a letter, in
// bytes.
const MaxCompared = 8 << 20

// maxParts is how many parts a form with a file may have: ours have three. A
// small body can hold a million.
const maxParts = 16

// comparing is how many files are compared at the same time: each is held in
// memory while it is.
const comparing = 8

// comparingWait is when somebody whose files are being compared already may try
// the next one.
const comparingWait = 5 * time.Second

const checkTitle = "Check a letter of authorization"

// ShowLOAChecks asks for the code of a letter, or looks at the one that was
// typed.
func (h *Handlers) ShowLOAChecks(c echo.Context) error {
	if !c.QueryParams().Has("code") {
		return h.checkPage(c, http.StatusOK, views.LOACheck{})
	}
	typed := strings.TrimSpace(c.QueryParam("code"))
	if typed == "" {
		return h.checkPage(c, http.StatusUnprocessableEntity, views.LOACheck{Errors: map[string]string{"code": "Enter the check code"}})
	}
	return h.check(c, typed)
}

// ShowLOACheck says what a letter is good for now. With ".json" behind the
// code, or when JSON is asked for, it answers a program.
func (h *Handlers) ShowLOACheck(c echo.Context) error {
	return h.check(c, codeParam(c))
}

func codeParam(c echo.Context) string { return strings.TrimSuffix(c.Param("code"), ".json") }

// wantsData reports whether a program asks.
func wantsData(c echo.Context) bool {
	accept := c.Request().Header.Get(echo.HeaderAccept)
	return strings.HasSuffix(c.Param("code"), ".json") || strings.Contains(accept, echo.MIMEApplicationJSON) && !strings.Contains(accept, echo.MIMETextHTML)
}

func (h *Handlers) check(c echo.Context, typed string) error {
	if done, err := h.tooManyChecks(c, typed); done {
		return err
	}
	l, err := h.Store.CheckLOA(c.Request().Context(), reqctx.Actor(c.Request().Context()), typed)
	return h.checkedPage(c, typed, l, err, nil, "")
}

// tooManyChecks answers whoever tries too often.
func (h *Handlers) tooManyChecks(c echo.Context, typed string) (bool, error) {
	wait, ok := h.Checks.Take(c.RealIP())
	if ok {
		return false, nil
	}
	return true, h.refuseCheck(c, typed, wait)
}

func (h *Handlers) refuseCheck(c echo.Context, typed string, wait time.Duration) error {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(seconds))
	refusal := "There were too many checks from here or in all. Try again in " + strconv.Itoa(seconds) + " seconds."
	if seconds == 1 {
		refusal = "There were too many checks from here or in all. Try again in 1 second."
	}
	if wantsData(c) {
		unlisted(c)
		return c.JSON(http.StatusTooManyRequests, checkData{Schema: checkSchema, Message: refusal})
	}
	return h.checkPage(c, http.StatusTooManyRequests, views.LOACheck{Typed: clip(typed), Asked: true, Refusal: refusal})
}

// CompareLOA says whether a file is the document of a letter. The file is
// compared in memory and forgotten.
func (h *Handlers) CompareLOA(c echo.Context) error {
	ctx, typed := c.Request().Context(), codeParam(c)
	if done, err := h.tooManyChecks(c, typed); done {
		return err
	}
	// No file is read, and no place taken, for a code that no letter has.
	letter, err := h.Store.LetterWithCode(ctx, typed)
	if err != nil {
		return h.checkedPage(c, typed, store.CheckedLOA{}, err, nil, "")
	}
	done, ok := h.Checks.Begin(c.RealIP(), letter)
	if !ok {
		return h.refuseCheck(c, typed, comparingWait)
	}
	defer done()
	select {
	case h.comparing <- struct{}{}:
		defer func() { <-h.comparing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	by := reqctx.Actor(ctx)
	file, problem, err := comparedFile(c)
	if err != nil {
		return err
	}
	if problem != "" {
		l, err := h.Store.CheckLOA(ctx, by, typed)
		return h.checkedPage(c, typed, l, err, nil, problem)
	}
	l, is, err := h.Store.CompareLOA(ctx, by, typed, file)
	return h.checkedPage(c, typed, l, err, &is, "")
}

// comparedFile reads the one file of the form.
func comparedFile(c echo.Context) (file []byte, problem string, err error) {
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return nil, "", echo.ErrBadRequest
	}
	for n := 1; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, "Choose a PDF file", nil
		}
		if n > maxParts {
			return nil, "", echo.ErrBadRequest
		}
		if err != nil {
			return nil, "", badBody(err)
		}
		if part.FormName() != "pdf" {
			continue
		}
		if part.FileName() == "" {
			return nil, "Choose a PDF file", nil
		}
		if !namedAs(part.FileName(), ".pdf") {
			return nil, "Choose a PDF file, whose name ends in .pdf", nil
		}
		file, err := io.ReadAll(io.LimitReader(part, MaxCompared+1))
		switch {
		case err != nil:
			return nil, "", badBody(err)
		case len(file) > MaxCompared:
			return nil, "Choose a file of at most 8 MB. A letter is much smaller", nil
		case len(file) == 0:
			return nil, "This file is empty. Choose a PDF file", nil
		}
		return file, "", nil
	}
}

func (h *Handlers) checkedPage(c echo.Context, typed string, l store.CheckedLOA, err error, is *store.Compared, problem string) error {
	if store.KindOf(err) == store.NotFound {
		h.Checks.Miss(c.RealIP())
		if wantsData(c) {
			unlisted(c)
			return c.JSON(http.StatusNotFound, checkData{Schema: checkSchema, Message: store.MessageOf(err)})
		}
		return h.checkPage(c, http.StatusNotFound, views.LOACheck{Typed: clip(typed), Asked: true, NOC: h.NOC})
	}
	if err != nil {
		return err
	}
	now := h.Store.Now()
	status := http.StatusOK
	if problem != "" {
		status = http.StatusUnprocessableEntity
	}
	if wantsData(c) {
		unlisted(c)
		d := dataOf(l, now, is)
		d.Message = problem
		return c.JSON(status, d)
	}
	v := views.LOACheck{Asked: true, Checked: &views.CheckedLetter{Letter: l.Snapshot, Status: l.Status, Now: now, EndedAt: l.EndedAt, Reason: l.EndedReason,
		Pages: l.Pages, SHA256: l.SHA256, Compare: paths.LOACheck(l.Snapshot.CheckCode)}}
	if problem != "" {
		v.Errors = map[string]string{"pdf": problem}
	}
	if is != nil {
		v.File = comparedView(l, *is)
	}
	return h.checkPage(c, status, v)
}

func comparedView(l store.CheckedLOA, is store.Compared) *views.ComparedFile {
	const not = "Not the file that was issued"
	title := l.Snapshot.Title()
	switch is.Match {
	case store.FileSame:
		return &views.ComparedFile{Same: true, Title: "The same file", Text: "Every byte is that of the file that was issued as " + title + "."}
	case store.FileVersion:
		relation := "an older version"
		if is.Version > l.Version {
			relation = "a later version"
		}
		return &views.ComparedFile{Title: not, Text: "It is the file of version " + strconv.Itoa(is.Version) + " of this letter, " + relation + "."}
	case store.FileOther:
		return &views.ComparedFile{Title: not, Text: "It is the file of another letter of " + l.Snapshot.Issuer.LegalName + "."}
	case store.FileAltered:
		return &views.ComparedFile{Title: not, Text: "It was made from the file of this letter and changed afterwards. Trust nothing that it says."}
	}
	return &views.ComparedFile{Title: not, Text: "It is no file of a letter of " + l.Snapshot.Issuer.LegalName + ": a scan, a print, a copy that a program saved anew, or a forgery. Compare what it says with this page."}
}

// checkPage is for everybody: it shows nothing of who is signed in.
func (h *Handlers) checkPage(c echo.Context, status int, v views.LOACheck) error {
	unlisted(c)
	p := views.Page{Title: checkTitle, Operator: h.Operator, Demo: h.Demo, HomeHref: paths.Home, Unlisted: true, Failed: status == http.StatusUnprocessableEntity}
	return h.render(c, status, views.LOACheckPage(p, v))
}

// unlisted keeps the address, which holds the code, to whoever opened it.
func unlisted(c echo.Context) {
	header := c.Response().Header()
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex, nofollow")
}

// clip keeps a text that was typed at a length that a page can bear.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > 64 {
		return string(r[:64])
	}
	return s
}

// checkSchema is the schema number of checkData; the README documents it.
const checkSchema = 1

// checkData is the answer of the check page for a program. Times are UTC.
type checkData struct {
	Schema  int    `json:"schema"`
	Found   bool   `json:"found"`
	Message string `json:"message,omitempty"`

	*checkedData
}

type checkedData struct {
	AsOf        time.Time     `json:"as_of"`
	Status      letter.Status `json:"status"`
	StatusLabel string        `json:"status_label"`
	EndedAt     *time.Time    `json:"ended_at"`
	Reason      string        `json:"reason"`

	Number    string    `json:"number"`
	Version   int       `json:"version"`
	IssuedAt  time.Time `json:"issued_at"`
	ValidFrom time.Time `json:"valid_from"`
	ExpiresAt time.Time `json:"expires_at"`
	Zone      string    `json:"zone"`
	Pages     int       `json:"pages"`
	SHA256    string    `json:"pdf_sha256"`

	InterfaceID         string    `json:"interface_id"`
	Issuer              string    `json:"issuer"`
	NOC                 string    `json:"noc"`
	CompanyName         string    `json:"company_name"`
	SP                  string    `json:"sp"`
	ConstructionCompany string    `json:"construction_company"`
	MaySubDelegate      bool      `json:"may_sub_delegate"`
	ScheduledAt         time.Time `json:"scheduled_at"`

	Facility  string `json:"facility_name"`
	Address   string `json:"address"`
	Room      string `json:"room"`
	Cabinet   string `json:"cabinet"`
	Panel     string `json:"panel"`
	Position  string `json:"position"`
	Connector string `json:"connector"`
	Device    string `json:"device"`
	Port      string `json:"port"`
	Demo      bool   `json:"demo"`

	File *fileData `json:"file,omitempty"`
}

type fileData struct {
	Same    bool            `json:"same"`
	Match   store.FileMatch `json:"match"`
	Version int             `json:"version,omitempty"` // of the letter whose file it is
}

func dataOf(l store.CheckedLOA, now time.Time, is *store.Compared) checkData {
	s := l.Snapshot
	d := &checkedData{AsOf: now.UTC(), Status: l.Status, StatusLabel: l.Status.Label(), Reason: l.EndedReason,
		Number: s.Number, Version: s.Version, IssuedAt: s.IssuedAt, ValidFrom: s.Start(), ExpiresAt: s.ExpiresAt, Zone: s.Zone, Pages: l.Pages, SHA256: l.SHA256,
		InterfaceID: s.InterfaceID, Issuer: s.Issuer.LegalName, NOC: s.Issuer.NOC, CompanyName: s.CompanyName, SP: s.SP, ConstructionCompany: s.ConstructionCompany,
		MaySubDelegate: s.MaySubDelegate, ScheduledAt: s.ScheduledAt, Facility: s.FacilityName, Address: s.Address, Room: s.Room, Cabinet: s.Cabinet, Panel: s.Panel,
		Position: s.Position, Connector: s.Connector, Device: s.Device, Port: s.Port, Demo: s.Demo}
	if l.Status != letter.Valid && l.Status != letter.NotYetValid {
		ended := l.EndedAt
		if l.Status == letter.Expired {
			ended = letter.Over(l.ExpiresAt)
		}
		d.EndedAt = &ended
	}
	if is != nil {
		d.File = &fileData{Same: is.Match == store.FileSame, Match: is.Match, Version: is.Version}
	}
	return checkData{Schema: checkSchema, Found: true, checkedData: d}
}

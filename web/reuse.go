package web

import (
	"bytes"
	"container/list"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"

	"demarc/store"
	"demarc/web/reqctx"
)

// A page that was drawn once is sent again to the same reader at the same
// address, as long as nothing that it could show was written and no moment has
// come at which it would read differently. Only the server keeps it: browsers
// are told to keep nothing of what is behind the sign-in.

// pagesHeld is how much memory the pages that are kept may take, compressed, with
// their addresses: whoever asks chooses how long those are.
const pagesHeld = 8 << 20

// pageKey is everything that decides what a page says, but for the time.
type pageKey struct {
	user     store.User
	revision store.Revision
	uri      string
	putAway  string // standing notes that the reader does not want
	htmx     bool
	fragment bool
}

type keptPage struct {
	key         pageKey
	drawn, ends time.Time // it is what would be drawn from drawn on, before ends
	packed      []byte
}

func (p *keptPage) size() int { return len(p.packed) + len(p.key.uri) + len(p.key.putAway) }

// keptPages drops what nobody asked for longest. The zero value is ready.
type keptPages struct {
	mu    sync.Mutex
	of    map[pageKey]*list.Element
	order list.List // of *keptPage, the one asked for last first
	bytes int
}

func (k *keptPages) get(key pageKey, now time.Time) *keptPage {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.of[key]
	if e == nil {
		return nil
	}
	p := e.Value.(*keptPage)
	if now.Before(p.drawn) || !now.Before(p.ends) {
		return nil
	}
	k.order.MoveToFront(e)
	return p
}

func (k *keptPages) keep(p *keptPage) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[pageKey]*list.Element{}
	}
	if e := k.of[p.key]; e != nil {
		k.drop(e)
	}
	k.of[p.key] = k.order.PushFront(p)
	k.bytes += p.size()
	for k.bytes > pagesHeld {
		k.drop(k.order.Back())
	}
}

func (k *keptPages) drop(e *list.Element) {
	p := k.order.Remove(e).(*keptPage)
	delete(k.of, p.key)
	k.bytes -= p.size()
}

// again answers with the page that is kept, or draws it and keeps it until every
// has passed by the clock (a page that shows the minute lasts a minute), or until
// the first moment that its handler told reqctx.Request.ChangesAt.
func (s *Server) again(every time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			req := reqctx.Of(r.Context())
			sess, ok := req.Session.(*session)
			if !ok || !acceptsGzip(r) || sess.text(valueFlashes) != "" {
				return next(c)
			}
			// Both before anything is read: what is written meanwhile, or becomes
			// true meanwhile, belongs to the next page.
			now := s.store.Now()
			key := pageKey{req.User, s.store.Revision(req.User.AccountID), r.URL.RequestURI(), sess.text(valuePutAway), reqctx.IsHtmx(r), reqctx.IsPartial(r)}
			if p := s.pages.get(key, now); p != nil {
				describePacked(c.Response().Header(), p.packed)
				c.Response().WriteHeader(http.StatusOK)
				_, err := c.Response().Write(p.packed)
				return err
			}
			held, err := hold(c, next)
			if !held.begun {
				return err // the answer to an error goes out as it is
			}
			if err != nil || held.status != http.StatusOK {
				return errors.Join(err, held.send())
			}
			packed, err := pack(held.body.Bytes())
			if err != nil {
				return err
			}
			if req.Complete() {
				p := &keptPage{key: key, drawn: now, ends: now.Truncate(every).Add(every), packed: packed}
				if at := req.Changes(); !at.IsZero() && at.Before(p.ends) {
					p.ends = at
				}
				s.pages.keep(p)
			}
			describePacked(held.Header(), packed)
			held.body = *bytes.NewBuffer(packed)
			return held.send()
		}
	}
}

// describePacked sets the headers of a page that is sent compressed.
func describePacked(h http.Header, packed []byte) {
	h.Set(echo.HeaderContentType, "text/html; charset=utf-8")
	h.Set(echo.HeaderContentEncoding, "gzip")
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(packed)))
}

// packers are shared: one takes 800 KB.
var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, packLevel)
	return w
}}

// packLevel makes a list a sixth smaller than the fastest level, for a tenth of
// a millisecond.
const packLevel = 6

func pack(page []byte) ([]byte, error) {
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	var b bytes.Buffer
	b.Grow(len(page) / 6)
	w.Reset(&b)
	if _, err := w.Write(page); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// heldAnswer keeps an answer back until it is known whether it is a page.
type heldAnswer struct {
	http.ResponseWriter
	begun  bool
	status int
	body   bytes.Buffer
}

// hold runs a handler and keeps its answer back.
func hold(c echo.Context, next echo.HandlerFunc) (*heldAnswer, error) {
	res := c.Response()
	held := &heldAnswer{ResponseWriter: res.Writer}
	res.Writer = held
	defer func() { res.Writer = held.ResponseWriter }() // after a panic too: its page is sent
	return held, next(c)
}

// WriteHeader implements http.ResponseWriter.
func (h *heldAnswer) WriteHeader(status int) {
	if !h.begun {
		h.begun, h.status = true, status
	}
}

// Write implements http.ResponseWriter.
func (h *heldAnswer) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

// send lets the answer go.
func (h *heldAnswer) send() error {
	h.ResponseWriter.WriteHeader(h.status)
	_, err := h.ResponseWriter.Write(h.body.Bytes())
	return err
}

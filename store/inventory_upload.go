package store

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"demarc/store/inventory"
	"demarc/store/lifecycle"
)

// An import takes two steps of a person, a dry run and its confirmation, and
// both may take longer than a request. The uploaded file waits in the data
// folder between them, one for each administrator, and is deleted once it was
// imported, when its owner drops it, after ImportLimit, and when Demarc starts.
// What is known about it is in memory: a restart forgets it, and an import that
// was under way is then in the database whole or not at all.

// ImportLimit is how long an uploaded file waits for its confirmation.
const ImportLimit = time.Hour

// importShown is how many lines of a kind a page shows; the report has all.
const importShown = 200

// ImportState is where an import stands.
type ImportState string

// The states of an import.
const (
	ImportReading  ImportState = "reading"  // the dry run is under way
	ImportReady    ImportState = "ready"    // the dry run is done and waits for its owner
	ImportApplying ImportState = "applying" // the import is under way
	ImportDone     ImportState = "done"     // imported
	ImportFailed   ImportState = "failed"   // given up; nothing was imported
)

// Import is an import as its owner sees it now.
type Import struct {
	State ImportState
	Mode  inventory.Mode
	Bytes int64 // of the file
	// Done of Total is the progress of what is under way: bytes while reading,
	// writes while applying. Rows is how many rows were read so far.
	Done, Total int64
	Rows        int
	// Counts and lines of the dry run.
	Counts                           inventory.Counts
	Kinds                            map[inventory.Kind]inventory.Counts
	Refused, Added, Changed, Removed []inventory.Line // the first ones
	Hash                             string           // of the plan; the confirmation names it
	// Notice is what its owner must know besides: why it failed, or that the
	// inventory changed and this is another dry run.
	Notice string
	Since  time.Time // when the present state began, UTC
}

// Busy reports whether something is under way.
func (i Import) Busy() bool { return i.State == ImportReading || i.State == ImportApplying }

// Confirmable reports whether the owner may confirm it now.
func (i Import) Confirmable() bool {
	return i.State == ImportReady && i.Counts.Refused == 0 && i.Counts.Does()
}

// imports are the uploads of this process.
type imports struct {
	dir string

	mu      sync.Mutex
	byOwner map[string]*upload
	closed  bool

	// one is held by the one import that is read or applied: each has a whole
	// file in memory.
	one     sync.Mutex
	running sync.WaitGroup
	ctx     context.Context
	stop    context.CancelFunc
}

// upload is an import and what belongs to it.
type upload struct {
	Import
	key string // of the form that sent it
}

// open deletes what an earlier process left behind.
func (i *imports) open(dir string) error {
	i.dir, i.byOwner = dir, map[string]*upload{}
	i.ctx, i.stop = context.WithCancel(context.Background())
	return os.RemoveAll(dir)
}

// close ends what is under way and waits for it.
func (i *imports) close() {
	if i.stop == nil {
		return
	}
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	i.stop()
	i.running.Wait()
}

func (i *imports) file(owner string) string   { return filepath.Join(i.dir, owner+".csv") }
func (i *imports) report(owner string) string { return filepath.Join(i.dir, owner+".report.csv") }

// forget deletes an upload; the lock is held.
func (i *imports) forget(owner string) error {
	delete(i.byOwner, owner)
	var errs []error
	for _, name := range []string{i.file(owner), i.report(owner)} {
		if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// sweep deletes the uploads that nobody came back to.
func (i *imports) sweep(now time.Time) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	var errs []error
	for owner, u := range i.byOwner {
		if !u.Busy() && now.Sub(u.Since) >= ImportLimit {
			n++
			errs = append(errs, i.forget(owner))
		}
	}
	return n, errors.Join(errs...)
}

// update changes what is known about an owner's import, if there still is one.
func (i *imports) update(owner string, change func(*upload)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if u := i.byOwner[owner]; u != nil {
		change(u)
	}
}

const msgImportBusy = "Your import is still under way. Wait until it is done."

// UploadInventory takes a file and begins its dry run, which goes on after the
// method returned: see Import. A file of the same person that waits is
// replaced. The same form sent twice is taken once. Kinds: Invalid (fields
// file, mode), Conflict when an import of this person is under way, Forbidden.
func (s *Store) UploadInventory(ctx context.Context, by Actor, mode inventory.Mode, file io.Reader) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	if mode != inventory.AddAndChange && mode != inventory.ReplaceAll {
		return invalid("mode", "Select what happens to what is not in the file")
	}
	i := &s.imports
	i.mu.Lock()
	old := i.byOwner[by.UserID]
	if old != nil && by.Key != "" && old.key == by.Key {
		i.mu.Unlock()
		return nil
	}
	if old != nil && old.Busy() {
		i.mu.Unlock()
		return conflictf("%s", msgImportBusy)
	}
	if i.closed {
		i.mu.Unlock()
		return unavailable(errors.New("the store is closed"))
	}
	i.byOwner[by.UserID] = &upload{key: by.Key, Import: Import{State: ImportReading, Mode: mode, Since: s.Now()}}
	i.running.Add(1)
	i.mu.Unlock()

	size, err := i.receive(by.UserID, file)
	if err != nil {
		i.mu.Lock()
		ferr := i.forget(by.UserID)
		i.mu.Unlock()
		i.running.Done()
		if KindOf(err) == 0 {
			err = &Error{Kind: Unavailable, Msg: "The file could not be received. Nothing was changed. Try again in a moment.", Err: errors.Join(err, ferr)}
		}
		return err
	}
	i.update(by.UserID, func(u *upload) { u.Bytes, u.Total = size, size })
	go func() {
		defer i.running.Done()
		s.dryRun(by)
	}()
	return nil
}

// receive writes the file to the folder of uploads.
func (i *imports) receive(owner string, file io.Reader) (int64, error) {
	if err := os.MkdirAll(i.dir, 0o700); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(i.file(owner), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, io.LimitReader(file, inventory.MaxBytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return n, err
	}
	switch {
	case n == 0:
		return 0, invalid("file", "Select a CSV file")
	case n > inventory.MaxBytes:
		return n, invalid("file", "Select a file of at most 32 MB")
	}
	return n, nil
}

// dryRun reads the owner's file and keeps what an import would do.
func (s *Store) dryRun(by Actor) {
	i := &s.imports
	i.one.Lock()
	defer i.one.Unlock()
	var mode inventory.Mode
	i.update(by.UserID, func(u *upload) { mode = u.Mode })
	plan, err := func() (*inventory.Plan, error) {
		f, err := os.Open(i.file(by.UserID))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		plan, err := s.PlanInventory(i.ctx, by, mode, f, func(rows int, bytes int64) {
			i.update(by.UserID, func(u *upload) { u.Rows, u.Done = rows, bytes })
		})
		if err != nil {
			return nil, err
		}
		return plan, i.keepReport(by.UserID, plan)
	}()
	if err != nil {
		s.log.ErrorContext(i.ctx, "a dry run of an import failed", "request_id", by.RequestID, "error", err)
	}
	i.update(by.UserID, func(u *upload) {
		u.Since = s.Now()
		if err != nil {
			u.State, u.Notice = ImportFailed, "The file could not be compared with the inventory. Nothing was changed. Upload it again."
			return
		}
		// The plan itself goes: the import makes it again.
		u.State, u.Rows, u.Done, u.Counts, u.Kinds, u.Hash = ImportReady, plan.Rows, u.Total, plan.Total, plan.Kinds, plan.Hash
		u.Refused, u.Added = plan.Select(inventory.Refused, importShown), plan.Select(inventory.Added, importShown)
		u.Changed, u.Removed = plan.Select(inventory.Changed, importShown), plan.Select(inventory.Removed, importShown)
	})
}

func (i *imports) keepReport(owner string, plan *inventory.Plan) error {
	f, err := os.OpenFile(i.report(owner), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	return errors.Join(plan.WriteReport(w), w.Flush(), f.Close())
}

// ConfirmImport begins the import that the dry run with this hash announced,
// which goes on after the method returned: see Import. Sent twice, it happens
// once. Kinds: Conflict when there is no such dry run any more or it refused a
// line, Forbidden.
func (s *Store) ConfirmImport(ctx context.Context, by Actor, hash string) error {
	if by.Role != lifecycle.Administrator {
		return forbidden(msgAdminOnly)
	}
	i := &s.imports
	i.mu.Lock()
	defer i.mu.Unlock()
	u := i.byOwner[by.UserID]
	if u != nil && u.Hash == hash && (u.State == ImportApplying || u.State == ImportDone) {
		return nil
	}
	if u == nil || !u.Confirmable() || u.Hash != hash || i.closed {
		return conflictf("This dry run is over. Nothing was imported. Upload the file again.")
	}
	u.State, u.Done, u.Total, u.Since, u.Notice = ImportApplying, 0, int64(u.Counts.Added+u.Counts.Changed+u.Counts.Removed), s.Now(), ""
	i.running.Add(1)
	mode := u.Mode
	go func() {
		defer i.running.Done()
		s.carryOut(by, mode, hash)
	}()
	return nil
}

// carryOut imports the owner's file.
func (s *Store) carryOut(by Actor, mode inventory.Mode, hash string) {
	i := &s.imports
	i.one.Lock()
	err := func() error {
		defer i.one.Unlock()
		f, err := os.Open(i.file(by.UserID))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = s.ApplyInventory(i.ctx, by, mode, f, hash, func(done, total int) {
			i.update(by.UserID, func(u *upload) { u.Done, u.Total = int64(done), int64(total) })
		})
		return err
	}()
	if KindOf(err) == Conflict || KindOf(err) == Invalid {
		// The inventory is another one: what the file would do now is for its
		// owner to see.
		i.update(by.UserID, func(u *upload) {
			u.State, u.Done, u.Total, u.Rows, u.Since = ImportReading, 0, u.Bytes, 0, s.Now()
			u.Notice = msgOtherPlan + " This is a new dry run of the same file."
		})
		s.dryRun(by)
		return
	}
	if err != nil {
		s.log.ErrorContext(i.ctx, "an import failed", "request_id", by.RequestID, "error", err)
	}
	i.update(by.UserID, func(u *upload) {
		u.Since = s.Now()
		if err != nil {
			u.State, u.Notice = ImportFailed, MessageOf(err)
			if u.Notice == "" {
				u.Notice = "The import failed. Nothing was imported. Upload the file again."
			}
			return
		}
		u.State, u.Done = ImportDone, u.Total
		if err := os.Remove(i.file(by.UserID)); err != nil {
			s.log.WarnContext(i.ctx, "an imported file could not be deleted", "error", err)
		}
	})
}

// Import is the import of a person; false when there is none.
func (s *Store) Import(by Actor) (Import, bool) {
	i := &s.imports
	i.mu.Lock()
	defer i.mu.Unlock()
	u := i.byOwner[by.UserID]
	if u == nil {
		return Import{}, false
	}
	return u.Import, true
}

// DropImport deletes the upload of a person. Kinds: Conflict while it is under
// way.
func (s *Store) DropImport(by Actor) error {
	i := &s.imports
	i.mu.Lock()
	defer i.mu.Unlock()
	if u := i.byOwner[by.UserID]; u != nil && u.Busy() {
		return conflictf("%s", msgImportBusy)
	}
	return i.forget(by.UserID)
}

// ImportReport copies the whole report of the person's dry run, a CSV file, to
// out. Kinds: NotFound.
func (s *Store) ImportReport(by Actor, out io.Writer) error {
	i := &s.imports
	i.mu.Lock()
	u := i.byOwner[by.UserID]
	i.mu.Unlock()
	f, err := os.Open(i.report(by.UserID))
	if err == nil && u == nil {
		f.Close()
	}
	if u == nil || errors.Is(err, os.ErrNotExist) {
		return &Error{Kind: NotFound, Msg: "There is no dry run."}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(out, f)
	return err
}

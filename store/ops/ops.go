// Package ops has the commands of the operator, beside the program that runs:
// backup, restore, check, the audit log, one-time links for administrators.
package ops

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"demarc/store"
	"demarc/store/chain"
	"demarc/store/keyring"
	"demarc/store/letter/signing"
	"demarc/store/lifecycle"
)

// ErrUsage means that the command was typed wrong; what was wrong is printed.
var ErrUsage = errors.New("wrong command")

// ErrFound means that a check found problems, which are printed.
var ErrFound = errors.New("problems were found")

// Command is one command line.
type Command struct {
	Args   []string
	Getenv func(string) string
	Out    io.Writer // answers
	Err    io.Writer // what went wrong
	// Link is the address of a one-time link with this token, under the public
	// URL of the installation.
	Link func(publicURL, token string) string
	// Letter says in lines what a letter proves by these published keys, and
	// whether all of it is good.
	Letter func(pdf []byte, published signing.Set) (lines []string, good bool)
	Now    func() time.Time // the clock; time.Now when nil
}

func (c *Command) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// Usage lists the commands.
const Usage = `Commands, for the folder given by -data:
  backup FILE              copy the database while the program runs
  restore FILE             put a backup in place; the program must be stopped
  check                    look for damage: database, ledger, ports, audit log, letters
  audit verify             look for a changed, missing or added line of the audit log
  audit export             print the audit log as JSON lines
  audit head               print where the audit log ends, to be noted elsewhere
  person export WHO REASON print what is kept about a user (e-mail) or field engineer (name) as JSON
  person erase WHO REASON  erase it; issued letters stay, and the audit log keeps the ID
  letter verify FILE       say whether a letter is one that was issued here, unchanged
  admin create EMAIL NAME  add an administrator and print the one-time link
  admin reset EMAIL        print a new one-time link for a person who is locked out`

// options are the flags that the commands share.
type options struct {
	*Command
	fs              *flag.FlagSet
	data, publicURL string
	head            string
	after           int64
	keys            string
}

// Run carries out the command that the arguments begin with.
func (c *Command) Run(ctx context.Context) error {
	words := 1
	name := c.Args[0]
	if (name == "audit" || name == "admin" || name == "person" || name == "letter") && len(c.Args) > 1 && !strings.HasPrefix(c.Args[1], "-") {
		words, name = 2, name+" "+c.Args[1]
	}
	o := &options{Command: c, fs: flag.NewFlagSet("demarc "+name, flag.ContinueOnError)}
	o.fs.SetOutput(c.Err)
	env := func(key, fallback string) string {
		if v := c.Getenv(key); v != "" {
			return v
		}
		return fallback
	}
	o.fs.StringVar(&o.data, "data", env("DEMARC_DATA", "data"), "`folder` of the database and its keys")
	var want []string
	var run func(context.Context, []string) error
	switch name {
	case "backup":
		want, run = []string{"FILE"}, o.backup
	case "restore":
		want, run = []string{"FILE"}, o.restore
		o.fs.StringVar(&o.keys, "keys", "", "`folder` with the key files that belong to the backup; copied too")
	case "check":
		run = o.check
		o.fs.StringVar(&o.head, "head", "", "`head` of the audit log that was noted elsewhere, as audit head prints it")
	case "audit verify":
		run = o.auditVerify
		o.fs.StringVar(&o.head, "head", "", "`head` that was noted elsewhere, as audit head prints it")
	case "audit export":
		run = o.auditExport
		o.fs.Int64Var(&o.after, "after", 0, "only events after this `number` of the chain")
	case "audit head":
		run = o.auditHead
	case "person export":
		want, run = []string{"WHO", "REASON"}, o.personExport
	case "person erase":
		want, run = []string{"WHO", "REASON"}, o.personErase
	case "letter verify":
		want, run = []string{"FILE"}, o.letterVerify
		o.fs.StringVar(&o.keys, "keys", "", "`file` with the published keys, as /.well-known/demarc-letter-keys.json has them; those of the folder when empty")
	case "admin create":
		want, run = []string{"EMAIL", "NAME"}, o.adminCreate
	case "admin reset":
		want, run = []string{"EMAIL"}, o.adminReset
	default:
		fmt.Fprintf(c.Err, "demarc: unknown command %q\n\n%s\n", name, Usage)
		return ErrUsage
	}
	o.fs.StringVar(&o.publicURL, "public-url", env("DEMARC_PUBLIC_URL", "http://127.0.0.1:8080"), "scheme and host that people type (`URL`), for one-time links")
	o.fs.Usage = func() {
		fmt.Fprintf(c.Err, "Usage: demarc %s\n", strings.Join(append([]string{name, "[flags]"}, want...), " "))
		o.fs.PrintDefaults()
	}
	// Flags may come before and after the words: people type both.
	var args []string
	for rest := c.Args[words:]; len(rest) > 0; {
		if err := o.fs.Parse(rest); errors.Is(err, flag.ErrHelp) {
			return err
		} else if err != nil {
			return ErrUsage
		}
		if rest = o.fs.Args(); len(rest) > 0 {
			args, rest = append(args, rest[0]), rest[1:]
		}
	}
	if len(args) != len(want) {
		o.fs.Usage()
		return ErrUsage
	}
	return run(ctx, args)
}

func (o *options) attach(ctx context.Context) (*store.Store, error) {
	return store.Attach(ctx, store.Options{Dir: o.data, Operator: "Demarc", PublicURL: o.publicURL, Now: o.now, Log: slog.New(slog.NewTextHandler(o.Err, nil))})
}

func (o *options) backup(ctx context.Context, args []string) error {
	s, err := o.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	start := time.Now()
	if err := s.Backup(ctx, args[0]); err != nil {
		return err
	}
	took := time.Since(start)
	// What cannot be read back is no backup.
	head, size, sum, err := inspect(ctx, args[0])
	if err != nil {
		return fmt.Errorf("the copy cannot be read back: %w", err)
	}
	fmt.Fprintf(o.Out, "%s: %.1f MB in %s, checked\nsha256 %s\naudit head %s\n", args[0], float64(size)/1e6, took.Round(time.Millisecond), sum, head)
	var others []string
	entries, err := os.ReadDir(o.data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if n := e.Name(); !strings.HasPrefix(n, store.Database) && n != "demarc.lock" && n != "imports" && !strings.HasSuffix(n, ".new") {
			others = append(others, n)
		}
	}
	if len(others) > 0 {
		fmt.Fprintf(o.Out, "\nNot in it, on purpose: %s.\nCopy them once from %s to another place than the backups: with them, whoever has a backup can\nread the ID numbers in it; without them, nobody ever can.\n", strings.Join(others, ", "), o.data)
	}
	return nil
}

// inspect reads a backup through: its pages, its references, its audit log.
func inspect(ctx context.Context, file string) (head chain.Head, size int64, sum string, err error) {
	f, err := regular(file)
	if err != nil {
		return head, 0, "", err
	}
	defer f.Close()
	// Before the file is read from end to end: is it one of ours at all?
	s, err := store.OpenBackup(ctx, file)
	if err != nil {
		return head, 0, "", err
	}
	defer s.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return head, 0, "", err
	}
	findings, err := s.CheckBackup(ctx)
	if err != nil {
		return head, 0, "", err
	}
	for _, f := range findings {
		if len(f.Problems) > 0 {
			return head, 0, "", fmt.Errorf("%s: %s", f.Area, f.Problems[0])
		}
	}
	head, err = s.AuditHead(ctx)
	return head, size, hex.EncodeToString(h.Sum(nil)), err
}

func (o *options) restore(ctx context.Context, args []string) error {
	file := args[0]
	head, _, _, err := inspect(ctx, file)
	if err != nil {
		return fmt.Errorf("%s is not restored: %w", file, err)
	}
	release, err := Hold(o.data)
	if err != nil {
		return err
	}
	defer release()
	target := filepath.Join(o.data, store.Database)
	aside := ""
	switch _, err := os.Stat(target); {
	case err == nil:
		if err := o.mayReplace(ctx, head, file); err != nil {
			return err
		}
		aside = target + ".before-" + o.now().UTC().Format("20060102T150405Z")
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := o.copyKeys(); err != nil {
		return err
	}
	part := target + ".restored"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a restore that was cut short
		return err
	}
	if err := copyFile(part, file); err != nil {
		os.Remove(part)
		return err
	}
	if err := store.MarkCopy(ctx, part, o.now()); err != nil {
		os.Remove(part)
		return err
	}
	if err := store.Settle(ctx, part); err != nil { // into the journal mode of a database that is worked on
		os.Remove(part)
		return err
	}
	if aside != "" {
		// The old database stays under another name; what is in its log is first
		// brought into it, so that no old log is beside the new database.
		if err := store.Settle(ctx, target); err != nil {
			return fmt.Errorf("the database that is there cannot be put aside: %w", err)
		}
		if err := os.Link(target, aside); err != nil {
			return err
		}
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(target + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(part, target); err != nil {
		return err
	}
	if d, err := os.Open(o.data); err == nil {
		err = errors.Join(d.Sync(), d.Close())
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(o.Out, "%s is restored to %s\naudit head %s\n", file, o.data, head)
	fmt.Fprintf(o.Out, "People, roles and passwords are again as they were then: look through them for what was taken away since.\nSessions, one-time links and recovery codes from before open nothing once the program starts.\n")
	if aside != "" {
		fmt.Fprintf(o.Out, "What was there before is kept as %s.\n", aside)
	}
	s, err := o.attach(ctx)
	if err != nil {
		// An older backup is brought up to date at the next start.
		fmt.Fprintf(o.Out, "Not checked further: %v\n", err)
		return nil
	}
	defer s.Close()
	return o.report(ctx, s)
}

// mayReplace lets a backup take the place of a database only when it knows
// everything that the database knows.
func (o *options) mayReplace(ctx context.Context, head chain.Head, file string) error {
	own := filepath.Join(o.data, store.Database)
	s, err := store.OpenBackup(ctx, own)
	if err != nil {
		return fmt.Errorf("there is a database in %s that cannot be read (%w): move %s away yourself if the backup shall take its place", o.data, err, own)
	}
	defer s.Close()
	there, err := s.AuditHead(ctx)
	if err != nil {
		return err
	}
	if there.N > head.N {
		return fmt.Errorf("the database in %s is newer than %s: it has %d events that the backup does not have; move %s away yourself if the backup shall take its place", o.data, file, there.N-head.N, own)
	}
	b, err := store.OpenBackup(ctx, file)
	if err != nil {
		return err
	}
	defer b.Close()
	if s.Older() || b.Older() {
		return fmt.Errorf("%s and the database in %s cannot be compared, since one of them is of an older Demarc: move %s away yourself if the backup shall take its place", file, o.data, own)
	}
	if _, problems, err := b.VerifyAudit(ctx, there); err != nil {
		return err
	} else if slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, "noted") }) {
		return fmt.Errorf("the database in %s has another history than %s: move %s away yourself if the backup shall take its place", o.data, file, own)
	}
	return nil
}

func (o *options) copyKeys() error {
	if o.keys == "" {
		return nil
	}
	for _, name := range append(store.Keys(), store.SigningKeys) {
		from, to := filepath.Join(o.keys, name), filepath.Join(o.data, name)
		want, err := os.ReadFile(from)
		if name == store.SigningKeys && errors.Is(err, fs.ErrNotExist) {
			continue // it was made by later versions; the check tells when it is missing
		}
		if err != nil {
			return fmt.Errorf("key: %w", err)
		}
		switch have, err := os.ReadFile(to); {
		case err == nil && string(have) == string(want):
			continue
		case err == nil:
			return fmt.Errorf("%s is another key than %s: move it away yourself", to, from)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := copyFile(to, from); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies and waits until the copy is on the disk.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func (o *options) heads() ([]chain.Head, error) {
	if o.head == "" {
		return nil, nil
	}
	h, err := chain.ParseHead(o.head)
	return []chain.Head{h}, err
}

func (o *options) check(ctx context.Context, _ []string) error {
	s, err := o.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return o.report(ctx, s)
}

func (o *options) report(ctx context.Context, s *store.Store) error {
	noted, err := o.heads()
	if err != nil {
		return err
	}
	findings, err := s.Check(ctx, noted...)
	if err != nil {
		return err
	}
	bad := 0
	for _, f := range findings {
		answer := "sound"
		if n := len(f.Problems); n > 0 {
			answer = fmt.Sprintf("%d problems", n)
			if n == 1 {
				answer = "1 problem"
			}
			bad += n
		}
		fmt.Fprintf(o.Out, "%-22s %-34s %s\n", f.Area, f.Looked, answer)
		for _, p := range f.Problems {
			fmt.Fprintf(o.Out, "  - %s\n", p)
		}
	}
	if bad > 0 {
		return ErrFound
	}
	return nil
}

func (o *options) auditVerify(ctx context.Context, _ []string) error {
	noted, err := o.heads()
	if err != nil {
		return err
	}
	s, err := o.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	head, problems, err := s.VerifyAudit(ctx, noted...)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintf(o.Out, "- %s\n", p)
	}
	if len(problems) > 0 {
		return ErrFound
	}
	fmt.Fprintf(o.Out, "%d events, each covers the one before; nothing was changed, taken out or added.\nhead %s\n", head.N, head)
	return nil
}

func (o *options) auditExport(ctx context.Context, _ []string) error {
	s, err := o.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	w := bufio.NewWriter(o.Out)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	if err := s.EachAuditRecord(ctx, o.after, func(r chain.Record) error { return lines.Encode(r) }); err != nil {
		return err
	}
	return w.Flush()
}

func (o *options) auditHead(ctx context.Context, _ []string) error {
	s, err := o.attach(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	head, err := s.AuditHead(ctx)
	if err == nil {
		_, err = fmt.Fprintln(o.Out, head)
	}
	return err
}

// commandLine is who acts when the operator of the machine types a command.
func (o *options) commandLine() store.Actor {
	return store.Actor{UserID: "command-line", Name: "Command line", Role: lifecycle.Administrator, RequestID: "cli-" + o.now().UTC().Format("20060102T150405")}
}

// writable is the store of a command that writes.
func (o *options) writable(ctx context.Context) (*store.Store, error) {
	s, err := o.attach(ctx)
	if err != nil {
		return nil, err
	}
	if missing := s.MissingKeys(); len(missing) > 0 {
		s.Close()
		return nil, fmt.Errorf("%s is not in %s: copy it from where you keep it, or start the program once", strings.Join(missing, " and "), o.data)
	}
	if err := s.EndWhatWasCopied(ctx); err != nil { // before a new link is made, not after
		s.Close()
		return nil, err
	}
	return s, nil
}

func (o *options) adminCreate(ctx context.Context, args []string) error {
	s, err := o.writable(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	link, err := s.Invite(ctx, o.commandLine(), store.NewUser{Email: args[0], Name: args[1], Role: lifecycle.Administrator})
	if err != nil {
		return plain(err)
	}
	return o.link(args[0], link)
}

func (o *options) adminReset(ctx context.Context, args []string) error {
	s, err := o.writable(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	u, err := s.UserByEmail(ctx, args[0])
	if err != nil {
		return fmt.Errorf("nobody has the e-mail address %s", args[0])
	}
	_, link, err := s.NewLink(ctx, o.commandLine(), u.ID)
	if err != nil {
		return plain(err)
	}
	return o.link(u.Email, link)
}

func (o *options) personExport(ctx context.Context, args []string) error {
	s, err := o.writable(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	held, err := s.PersonalData(ctx, o.commandLine(), args[0], args[1])
	if err != nil {
		return plain(err)
	}
	out := json.NewEncoder(o.Out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(held)
}

func (o *options) personErase(ctx context.Context, args []string) error {
	// A program that runs would go on knowing who is signed in.
	release, err := Hold(o.data)
	if err != nil {
		return fmt.Errorf("%w; or erase the person on the page Personal data", err)
	}
	defer release()
	s, err := o.writable(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	done, err := s.ErasePerson(ctx, o.commandLine(), args[0], args[1])
	if err != nil {
		return plain(err)
	}
	fmt.Fprintf(o.Out, "Erased: %d users, %d entries as field engineer, the name in %d staff notes. Letters that were issued are legal records and stay as they are;\nthe audit log says who did what by ID, without the name. Backups keep what they hold until you delete them.\n", done.Users, done.Engineers, done.Notes)
	return nil
}

func (o *options) link(email string, link store.Link) error {
	limit, until := store.InvitationLimit, "nobody signs in as them"
	if link.Reset {
		limit, until = store.ResetLimit, "the old password works"
	}
	_, err := fmt.Fprintf(o.Out, "One-time link for %s, good for %s. It opens once; until then %s:\n  %s\n",
		email, hours(limit), until, o.Link(strings.TrimRight(o.publicURL, "/"), link.Token))
	return err
}

func hours(d time.Duration) string {
	if d == time.Hour {
		return "1 hour"
	}
	return fmt.Sprintf("%d hours", int(d/time.Hour))
}

// plain is what is wrong with the input in words.
func plain(err error) error {
	fields := store.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	var words []string
	for field, msg := range fields {
		words = append(words, field+": "+msg)
	}
	slices.Sort(words)
	return errors.New(strings.Join(words, "; "))
}

// The sizes of the largest files that letter verify reads, in bytes: what is
// larger is neither a letter nor a set of keys.
const (
	maxLetter = 8 << 20
	maxKeys   = 1 << 20
)

// regular opens a file of the disk: devices and pipes have no end.
func regular(file string) (*os.File, error) {
	switch info, err := os.Stat(file); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", file)
	}
	return os.Open(file)
}

// readLimited reads a file that has at most so many bytes.
func readLimited(file string, limit int64) ([]byte, error) {
	f, err := regular(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d MB", file, limit>>20)
	}
	return b, err
}

// letterVerify checks a letter with the published keys alone: it needs neither
// the database nor a secret.
func (o *options) letterVerify(_ context.Context, args []string) error {
	pdf, err := readLimited(args[0], maxLetter)
	if err != nil {
		return err
	}
	var set signing.Set
	if o.keys == "" {
		set, err = keyring.ReadPublished(o.data)
	} else {
		var b []byte
		if b, err = readLimited(o.keys, maxKeys); err == nil {
			set, err = signing.ParseSet(b)
		}
	}
	if err != nil {
		return fmt.Errorf("%w: name the published keys with -keys", err)
	}
	lines, good := o.Letter(pdf, set)
	for _, l := range lines {
		fmt.Fprintln(o.Out, l)
	}
	if !good {
		return ErrFound
	}
	return nil
}

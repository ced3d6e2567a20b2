package ops

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errHeld means that another process holds the folder.
var errHeld = errors.New("held")

// Hold makes this process the one that works on the data folder, until release
// or the end of the process, however that comes. Another one that holds it is
// named in the error.
func Hold(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "demarc.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := lock(f); err != nil {
		who, _ := io.ReadAll(io.LimitReader(f, 20))
		f.Close()
		if !errors.Is(err, errHeld) {
			return nil, fmt.Errorf("data folder: %w", err)
		}
		other := "another Demarc"
		if pid := strings.TrimSpace(string(who)); pid != "" {
			other += " (process " + pid + ")"
		}
		return nil, fmt.Errorf("%s works on the folder %s: stop it, or choose another folder with -data", other, dir)
	}
	// For people only; what counts is the lock.
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return func() { f.Close() }, nil
}

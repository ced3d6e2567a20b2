package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"demarc/store"
)

// The setting that marks a database as a demo, and its values.
const (
	mark    = "demo"
	loading = "loading"
	loaded  = "loaded"
)

// ErrReal and ErrDemo keep demo people, whose password everybody knows, apart
// from real data.
var (
	ErrReal = errors.New("this folder holds real data: choose another one for the demo")
	ErrDemo = errors.New("this folder holds the demo, with passwords that everybody knows: start with -demo or choose another folder")
)

// Open opens the store in o.Dir, with demo data when wanted. A new folder is
// filled first; a load that was interrupted is thrown away and begun again.
// Errors: ErrReal, ErrDemo.
func Open(ctx context.Context, o store.Options, wanted bool, render Renderer) (*store.Store, error) {
	if wanted {
		if err := fill(ctx, o, render); err != nil {
			return nil, err
		}
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	state, err := s.Setting(ctx, mark)
	if err == nil && state != "" && !wanted {
		err = ErrDemo
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// fill makes sure that the folder holds a complete demo.
func fill(ctx context.Context, o store.Options, render Renderer) error {
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	for range 2 {
		// The history begins in the past, and so do the keys of its letters.
		clock := &Clock{t: now().AddDate(0, 0, -historyDays-1)}
		o.Now = clock.Now
		s, err := store.Open(ctx, o)
		if err != nil {
			return err
		}
		state, err := s.Setting(ctx, mark)
		if err == nil && state == "" {
			err = load(ctx, s, clock, now(), render)
			state = loaded
		}
		if cerr := s.Close(); err == nil {
			err = cerr
		}
		if err != nil || state == loaded {
			return err
		}
		for _, name := range []string{"demarc.db", "demarc.db-wal", "demarc.db-shm"} {
			if err := os.Remove(filepath.Join(o.Dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("half a demo is in the way: %w", err)
			}
		}
	}
	return errors.New("the demo could not be loaded")
}

func load(ctx context.Context, s *store.Store, clock *Clock, now time.Time, render Renderer) error {
	staff, err := s.Staff(ctx)
	if err != nil {
		return err
	}
	if len(staff) > 0 {
		return ErrReal
	}
	if err := s.SetSetting(ctx, mark, loading); err != nil {
		return err
	}
	if err := Load(ctx, s, clock, now, render); err != nil {
		return err
	}
	return s.SetSetting(ctx, mark, loaded)
}

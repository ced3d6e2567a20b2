package store

// PersonRows are the tables that RemovePerson empties of a person.
func PersonRows() []string { return personRows }

// WaitForBackground waits for what goes on outside the requests.
func (s *Store) WaitForBackground() { s.sessions.writes.Wait() }

package store

import (
	"slices"
	"testing"
)

// Every table that names a user is known to the eraser.
func TestTheEraserKnowsEveryTableOfAUser(t *testing.T) {
	s := openForWriting(t)
	tables, err := list(t.Context(), s, func(r scanner) (string, error) {
		var name string
		return name, r.Scan(&name)
	}, "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'user_id' WHERE m.type = 'table' ORDER BY m.name")
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Concat(userTables, userTablesKept)
	for _, name := range tables {
		if !slices.Contains(known, name) {
			t.Errorf("table %s has a user_id: say in userTables what becomes of it when the person is erased", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(tables, name) {
			t.Errorf("table %s is no more", name)
		}
	}
}

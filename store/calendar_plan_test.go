package store

import (
	"context"
	"strings"
	"testing"
)

// What a table does to clocks is read along the queues of staff, never by
// looking through every interface.
func TestClocksAreReadByTheIndexOfTheQueues(t *testing.T) {
	s, err := Open(context.Background(), Options{Dir: t.TempDir(), Operator: "Example Cloud"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, where := range []string{"due_at IS NULL", "due_at >= ?"} {
		query := openClocksQuery(where, "?, ?")
		st, err := s.prepared(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		st.Close()
		plan := strings.Join(plansOf(t, s)[query], "\n")
		if !strings.Contains(plan, "USING INDEX connections_queue (stage=? AND due_at") || strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s:\n%s", where, plan)
		}
	}
}

package ticket

import (
	"testing"

	"demarc/store/lifecycle"
)

func TestAfter(t *testing.T) {
	for _, tt := range []struct {
		staff, closes bool
		want          State
	}{{false, false, Waiting}, {true, false, Answered}, {false, true, Closed}, {true, true, Closed}} {
		if got := After(tt.staff, tt.closes); got != tt.want {
			t.Errorf("staff %t, closes %t: %s, want %s", tt.staff, tt.closes, got, tt.want)
		}
	}
}

// Whoever is told of a topic may answer it, and no topic is there twice.
func TestTopics(t *testing.T) {
	seen := map[string]bool{}
	for _, topic := range Topics() {
		if seen[topic.ID] || seen[topic.Label] || topic.ID == "" || topic.Label == "" {
			t.Errorf("%+v is there twice, or has no name", topic)
		}
		seen[topic.ID], seen[topic.Label] = true, true
		if !lifecycle.May(lifecycle.AnswerTickets, topic.Role) {
			t.Errorf("%s: %s is told of it and may not answer", topic.ID, topic.Role)
		}
		if got, ok := TopicByID(topic.ID); !ok || got != topic {
			t.Errorf("%s is not found: %+v", topic.ID, got)
		}
	}
	for _, id := range []string{Location, Letter, Cabling, Fees} {
		if !seen[id] {
			t.Errorf("%s is no topic, and pages lead to it", id)
		}
	}
	for _, id := range []string{"", "Location", "nothing"} {
		if got, ok := TopicByID(id); ok {
			t.Errorf("%q is a topic: %+v", id, got)
		}
	}
	Topics()[0].ID = "changed"
	if _, ok := TopicByID(Location); !ok {
		t.Error("the list can be changed from outside")
	}
}

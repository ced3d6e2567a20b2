package catalog

import "testing"

func TestConnectorWords(t *testing.T) {
	for _, tc := range []struct{ words, connector, polish, fibers string }{
		{"LC/UPC duplex", "LC", "UPC", "duplex"},
		{"SC/APC simplex", "SC", "APC", "simplex"},
		{"LC duplex", "LC", "", "duplex"},
		{"LC/UPC", "LC", "UPC", ""},
		{"RJ45", "RJ45", "", ""},
		{"RJ45 shielded", "RJ45 shielded", "", ""},
		{"MPO-12/APC", "MPO-12", "APC", ""},
		{"/UPC", "/UPC", "", ""},
		{"duplex", "duplex", "", ""},
		{"", "", "", ""},
	} {
		connector, polish, fibers := SplitConnector(tc.words)
		if connector != tc.connector || polish != tc.polish || fibers != tc.fibers {
			t.Errorf("%q: %q %q %q", tc.words, connector, polish, fibers)
		}
		whole, parts := Port{Connector: tc.words}, Port{Connector: connector, Polish: polish, Fibers: fibers}
		if whole.ConnectorWords() != tc.words || parts.ConnectorWords() != tc.words {
			t.Errorf("%q reads back as %q and %q", tc.words, whole.ConnectorWords(), parts.ConnectorWords())
		}
	}
	if got := (Port{Connector: "LC", Polish: "APC", Fibers: "duplex", Side: "rear"}).ConnectorWords(); got != "LC/APC duplex, rear" {
		t.Error(got)
	}
	for _, info := range PortTypes() {
		if c, p, f := SplitConnector(info.Connector); info.Optical && (c != "LC" || p != "UPC" || f != "duplex") || !info.Optical && (p != "" || f != "") {
			t.Errorf("%s: %q %q %q", info.Type, c, p, f)
		}
	}
}

package letter

import _ "embed"

// JSONSchema describes the JSON of [Snapshot.Marshal] for whoever reads it from
// a letter: JSON Schema, draft 2020-12, of the present [Schema]. It is
// published; a released one never changes.
//
//go:embed schema2.json
var JSONSchema []byte

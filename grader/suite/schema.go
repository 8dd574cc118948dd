package suite

import _ "embed"

// SchemaFile is the name that the schema has beside a suite.
const SchemaFile = "suite.schema.json"

//go:embed suite.schema.json
var schema string

// Schema is a JSON Schema (draft-07, which editors know best) of suite.yaml. Whatever Load accepts is valid
// by it; not the other way round: it knows neither files nor what one part of a suite says of another.
func Schema() string { return schema }

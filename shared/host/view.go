package host

// View is a result to be shown. A host picks the part that the chosen output asks for: the object for json and yaml, else
// documents, fields, table or a result line, whichever is there.
type View struct {
	Verb string // what was done, a past participle ("created", "unchanged"); empty for a verb that only looks
	Kind string // kind of the resource in the singular and lower case ("accessgrant"); empty for none
	Name string // name of the resource; a result line shows it

	// Object is the whole result as one document: an API object, a list, or a struct with json tags.
	Object any

	// Documents are resources to be applied elsewhere, in this order. Set by the generate verbs only.
	Documents []any

	// Columns and Rows are a table. Columns is set even if there are no rows.
	Columns []Column
	Rows    [][]string

	// Fields are the lines of a single resource. Where it can be followed there is a table with its row too.
	Fields []Field

	// Lines are the answer of a verb that did several things, one result line for each ("Site west created").
	Lines []string

	Empty string   // the sentence for stderr when a table has no rows
	Notes []string // remarks for stderr: warnings, what the user should know
	Next  string   // the command to run next, for stderr; empty for none
}

// Column is a column of a table.
type Column struct {
	Title string // "ROUTING-KEY"
	Name  string // identifier for templates: "RoutingKey"
}

// Field is one line of a single resource.
type Field struct {
	Title string // "Routing key"
	Name  string // identifier for templates: "RoutingKey"
	Value string
}

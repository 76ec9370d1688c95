// Package op has every verb of the command line once: a struct of plain fields, whose Check finds everything wrong with
// them without touching anything, and whose Run does the work through the ports of a site.
//
// Nothing here prints, parses flags or knows a host tool: the caller gets a result and shows it in its own manner.
//
// Commands that an error's hint names stand in backquotes and without the words by which the host is called, `site status
// west`: whoever prints the hint puts these before them.
package op

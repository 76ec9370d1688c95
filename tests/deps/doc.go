// Package deps holds the import rules of the workspace and checks them against the code as it is. A folder tree is an
// architecture only while nothing imports against its direction, and a rule protects only while what it names exists: so
// the check fails on a broken rule, saying why there is one and by which imports it is broken, and on a stale one.
package deps

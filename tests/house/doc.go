// Package house checks the rules of the house that no linter knows: what every package must say of itself, how long a
// file may get, and what must not be in the tree. A rule that only a reader keeps is forgotten by the third reader.
package house

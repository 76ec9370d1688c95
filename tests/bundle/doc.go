// Package bundle tests that what system generate-bundle makes installs a site where the program is not: real routers, real
// traffic, and a recorder in the place of a container engine.
package bundle

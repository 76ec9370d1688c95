// Package krew installs the kubectl plugin with krew, as its users do, from archives of a release that scripts/krew-test.sh makes.
package krew

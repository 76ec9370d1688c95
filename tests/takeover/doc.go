// Package takeover tests that a namespace made by the command line of Skupper itself (SKUPPER_CLI=/path) is run by ours as it
// is, and that one of ours is read and run by it.
package takeover

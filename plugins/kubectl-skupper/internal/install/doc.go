// Package install puts the controller and the definitions of its resources into a cluster, and takes them out again. Both can be
// done again and again: what is as it should be stays untouched, and what was interrupted is finished.
package install

// Package host is what a host tool (kubectl, podman) supplies so that the shared verbs can be used in its manner: the words
// to call it by, its own flags, how to open a site, how to print a result. It also has the printing that hosts have in
// common.
package host

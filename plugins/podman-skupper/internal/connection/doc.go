// Package connection finds out which container engine the user's tools would talk to: from flags, from the environment, and from
// what podman and docker themselves are configured with (containers.conf and the connections of podman; contexts of docker).
//
// Only an engine of the machine that a command runs on is of use to it: the router of a local site shares that machine's network
// and files. Where the user's choice is an engine elsewhere, Choice.Elsewhere tells where that is, so that the command can run there.
package connection

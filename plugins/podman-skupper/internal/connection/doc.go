// Package connection finds out which container engine the user's tools would talk to: from flags, from the environment, and from
// what podman and docker themselves are configured with (containers.conf and the connections of podman; contexts of docker).
//
// Only an engine of this machine is of use: the router of a local site shares this machine's network and files. Where the
// user's choice is an engine elsewhere, the error says so, and what to do.
package connection

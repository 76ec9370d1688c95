// Package shim lets the program stand where podman's and docker's users look for it: in the place of podman, which has no
// plugins, and as a plugin of docker.
//
// podman: a link named podman, in a directory that $PATH names before that of the real one, leads to this program. Called
// by that name it does `podman skupper …` itself. For everything else it becomes the real podman by exec, so that
// arguments, streams, signals, terminal and exit code are the real one's. What is decided is decided from the arguments
// alone, before anything else is set up.
//
// docker: a link named docker-skupper in docker's directory of plugins. docker asks it for its metadata, and calls it with
// its own words, docker's flags before "skupper" among them.
package shim

// Package bundle makes of a site's resources an archive that installs the site on another machine, without this program.
//
// The archive has the directory of the namespace as the site has it everywhere, with the certificates made and the router's
// configuration written, and install.sh. What only the other machine knows stands in the files as {{.Name}} and is filled
// in by install.sh: names, paths, and ports, which are looked for there. It needs a shell, sed and awk, and what runs the
// router: podman, docker or a router program.
//
// The archive has the private keys of the site's authorities, so it is readable by its owner only.
package bundle

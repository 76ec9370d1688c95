// Package script runs one corpus of scripts (*.txtar) over the real programs: each script is what a user types, and what
// must come of it. Every script has an installation of its own, and all its processes end with it.
//
// Besides the commands of testscript there are
//
//	skupper ARG…                    run the plugin; "!" before it wants a failure, whatever its exit code
//	exits CODE ARG…                 run the plugin, which must end with this exit code
//	eventually COMMAND ARG… REGEXP  run skupper or another program until it succeeds and its standard output matches;
//	                                for what takes time to happen
//	fails COMMAND ARG…              run skupper or another program until it fails; for what takes time to end
//	let NAME                        set the variable to what the last command printed
//	port NAME…                      set each variable to a TCP port that is free on loopback
//
// the variables SKUPPER, what the plugin calls itself in messages, as a regular expression, and NAMESPACE, the namespace of the
// script; the conditions [podman] and [kube], true for the plugin under test (kube with the build tag of that name only), and the program demo (tests/demo) for traffic.
package script

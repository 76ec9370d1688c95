package container

import (
	"runtime"
	"strings"
)

// execFormat is what Linux calls a program that is for another kind of machine, in small letters; engines and runtimes hand it on.
const execFormat = "exec format error"

// otherMachine tells whether a text says that the program in an image is for another kind of machine, whatever the image says of itself,
// and gives what to do about it; empty if not.
func otherMachine(text, image string) (fix string) {
	if !strings.Contains(strings.ToLower(text), execFormat) {
		return ""
	}
	return "the program in image " + image + " is not for this machine: pull or load the one for " + runtime.GOARCH + ", or name another image (SKUPPER_ROUTER_IMAGE)"
}

// WrongMachine says that an image is for another kind of machine than this; empty if it is not.
func WrongMachine(image, arch string) string {
	if arch == "" || arch == runtime.GOARCH {
		return ""
	}
	return "image " + image + " is for " + arch + ", and this machine is " + runtime.GOARCH
}

package isolate

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Missing tells why this machine cannot do it: not root, or programs that are not installed. It is empty if it can.
func Missing(programs ...string) (why []string) {
	if os.Geteuid() != 0 {
		why = append(why, "it needs root, for network namespaces and mounts")
	}
	var absent []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if _, err := os.Stat(p); err != nil { // one that is given by its path
				absent = append(absent, p)
			}
		}
	}
	if len(absent) > 0 {
		why = append(why, fmt.Sprintf("not installed: %s", strings.Join(absent, ", ")))
	}
	return why
}

package supervise

import (
	"bytes"
	"fmt"
	"strings"
)

// Unit is a service.
type Unit struct {
	Name        string // with .service
	Description string
	Program     string
	Args        []string
	Env         []string // KEY=value
	// Stop is the command that undoes what Program does. With it Program does not stay, and the unit counts as running
	// from its end on. Without it systemd starts Program again whenever that ends.
	Stop   []string
	After  []string // units that start before it, if they start
	Before []string // units that it starts before, and ends after
	Mounts string   // directory whose file system it needs; empty: none
}

// startLimit is how long what does not stay may take, in seconds: systemd itself sets no limit.
const startLimit = 120

// Text is the unit file.
func (u Unit) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "[Unit]\nDescription=%s\nWants=network-online.target\nAfter=%s\n", u.Description, strings.Join(append([]string{"network-online.target"}, u.After...), " "))
	if len(u.Before) > 0 {
		fmt.Fprintf(&b, "Before=%s\n", strings.Join(u.Before, " "))
	}
	if u.Mounts != "" {
		fmt.Fprintf(&b, "RequiresMountsFor=%s\n", Quote(u.Mounts))
	}
	kind := "simple"
	if len(u.Stop) > 0 {
		kind = "oneshot" // with simple what starts after it would not wait for it
	} else {
		b.WriteString("StartLimitIntervalSec=0\n")
	}
	fmt.Fprintf(&b, "\n[Service]\nType=%s\n", kind)
	for _, e := range u.Env {
		fmt.Fprintf(&b, "Environment=%s\n", Quote(e))
	}
	fmt.Fprintf(&b, "ExecStart=%s\n", command(append([]string{u.Program}, u.Args...)))
	if len(u.Stop) > 0 {
		fmt.Fprintf(&b, "ExecStop=%s\nRemainAfterExit=yes\nTimeoutStartSec=%d\n", command(u.Stop), startLimit)
	} else {
		b.WriteString("KillMode=process\nRestart=always\nRestartSec=1\n")
	}
	b.WriteString("TimeoutStopSec=70\n\n[Install]\nWantedBy=default.target\n")
	return b.Bytes()
}

// command is a command line of a unit file. Only there systemd expands variables too.
func command(words []string) string {
	dollars := strings.NewReplacer("$", "$$")
	out := make([]string, 0, len(words))
	for _, w := range words {
		out = append(out, Quote(dollars.Replace(w)))
	}
	return strings.Join(out, " ")
}

// Quote quotes a word of a unit file, in which systemd expands %.
func Quote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "\n", `\n`).Replace(s)
	if s == "" || strings.ContainsAny(s, " \t'\"\\;") {
		return `"` + s + `"`
	}
	return s
}

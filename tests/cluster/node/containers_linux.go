package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endContainers ends all that containerd runs. Its shims outlive it and are no children of ours, so they are found by the
// address of this containerd on their command line.
func (c *Cluster) endContainers() error {
	var shims []int
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && strings.Contains(string(line), "containerd-shim") && strings.Contains(string(line), c.path("c.sock")) {
			shims = append(shims, pid)
		}
	}
	if c.group == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tasks, err := c.ctr(ctx, "tasks", "list", "--quiet")
	for _, task := range strings.Fields(tasks) {
		_, killErr := c.ctr(ctx, "tasks", "kill", "--signal", "KILL", "--all", task)
		if killErr != nil && !strings.Contains(killErr.Error(), "not found") && !strings.Contains(killErr.Error(), "already finished") {
			err = errors.Join(err, killErr)
		}
	}
	for _, pid := range shims {
		if killErr := syscall.Kill(pid, syscall.SIGKILL); killErr != nil && !errors.Is(killErr, syscall.ESRCH) {
			err = errors.Join(err, killErr)
		}
	}
	return err
}

// Restart ends a program of the node at once and starts it again: kubelet, kube-proxy, kube-apiserver, containerd …
func (c *Cluster) Restart(name string) error { return c.restart(name) }

// KillContainer ends the main process of a container of a pod as a crash would: the kubelet starts it again.
func (c *Cluster) KillContainer(ctx context.Context, namespace, pod, container string) error {
	path := "{.status.containerStatuses[?(@.name=='" + container + "')].containerID}"
	id, err := c.Kubectl(ctx, "get", "pod", "--namespace", namespace, pod, "--output", "jsonpath="+path)
	if err != nil {
		return err
	}
	_, id, ok := strings.Cut(id, "//")
	if !ok {
		return fmt.Errorf("pod %s/%s has no running container %s", namespace, pod, container)
	}
	_, err = c.ctr(ctx, "tasks", "kill", "--signal", "KILL", id)
	return err
}

// Memory is the resident set of a container's processes, in octets.
func (c *Cluster) Memory(ctx context.Context, namespace, pod, container string) (int64, error) {
	path := "{.status.containerStatuses[?(@.name=='" + container + "')].containerID}"
	id, err := c.Kubectl(ctx, "get", "pod", "--namespace", namespace, pod, "--output", "jsonpath="+path)
	if err != nil {
		return 0, err
	}
	_, id, _ = strings.Cut(id, "//")
	out, err := c.ctr(ctx, "tasks", "list")
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(out, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != id {
			continue
		}
		status, err := os.ReadFile("/proc/" + f[1] + "/status")
		if err != nil {
			return 0, err
		}
		for _, l := range strings.Split(string(status), "\n") {
			if f := strings.Fields(l); len(f) > 1 && f[0] == "VmRSS:" {
				kib, err := strconv.ParseInt(f[1], 10, 64)
				return kib << 10, err
			}
		}
	}
	return 0, fmt.Errorf("pod %s/%s has no running container %s", namespace, pod, container)
}

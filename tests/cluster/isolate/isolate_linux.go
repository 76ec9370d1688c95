package isolate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// stageEnv tells the program which of its runs this is.
const stageEnv = "SKUPPER_TEST_STAGE"

const (
	stageFirst  = "first"
	stageInside = "inside"
)

// cloned are the namespaces that the tests have for themselves.
const cloned = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// First runs the middle stage and ends the program if this is that one. It must be called before anything else.
func First() {
	if os.Getenv(stageEnv) != stageFirst {
		return
	}
	code, err := first()
	if err != nil {
		fmt.Fprintln(os.Stderr, "isolate:", err)
		code = 1
	}
	os.Exit(code)
}

// Inside tells whether this is the run for the tests.
func Inside() bool { return os.Getenv(stageEnv) == stageInside }

// Run runs this program again, with the same arguments and with env added, in namespaces of its own, and gives its exit code.
func Run(ctx context.Context, env ...string) (code int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	settings, engines := saveSettings(), engineGroups()
	defer func() {
		err = errors.Join(err, settings.restore(), removeCgroups())
		removeEngineGroups(engines)
	}()

	runtime.LockOSThread() // the signal of a parent's death comes when the thread ends that started the child
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, self, os.Args[1:]...)
	cmd.Env = append(append(os.Environ(), env...), stageEnv+"="+stageFirst)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: cloned, Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, fmt.Errorf("run in namespaces of its own: %w", err)
	}
	return 0, nil
}

// first is process 1: it prepares the mounts, runs the tests and reaps.
func first() (code int, err error) {
	if os.Getpid() != 1 {
		return 1, errors.New("this is not the first process of its namespace")
	}
	if err := privateMounts(); err != nil {
		return 1, err
	}
	if err := syscall.Sethostname([]byte("isolated")); err != nil {
		return 1, fmt.Errorf("set the host name: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	if err := os.Setenv(stageEnv, stageInside); err != nil { // set and not added: of two the first would count
		return 1, err
	}
	// Not os/exec: this process waits for whoever ends, and a child of os/exec must be waited for by os/exec only.
	tests, err := syscall.ForkExec(self, os.Args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		return 1, fmt.Errorf("start the tests: %w", err)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // until this process ends, which is its whole life
		for s := range signals {
			_ = syscall.Kill(tests, s.(syscall.Signal)) // it may have ended
		}
	}()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 1, fmt.Errorf("wait for the tests: %w", err)
		}
		if pid == tests && (status.Exited() || status.Signaled()) {
			if status.Signaled() {
				return 1, fmt.Errorf("the tests were ended by %v", status.Signal())
			}
			return status.ExitStatus(), nil
		}
	}
}

// privateMounts gives what daemons write at fixed places a place of its own.
func privateMounts() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	// /run: sockets of container shims, names of network namespaces, locks of iptables. /var/log: logs of pods.
	// /var/lib: what CNI and kubelet keep beside their own directories.
	for _, dir := range []string{"/run", "/var/log", "/var/lib"} {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOSUID, "mode=755"); err != nil {
			return fmt.Errorf("mount a private %s: %w", dir, err)
		}
	}
	return os.MkdirAll("/run/netns", 0o755)
}

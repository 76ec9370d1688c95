package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// inside is the first argument of the process that is in the new network already.
const inside = "-inside"

// kept is the first argument where the command is a test's program that go test -exec names.
const kept = "-kept"

const capNetAdmin = 12 // CAP_NET_ADMIN: the new network is made ready with it

// run gives the exit code of the command.
func run(args []string) (int, error) {
	switch args[0] {
	case inside:
		return 127, enter(args[1:])
	case kept:
		if len(args) < 2 {
			return 2, errors.New(kept + " needs a test's program; next: see the command's documentation")
		}
		return run(withTestLog(args[1:]))
	case "-check":
		if _, err := attributes(); err != nil {
			return 1, err
		}
		return 0, nil
	}
	signals := make(chan os.Signal, 8) // from here on none is lost, whatever they come before
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	defer signal.Stop(signals)
	attr, err := attributes()
	if err != nil {
		fmt.Fprintln(os.Stderr, "alone: NOT ALONE, other programs' ports may get in the way: "+err.Error())
		return start(args[0], args[1:], &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, signals)
	}
	return start("/proc/self/exe", append([]string{inside}, args...), attr, signals)
}

// withTestLog has a test's program write down which files and variables it looked at, in the place where go test looks for that: with -exec
// it does not ask for it, and then keeps no result, however often nothing has changed. Another go than today's may look elsewhere, and runs the test then.
func withTestLog(args []string) []string {
	log := filepath.Join(filepath.Dir(args[0]), "testlog.txt")
	return append([]string{args[0], "-test.testlogfile=" + log}, args[1:]...)
}

// attributes are those of a process in a new network, found by trying: as root, else in a new user namespace that knows the user by the same number.
func attributes() (*syscall.SysProcAttr, error) {
	uid, gid := os.Getuid(), os.Getgid()
	var failed error
	for _, attr := range []*syscall.SysProcAttr{
		{Cloneflags: syscall.CLONE_NEWNET},
		{
			Cloneflags:  syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
			AmbientCaps: []uintptr{capNetAdmin},
		},
	} {
		attr.Pdeathsig = syscall.SIGKILL
		code, err := start("/proc/self/exe", []string{inside}, attr, nil)
		if err == nil && code == 0 {
			return attr, nil
		}
		if failed = err; err == nil {
			failed = errors.New("its loopback interface cannot be brought up")
		}
	}
	return nil, fmt.Errorf("a network namespace cannot be made here: %w", failed)
}

// start runs a program, passes signals on to it, and gives its exit code.
func start(program string, args []string, attr *syscall.SysProcAttr, signals <-chan os.Signal) (int, error) {
	runtime.LockOSThread() // Pdeathsig goes by the thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdin, os.Stdout, os.Stderr, attr
	if err := cmd.Start(); err != nil {
		return 127, fmt.Errorf("run %s: %w", program, err)
	}
	done := make(chan struct{})
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		for {
			select {
			case s := <-signals:
				_ = cmd.Process.Signal(s) // it may have ended
			case <-done:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(done)
	<-passed
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 127, fmt.Errorf("run %s: %w", program, err)
	}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal()), nil // as shells do
	}
	return cmd.ProcessState.ExitCode(), nil
}

// enter makes the new network ready and becomes the command. Without a command it only tells that it could.
func enter(args []string) error {
	if err := up("lo"); err != nil {
		return fmt.Errorf("bring up the loopback interface: %w", err)
	}
	// What sites listen on must not be given to connections that go out. An old kernel or a read-only /proc forbids it: it was only luck before, too.
	_ = os.WriteFile("/proc/sys/net/ipv4/ip_local_reserved_ports", []byte("5671,9490-9590,45671-45871,55671-55871"), 0)
	if len(args) == 0 {
		os.Exit(0)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("run %s: %w", path, syscall.Exec(path, args, os.Environ()))
}

#!/usr/bin/env bash
# Has an ordinary user, who exists in this process's view of /etc only, make and remove a site in a container without rights:
# unshare -m bash rootless.sh PROGRAM CONTAINERS.CONF SOCKET-OF-ROOT. What it prints is checked by the test.
set -u
program=$1 conf=$2 foreign=$3
dir=$(mktemp -d /tmp/skXXXXXX)
cleanup() {
	umount /etc/passwd /etc/group /etc/subuid /etc/subgid
	rm -rf "$dir"
}
trap cleanup EXIT
chmod 755 "$dir"
cp "$program" "$dir/podman-skupper"
cp "$conf" "$dir/containers.conf"
chmod 644 "$dir/containers.conf"
{ cat /etc/passwd; echo "walker:x:4242:4242::$dir/home:/bin/bash"; } >"$dir/passwd"
{ cat /etc/group; echo "walker:x:4242:"; } >"$dir/group"
echo "walker:300000:65536" >"$dir/sub"
mount --make-rprivate /
mount --bind "$dir/passwd" /etc/passwd
mount --bind "$dir/group" /etc/group
for f in /etc/subuid /etc/subgid; do
	[ -e "$f" ] || : >"$f"
	mount --bind "$dir/sub" "$f"
done
mkdir -p "$dir/home" "$dir/run/podman"
chown -R 4242:4242 "$dir/home" "$dir/run"
chmod 700 "$dir/run"
cat >"$dir/user.sh" <<'USER'
cd
ulimit -u 30000
podman --storage-driver vfs --cgroup-manager cgroupfs system service --time=0 "unix://$XDG_RUNTIME_DIR/podman/podman.sock" >~/log 2>&1 &
engine=$!
for _ in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/podman/podman.sock" ] && break; sleep 0.1; done
CONTAINER_ENDPOINT=unix://$FOREIGN "$P" site create east --platform podman; echo "foreign engine: $?"
"$P" site create east --engine embedded; echo "create: $?"
"$P" system status
"$P" site status; echo "status: $?"
"$P" listener create low 80
"$P" listener status
echo "user: $(podman inspect default-skupper-router --format '{{.Config.User}}')"
echo "process: $(ps -o uid= -p "$(podman inspect default-skupper-router --format '{{.State.Pid}}')")"
"$P" site delete east --all; echo "delete: $?"
echo "left: $(podman ps -aq)$(podman images -q)"
"$P" system uninstall --force
inner=$(ps -o pid= --ppid "$engine") # it runs itself again in the user's namespaces, and does not always take that one along
kill "$engine" $inner
wait "$engine"
for _ in $(seq 100); do ps -p "${inner:-1}" >/dev/null && [ -n "$inner" ] || break; sleep 0.1; done
podman unshare rm -rf "$HOME/.local/share/containers"
USER
setpriv --reuid 4242 --regid 4242 --clear-groups env -i "PATH=$PATH" "HOME=$dir/home" USER=walker "XDG_RUNTIME_DIR=$dir/run" "CONTAINERS_CONF=$dir/containers.conf" \
	"P=$dir/podman-skupper" "FOREIGN=$foreign" bash "$dir/user.sh" 2>&1

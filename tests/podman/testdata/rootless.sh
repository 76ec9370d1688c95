#!/usr/bin/env bash
# Has an ordinary user, who exists in this process's view of /etc only, do what a script says, on a machine that lacks something:
# unshare -m -n bash rootless.sh PROGRAM CONTAINERS.CONF SOCKET-OF-ROOT SCRIPT LACKING, which is tun, subuid or newuidmap.
# What it prints is checked by the test.
set -u
program=$1 conf=$2 foreign=$3 script=$4 lacking=$5
dir=$(mktemp -d /tmp/skXXXXXX)
mounts=()
over() { # over FILE THERE: FILE is seen as THERE until the end
	mount --bind "$1" "$2" && mounts+=("$2")
}
cleanup() {
	for m in "${mounts[@]}"; do umount "$m"; done
	rm -rf "$dir"
}
trap cleanup EXIT
mount --make-rprivate /
ip link set lo up
echo 443 >/proc/sys/net/ipv4/ip_unprivileged_port_start # of this network only
chmod 755 "$dir"
cp "$program" "$dir/podman-skupper"
cp "$conf" "$dir/containers.conf"
cp "$script" "$dir/user.sh"
chmod 644 "$dir/containers.conf" "$dir/user.sh"
{ cat /etc/passwd; echo "walker:x:4242:4242::$dir/home:/bin/bash"; } >"$dir/passwd"
{ cat /etc/group; echo "walker:x:4242:"; } >"$dir/group"
over "$dir/passwd" /etc/passwd
over "$dir/group" /etc/group
echo "walker:300000:65536" >"$dir/sub"
case $lacking in
subuid) : >"$dir/sub" ;;
tun)
	mkdir "$dir/empty"
	over "$dir/empty" /dev/net
	;;
newuidmap)
	: >"$dir/none"
	chmod 0 "$dir/none"
	over "$dir/none" "$(command -v newuidmap)"
	;;
esac
for f in /etc/subuid /etc/subgid; do
	[ -e "$f" ] || : >"$f"
	over "$dir/sub" "$f"
done
mkdir -p "$dir/home" "$dir/run/podman"
chown -R 4242:4242 "$dir/home" "$dir/run"
chmod 700 "$dir/run"
setpriv --reuid 4242 --regid 4242 --clear-groups env -i "PATH=$PATH" "HOME=$dir/home" USER=walker "XDG_RUNTIME_DIR=$dir/run" "CONTAINERS_CONF=$dir/containers.conf" \
	"P=$dir/podman-skupper" "FOREIGN=$foreign" bash -c '
cd
ulimit -u 30000
socket=$XDG_RUNTIME_DIR/podman/podman.sock
podman --storage-driver vfs --cgroup-manager cgroupfs system service --time=0 "unix://$socket" >~/log 2>&1 &
engine=$!
for _ in $(seq 600); do [ -S "$socket" ] || ! kill -0 "$engine" 2>/dev/null && break; sleep 0.1; done
. "$1"
"$P" system uninstall --force
inner=$(ps -o pid= --ppid "$engine") # it runs itself again in the namespaces of the user, and does not always take that one along
kill "$engine" $inner 2>/dev/null
wait "$engine"
for _ in $(seq 100); do [ -n "$inner" ] && ps -p "$inner" >/dev/null || break; sleep 0.1; done
[ ! -e "$HOME/.local/share/containers" ] || podman unshare rm -rf "$HOME/.local/share/containers" || rm -rf "$HOME/.local/share/containers"
' user "$dir/user.sh" 2>&1

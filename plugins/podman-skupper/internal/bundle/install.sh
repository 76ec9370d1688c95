#!/bin/sh
# Installs the Skupper site that is beside this script, or removes it. It needs sh, sed, awk, and what runs the router.
set -eu
umask 022

bundled=@NAMESPACE@
ports="@PORTS@"
image=${SKUPPER_ROUTER_IMAGE:-@IMAGE@}
here=$(cd "$(dirname "$0")" && pwd)
me="sh ${INSTALLER:-$0}" # the script that people have called, which may have unpacked this one

usage() {
    cat <<END
Usage: $me [-p PLATFORM] [-n NAMESPACE] [-d DIRECTORY] [-x]

  -p PLATFORM   podman, docker or linux (default: \$SKUPPER_PLATFORM, or the first of podman, docker and linux that is here)
  -n NAMESPACE  of the site on this machine (default: $bundled)
  -d DIRECTORY  only write there the links with which other sites link to the one that is installed
  -x            remove the site
  -h            show this

\$SKUPPER_ROUTER_IMAGE names another image of the router. On linux the router is skrouterd or skupper-router of \$PATH.
END
}

fail() {
    echo "Error: $1" >&2
    [ -z "${2:-}" ] || echo "try: $2" >&2
    exit "${3:-1}"
}

platform=${SKUPPER_PLATFORM:-}
ns=$bundled
remove=
dump=
while getopts p:n:d:xh option; do
    case $option in
        p) platform=$OPTARG ;;
        n) ns=$OPTARG ;;
        d) dump=$OPTARG ;;
        x) remove=yes ;;
        h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 0 ] || fail "operand $1 is one too many" "$me -h" 2
case $ns in
    '' | *[!a-z0-9-]* | -* | *-) fail "namespace is $ns, want lower-case letters, digits and '-', with a letter or digit at both ends" "" 2 ;;
esac
[ ${#ns} -le 63 ] || fail "namespace has ${#ns} letters, want 63 or fewer" "" 2

uid=$(id -u)
gid=$(id -g)
if [ "$uid" -eq 0 ]; then
    data=/var/lib/skupper
    units=/etc/systemd/system
    user=
else
    data=${XDG_DATA_HOME:-$HOME/.local/share}/skupper
    units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    user=--user
fi
case ${SKUPPER_HOME:-} in
    '') ;;
    /*) data=$SKUPPER_HOME ;;
    *) data=$PWD/$SKUPPER_HOME ;; # containers take whole paths only
esac
root=$data/namespaces/$ns
unit=skupper-$ns.service
container=$ns-skupper-router
[ -n "${SKUPPER_HOME:-}" ] && units=

has() { command -v "$1" >/dev/null 2>&1; }

router() {
    if has skrouterd; then command -v skrouterd; else command -v skupper-router; fi
}

systemd() {
    [ -n "$units" ] && has systemctl || return 1
    case $(systemctl $user is-system-running 2>/dev/null || true) in
        running | degraded | starting | initializing) return 0 ;;
    esac
    return 1
}

installed_platform() {
    sed -n 's/^platform: *//p' "$root/internal/platform.yaml" 2>/dev/null || true
}

if [ -n "$dump" ]; then
    [ -d "$root/runtime/links" ] || fail "namespace $ns has no site, or one that others cannot link to" "install it first"
    umask 077
    mkdir -p "$dump"
    n=0
    for f in "$root"/runtime/links/*.yaml; do
        [ -f "$f" ] || continue
        cp "$f" "$dump/"
        echo "$dump/${f##*/}"
        n=$((n + 1))
    done
    [ $n -gt 0 ] || fail "other sites cannot link to the site of namespace $ns" "give it link access, and make the bundle again"
    exit 0
fi

if [ -n "$remove" ]; then
    [ -d "$root" ] || fail "there is no namespace $ns to remove" "" 4
    was=$(installed_platform)
    case $ns in agent | controller) units= ;; esac # the unit of that name is another program's
    if [ -n "$units" ] && [ -f "$units/$unit" ] && has systemctl; then
        systemctl $user disable --now "$unit" >/dev/null 2>&1 || true
        rm -f "$units/$unit"
        systemctl $user daemon-reload >/dev/null 2>&1 || true
    elif [ -f "$root/internal/scripts/stop.sh" ]; then
        sh "$root/internal/scripts/stop.sh" || true
    fi
    case $was in
        podman | docker) "$was" rm -f "$container" >/dev/null 2>&1 || fail "$was cannot remove container $container" "$was rm -f $container, then try again" 125 ;;
    esac
    rm -rf "$root"
    echo "Namespace $ns has been removed"
    exit 0
fi

case $ns in
    agent | controller) fail "namespace $ns can have no site: its unit would be $unit, which is another program's" "another namespace with -n" 2 ;;
esac
if [ -z "$platform" ]; then
    if has podman; then platform=podman
    elif has docker; then platform=docker
    else platform=linux
    fi
fi
case $platform in
    podman | docker)
        has "$platform" || fail "there is no $platform on this machine" "install it, or choose another with -p"
        "$platform" container inspect "$container" >/dev/null 2>&1 && fail "container \"$container\" already exists" "$platform rm -f $container, or another namespace with -n" 6
        base=/etc/skupper-router
        ;;
    linux)
        [ -n "$(router)" ] || fail "there is no router on this machine" "install skrouterd or skupper-router, or choose podman or docker with -p"
        base=$root
        ;;
    *) fail "platform is $platform, want podman, docker or linux" "" 2 ;;
esac
{ [ -e "$root/runtime" ] || [ -e "$root/input/resources" ]; } && fail "namespace $ns has a site already" "$me -x -n $ns removes it; -n chooses another namespace" 6

undo() {
    status=$?
    [ $status -eq 0 ] && return
    case $platform in
        podman | docker) "$platform" rm -f "$container" >/dev/null 2>&1 || true ;;
    esac
    [ -z "$units" ] || rm -f "$units/$unit"
    rm -rf "$root/runtime" "$root/internal" "$root/input/resources"
    rmdir "$root/input/issuers" "$root/input/certs" "$root/input" "$root" 2>/dev/null || true
}
trap undo EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$root"
cp -R -p "$here/$bundled/." "$root/"
chmod 755 "$root"

# Key pairs and authorities that are in the namespace's input already win over those of the bundle.
for kind in certs issuers; do
    for d in "$root/input/$kind"/*/; do
        [ -f "$d/tls.crt" ] && [ -f "$d/tls.key" ] && [ -f "$d/ca.crt" ] || continue
        name=$(basename "$d")
        mkdir -p "$root/runtime/$kind/$name"
        for f in ca.crt tls.crt tls.key; do cp "$d/$f" "$root/runtime/$kind/$name/$f"; done
        chmod 600 "$root/runtime/$kind/$name/tls.key"
    done
done

# The ports that something listens at, from what the kernel says.
busy() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { split($2, a, ":"); print a[2] }'
}
taken=" $(for hex in $(busy); do printf '%d ' "0x$hex"; done)"
free() {
    p=$1
    while case $taken in *" $p "*) true ;; *) false ;; esac; do p=$((p + 1)); done
    [ "$p" -le 65535 ] || fail "there is no free port from $1 up"
    taken="$taken$p "
    echo "$p"
}

host=$(uname -n | sed 's/\..*//')
now=$(date +%s)
if [ -r /proc/sys/kernel/random/uuid ]; then id=$(cat /proc/sys/kernel/random/uuid); else id=$host-$(id -un)-$now-$$; fi
case $platform in
    docker) run_as="0:$(stat -c %g /run/docker.sock 2>/dev/null || echo 0)" ;;
    *) run_as=$uid:$gid ;;
esac

quote() { printf '%s' "$1" | sed 's/[&\\|]/\\&/g'; }
edits="s|{{.SiteId}}|$(quote "$id")|g;s|{{.SiteNameSuffix}}|$now-$$|g;s|{{.Namespace}}|$ns|g;s|{{.Platform}}|$platform|g;s|{{.SslProfileBasePath}}|$(quote "$base")|g"
for p in $ports; do
    n=$(free "${p#*:}") || exit 1
    edits="$edits;s|{{.${p%:*}}}|$n|g"
    taken="$taken$n "
done
find "$root/runtime" "$root/internal" -type f ! -name '*.key' ! -name '*.crt' | while IFS= read -r f; do
    grep -q '{{\.' "$f" || continue
    sed "$edits" "$f" >"$f.new"
    cat "$f.new" >"$f" # keeps the permissions
    rm -f "$f.new"
done

if [ "$ns" != "$bundled" ]; then # what was read on the other machine says where it was
    for f in "$root"/input/resources/*.y*ml "$root"/internal/snapshot/*.y*ml; do
        [ -f "$f" ] || continue
        sed "s/^\\( *namespace: *\\)$bundled *\$/\\1$ns/" "$f" >"$f.new"
        cat "$f.new" >"$f"
        rm -f "$f.new"
    done
fi

scripts=$root/internal/scripts
mkdir -p "$scripts"
case $platform in
    podman | docker)
        label="--filter label=application=skupper-v2 --filter label=skupper.io/site-id=$id"
        printf '#!/bin/sh\nfor c in $(%s container ls -a -q %s); do %s start "$c"; done\n' "$platform" "$label" "$platform" >"$scripts/start.sh"
        printf '#!/bin/sh\nfor c in $(%s container ls -q %s); do %s stop -t 10 "$c"; done\n' "$platform" "$label" "$platform" >"$scripts/stop.sh"
        keep=
        [ "$platform" = podman ] && [ "$uid" -ne 0 ] && keep=--userns=keep-id
        "$platform" create --name "$container" --network host --restart always $keep --user "$run_as" \
            --label application=skupper-v2 --label skupper.io/v2-component=router --label "skupper.io/site-id=$id" \
            -e APPLICATION_NAME=skupper-router -e QDROUTERD_CONF=/etc/skupper-router/config/skrouterd.json -e QDROUTERD_CONF_TYPE=json \
            -e "SKUPPER_SITE_ID=$id" -e SSL_PROFILE_BASE_PATH=/etc/skupper-router \
            -v "$root/runtime/router:/etc/skupper-router/config:z" -v "$root/runtime/certs:/etc/skupper-router/runtime/certs:z" \
            -v "$root/runtime/proxies:/etc/skupper-router/runtime/proxies:z" \
            "$image" >/dev/null || fail "$platform cannot make the container of the router, see above" "" 125
        exec_start="/bin/sh $scripts/start.sh"
        more="ExecStop=/bin/sh $scripts/stop.sh
RemainAfterExit=yes"
        ;;
    linux)
        program=$(router)
        cat >"$scripts/start.sh" <<END
#!/bin/sh
[ -f '$root/internal/router.pid' ] && kill -0 "\$(cat '$root/internal/router.pid')" 2>/dev/null && exit 0
SKUPPER_SITE_ID='$id' nohup '$program' -c '$root/runtime/router/skrouterd.json' >'$root/internal/router.log' 2>&1 </dev/null &
echo \$! >'$root/internal/router.pid'
END
        cat >"$scripts/stop.sh" <<END
#!/bin/sh
[ -f '$root/internal/router.pid' ] || exit 0
kill "\$(cat '$root/internal/router.pid')" 2>/dev/null || true
rm -f '$root/internal/router.pid'
END
        exec_start="$program -c $root/runtime/router/skrouterd.json"
        more="Environment=SKUPPER_SITE_ID=$id
Restart=always"
        ;;
esac
chmod 755 "$scripts/start.sh" "$scripts/stop.sh"

if systemd; then
    mkdir -p "$units"
    cat >"$units/$unit" <<END
[Unit]
Description=Skupper site in namespace $ns
Wants=network-online.target
After=network-online.target

[Service]
Type=simple
ExecStart=$exec_start
$more
TimeoutStopSec=70

[Install]
WantedBy=default.target
END
    systemctl $user daemon-reload
    systemctl $user enable --now "$unit" >/dev/null
    if [ -n "$user" ] && [ ! -e "/var/lib/systemd/linger/$(id -un)" ]; then
        echo "the site ends when you log out; to keep it: loginctl enable-linger $(id -un)" >&2
    fi
else
    sh "$scripts/start.sh" >/dev/null || fail "the router does not start" "see $root/internal/router.log"
fi
trap - EXIT
echo "Site is installed in namespace $ns, on $platform"
[ -z "$(ls "$root/runtime/links" 2>/dev/null)" ] || echo "next: $me -d DIRECTORY -n $ns writes the links with which other sites link to it" >&2

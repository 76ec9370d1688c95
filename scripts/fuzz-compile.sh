#!/usr/bin/env bash
# A -toolexec for fuzz binaries: it compiles packages that read no input without counters of what was run. After each execution Go looks through the counters of the
# whole binary, and those of the network, TLS and fmt packages of the standard library are most of them: an execution that takes 5 µs took 120 µs.
# What a target checks does not change, nor what it learns from the code it is about: all of this project's packages keep their counters but those that only put others
# together, and so do the decoders of libraries.
set -euo pipefail
tool=$1
shift
if [ "${tool##*/}" != compile ]; then
	exec "$tool" "$@"
fi
if [ "$1" = -V=full ]; then # the name under which the go command keeps what it has compiled
	echo "$("$tool" "$@") sparse counters 1"
	exit
fi
case ${TOOLEXEC_IMPORTPATH-} in
*/suite/router | */suite/router/routertest | */suite/router/internal/tcp | */suite/router/internal/transport) ;;
github.com/skupper-plugins/* | github.com/Azure/go-amqp* | encoding/* | *yaml*) exec "$tool" "$@" ;;
esac
args=()
for a; do [ "$a" = -d=libfuzzer ] || args+=("$a"); done
exec "$tool" "${args[@]}"

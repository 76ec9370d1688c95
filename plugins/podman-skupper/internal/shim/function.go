package shim

// Function is what makes `podman skupper` work in a running shell without a link: a function for its start file. ok is false for
// a shell that it does not know. Unlike the link it does nothing for scripts and other programs.
func Function(shell string) (text string, ok bool) {
	switch shell {
	case "bash", "zsh":
		return posixFunction, true
	case "fish":
		return fishFunction, true
	}
	return "", false
}

// Shells are those that Function knows.
var Shells = []string{"bash", "zsh", "fish"}

// podman's own completion calls podman with the words typed so far: those behind skupper are for skupper to complete.
// The word function keeps an alias of that name from being put in its place here, and is known to both shells; $1 need not be set.
const posixFunction = `function podman {
    case ${1-} in
        skupper)
            shift
            command podman-skupper "$@"
            ;;
        __complete | __completeNoDesc)
            if [ "${2-}" = skupper ] && [ $# -gt 2 ]; then
                set -- "$1" "${@:3}"
                command podman-skupper "$@"
            else
                command podman "$@"
            fi
            ;;
        *) command podman "$@" ;;
    esac
}
`

const fishFunction = `function podman --wraps podman
    switch "$argv[1]"
        case skupper
            command podman-skupper $argv[2..-1]
        case __complete __completeNoDesc
            if test "$argv[2]" = skupper; and test (count $argv) -gt 2
                command podman-skupper $argv[1] $argv[3..-1]
            else
                command podman $argv
            end
        case '*'
            command podman $argv
    end
end
`

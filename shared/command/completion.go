package command

import (
	"context"
	"strings"

	"github.com/skupper-plugins/suite/shared/host"
)

// completions print the scripts by which shells ask this program for completions.
func (t *tree) completions() (verbs []verb) {
	program := strings.ReplaceAll(t.host.Command(), " ", "-")
	for _, sh := range []struct{ name, script, load string }{
		{"bash", bashScript, "source <(" + program + " completion bash)"},
		{"zsh", zshScript, "source <(" + program + " completion zsh)"},
		{"fish", fishScript, program + " completion fish | source"},
		{"powershell", powershellScript, program + " completion powershell | Out-String | Invoke-Expression"},
	} {
		verbs = append(verbs, verb{
			name: sh.name, usage: "print the completion script for " + sh.name, manner: host.Change, here: true,
			more:  "Load it into the running shell, and in its start file into all to come, with\n  " + sh.load,
			flags: one(boolFlag("no-descriptions", "offer words without saying what they are")),
			read: func(in *input) job {
				word := completeWord
				if in.isSet("no-descriptions") {
					word = completeWordPlain
				}
				text := strings.NewReplacer("PROGRAM", program, "FUNCTION", strings.ReplaceAll(program, "-", "_"), "COMPLETE", word).Replace(sh.script)
				return func(context.Context, *session) (host.View, error) {
					return host.View{Lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}, nil
				}
			},
		})
	}
	return verbs
}

// bashScript does without descriptions, for which bash has no place. Bash splits words at "=" and ":", which are part of them: they
// are joined again, and of a candidate only that is given which bash takes for the word. It works from bash 3.2 on.
const bashScript = `# Completion of PROGRAM for bash.
__FUNCTION_complete() {
    local i n=-1 word rest=$COMP_LINE typed keep out directive words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $n -lt 0 || $rest == [[:space:]]* ]]; then
            n=$((n + 1)); words[n]=$word
        else
            words[n]=${words[n]}$word
        fi
        rest=${rest#*"$word"}
    done
    typed=${words[n]} word=${COMP_WORDS[COMP_CWORD]} keep=
    case $word in
        =|:) keep=$typed ;;
        *) keep=${typed%"$word"} ;;
    esac
    out=$("${words[0]/#\~/$HOME}" __completeNoDesc "${words[@]:1}" 2>/dev/null) || return
    directive=${out##*:}
    COMPREPLY=()
    while IFS= read -r word; do
        [[ $word == :* || -z $word ]] && continue
        COMPREPLY+=("${word#"$keep"}")
    done <<<"$out"
    if [[ ${#COMPREPLY[@]} -eq 0 && $((directive & 4)) -eq 0 ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "${typed#"$keep"}")
    fi
    [[ $((directive & 2)) -ne 0 ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F __FUNCTION_complete PROGRAM
`

const zshScript = `#compdef PROGRAM
# Completion of PROGRAM for zsh.
__FUNCTION_complete() {
    local out line directive value about
    local -a values abouts
    out=$("${words[1]/#\~/$HOME}" COMPLETE "${(@Q)words[2,CURRENT]}" 2>/dev/null) || return
    directive=${out##*:}
    for line in "${(@f)out}"; do
        [[ $line == :* || -z $line ]] && continue
        value=${line%%$'\t'*}
        about=
        [[ $line == *$'\t'* ]] && about=${line#*$'\t'}
        values+=("$value")
        abouts+=("${value}${about:+  -- $about}")
    done
    if (( ${#values} == 0 )); then
        (( directive & 4 )) || _files
        return
    fi
    if (( directive & 2 )); then
        compadd -l -S '' -d abouts -a values
    else
        compadd -l -d abouts -a values
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    __FUNCTION_complete "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
    compdef __FUNCTION_complete PROGRAM
fi
`

const fishScript = `# Completion of PROGRAM for fish.
function __FUNCTION_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l out ($words[1] COMPLETE $words[2..-1] "$typed" 2>/dev/null)
    or return
    set -l directive (string replace -r '^:' '' -- $out[-1])
    set -e out[-1]
    if test (count $out) -eq 0
        if test (math "bitand($directive, 4)") -eq 0
            __fish_complete_path "$typed"
        end
        return
    end
    printf '%s\n' $out
end
complete -c PROGRAM -e
complete -c PROGRAM -f -a '(__FUNCTION_complete)'
`

const powershellScript = `# Completion of PROGRAM for PowerShell.
Register-ArgumentCompleter -Native -CommandName 'PROGRAM' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    $program = $words[0]
    $rest = @($words | Select-Object -Skip 1)
    if ($wordToComplete -eq '') { $rest += '""' }
    if ($PSVersionTable.PSVersion -ge [version]'7.3') { $rest = @($rest | ForEach-Object { $_ -replace '^""$', '' }) }
    $out = @(& $program COMPLETE @rest 2>$null)
    $directive = 4
    foreach ($line in $out) {
        if ($line -match '^:(\d+)$') { $directive = [int]$Matches[1]; continue }
        $value, $about = $line -split "` + "`t" + `", 2
        if (-not $about) { $about = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
    }
    if ($out.Count -le 1 -and ($directive -band 4) -eq 0) {
        Get-ChildItem -Path "$wordToComplete*" -ErrorAction SilentlyContinue | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_.Name, $_.Name, 'ProviderItem', $_.FullName)
        }
    }
}
`

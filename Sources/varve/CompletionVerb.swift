import ArgumentParser

/// `varve completion`.
struct CompletionVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Write what a shell needs to complete varve's verbs, flags and names.",
        discussion: """
            Example: source <(varve completion bash)
            Example: varve completion bash >/etc/bash_completion.d/varve
            Example: varve completion zsh >/usr/local/share/zsh/site-functions/_varve
            Example: varve completion fish >~/.config/fish/completions/varve.fish
            """
    )

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() {
        switch shell {
        case .bash: put(Self.bash)
        case .zsh: put(Self.zsh)
        case .fish: put(Self.fish)
        }
    }

    /// All three ask `varve __complete`, whose first line says what kind of words follow.
    private static let bash = #"""
        # bash completion for varve
        _varve() {
            local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[0]/#\~/$HOME}
            local IFS=$'\n' lines
            lines=($("$command" __complete --line "$line" --breaks "$COMP_WORDBREAKS" 2>/dev/null))
            COMPREPLY=()
            case ${lines[0]} in
                files) compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")) ;;
                folders) compopt -o filenames; COMPREPLY=($(compgen -d -- "$current")) ;;
                *)
                    [ "${lines[0]}" = nospace ] && compopt -o nospace
                    COMPREPLY=("${lines[@]:1}")
                    COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
                    ;;
            esac
        }
        complete -F _varve varve

        """#

    private static let zsh = #"""
        #compdef varve
        # zsh completion for varve
        _varve() {
            local kind line
            local -a lines candidates extra
            lines=("${(@f)$(${words[1]} __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            kind=$lines[1]
            shift lines
            case $kind in
                files) _files; return ;;
                folders) _files -/; return ;;
                nospace) extra=(-S '') ;;
            esac
            for line in $lines; do
                candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
            done
            _describe varve candidates $extra
        }
        if [ "$funcstack[1]" = _varve ]; then _varve "$@"; else compdef _varve varve; fi

        """#

    private static let fish = #"""
        # fish completion for varve
        function __varve_complete
            set -l before (commandline -opc)
            set -l current (commandline -ct)
            set -l lines (command varve __complete -- $before[2..-1] "$current" 2>/dev/null)
            switch "$lines[1]"
                case files
                    __fish_complete_path "$current"
                case folders
                    __fish_complete_directories "$current"
                case '*'
                    string join \n -- $lines[2..-1]
            end
        end
        complete -c varve -f -a '(__varve_complete)'

        """#
}

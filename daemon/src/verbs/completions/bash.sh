# Completion of task-orchestrator for bash: source this, or put it where bash-completion looks.
# Several candidates are shown with what they are; only the candidate itself is put on the line.
_task_orchestrator() {
    local words=("${COMP_WORDS[@]:0:COMP_CWORD}") line value shown candidates=() described=()
    # The word up to the cursor, where bash has not split it at '=' or ':'.
    words+=("$2")
    while IFS=$'\t' read -r value shown; do
        [[ -n $value ]] || continue
        # Options are for who has typed a dash: they would bury the ids.
        [[ $value == -* && ${2-} != -* ]] && continue
        candidates+=("$value")
        described+=("$value${shown:+  ($shown)}")
    done < <(_TASK_ORCHESTRATOR_COMPLETE=fish "${COMP_WORDS[0]}" -- "${words[@]}" 2>/dev/null)
    COMPREPLY=()
    if (( ${#candidates[@]} == 1 )); then
        COMPREPLY=("${candidates[0]}")
        # An option that wants its value at once, or a folder.
        [[ ${candidates[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
        return 0
    fi
    # COMP_TYPE 63, 33, 64: bash lists them. Else it puts on the line what all have in common, and descriptions differ.
    case ${COMP_TYPE-} in
        63 | 33 | 64)
            local columns=${COLUMNS:-80}
            for line in "${described[@]}"; do
                COMPREPLY+=("${line:0:columns - 1}")
            done
            ;;
        *) COMPREPLY=("${candidates[@]}") ;;
    esac
    return 0
}
complete -o bashdefault -o nosort -F _task_orchestrator task-orchestrator 2>/dev/null ||
    complete -o bashdefault -F _task_orchestrator task-orchestrator

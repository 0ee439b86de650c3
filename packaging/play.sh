#!/bin/sh
# Plays a short example with the installed programs: a real shim, spoken to as an MCP client does, and a real daemon,
# on a store in a temporary home folder that is removed afterwards. Usage: sh packaging/play.sh BIN_FOLDER
set -eu

bin=$1
temp=$(mktemp -d "${TMPDIR:-/tmp}/task-orchestrator-play.XXXXXX") || { echo "There is no temporary folder; set TMPDIR to one." >&2; exit 1; }
# A world of its own, whatever the caller's settings are.
for name in AGENT CONFIG TOOLS RESPONSES STRUCTURED PROJECT RUNTIME_DIR LOG WORKSPACES; do
    unset "TASK_ORCHESTRATOR_$name"
done
HOME=$temp
TASK_ORCHESTRATOR_DB=$temp/tasks.db
export HOME TASK_ORCHESTRATOR_DB
cd "$temp"
shim=
watch=

leave() {
    code=$?
    trap - EXIT INT TERM
    exec 3>&- 4<&- || true
    [ -z "$watch" ] || kill "$watch" 2>/dev/null || true
    [ -z "$shim" ] || kill "$shim" 2>/dev/null || true
    "$bin/task-orchestrator" stop >/dev/null 2>&1 || true
    if [ "$code" -ne 0 ]; then
        cat "$temp"/.local/state/task-orchestrator/run/*.log 2>/dev/null || true
    fi
    cd /
    rm -rf "$temp"
    exit "$code"
}
trap leave EXIT
trap 'exit 1' INT TERM

wrong() {
    printf 'Wanted: %s\nGot:    %s\n' "$1" "$2" >&2
    exit 1
}

# Sends one line to the shim and reads one back.
exchange() {
    printf '%s\n' "$1" >&3
    IFS= read -r reply <&4 || wrong "an answer to $1" "the shim's end"
}

number=1
# Calls a tool; the answer's document is in $answer.
ask() {
    number=$((number + 1))
    exchange "{\"jsonrpc\":\"2.0\",\"id\":$number,\"method\":\"tools/call\",\"params\":{\"name\":\"$1\",\"arguments\":$2}}"
    answer=$(printf '%s' "$reply" | sed 's/\\"/"/g')
}

# Fails unless the answer contains the text.
expect() {
    case $answer in
    *"$1"*) ;;
    *) wrong "$1" "$answer" ;;
    esac
}

mkfifo "$temp/in" "$temp/out"
"$bin/task-orchestrator-mcp" <"$temp/in" >"$temp/out" 2>"$temp/shim.log" &
shim=$!
exec 3>"$temp/in" 4<"$temp/out"
# So that a fault cannot make this wait for ever. It must not hold the pipes open.
(
    trap 'kill "$pause"' TERM
    sleep 120 &
    pause=$!
    wait "$pause" && kill "$shim"
) >/dev/null 2>&1 3>&- 4<&- &
watch=$!

echo
echo "An example on a throwaway store ($TASK_ORCHESTRATOR_DB):"
exchange '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"play","version":"1"}}}'
case $reply in
*'"name":"task-orchestrator"'*) ;;
*) wrong "the server's name" "$reply" ;;
esac
printf '%s\n' '{"jsonrpc":"2.0","method":"notifications/initialized"}' >&3

ask create_work_tree '{"root_title":"User authentication","root_priority":"high","children":[{"ref":"schema","title":"Design auth schema","priority":"high"},{"ref":"api","title":"Implement auth endpoints","priority":"high"},{"ref":"tests","title":"Write auth tests"},{"ref":"docs","title":"Update API docs","priority":"low"}],"deps":[{"from":"schema","to":"api"},{"from":"api","to":"tests"},{"from":"api","to":"docs"}]}'
expect '"ref_map":{'
map=$(printf '%s' "$answer" | sed -n 's/.*"ref_map":{\([^}]*\)}.*/\1/p')
id_of() { printf '%s' "$map" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
root=$(id_of root)
schema=$(id_of schema)
echo "  create_work_tree   one call made 'User authentication' with 4 children and 3 dependencies"

ask get_next_item '{}'
expect '"title":"Design auth schema"'
echo "  get_next_item      'Design auth schema': the only one that waits for nothing"

ask advance_item "{\"item_id\":\"$schema\",\"trigger\":\"start\"}"
expect '"status":"work"'
echo "  advance_item       start: queue -> work, and it is ours"

if answer=$("$bin/task-orchestrator" call advance_item item_id="$schema" trigger=start 2>&1); then
    wrong "a refusal, as somebody else holds the item" "$answer"
fi
expect CONFLICT
echo "  advance_item       start by somebody else: refused, the holder is named"

ask manage_notes "{\"operation\":\"upsert\",\"item_id\":\"$schema\",\"key\":\"requirements\",\"body\":\"JWT with RS256, refresh tokens, 15min access expiry\"}"
expect '"key":"requirements"'
echo "  manage_notes       the requirements are written down"

ask advance_item "{\"item_id\":\"$schema\",\"trigger\":\"complete\"}"
expect '"status":"done"'
expect '"unblocked_items":[{'
expect '"title":"Implement auth endpoints"'
echo "  advance_item       complete: work -> done; this unblocks 'Implement auth endpoints'"

ask get_context '{}'
expect '"counts":{'
expect '"queue":4'
echo "  get_context        4 in the queue, 1 done"

ask complete_tree "{\"parent_id\":\"$root\"}"
expect '"completed":[{'
expect '"title":"Update API docs"'
echo "  complete_tree      the other 3, in the order of their dependencies"

exec 3>&-
wait "$shim" || wrong "a shim that ends well when its client leaves" "an error: $(cat "$temp/shim.log")"
shim=
"$bin/task-orchestrator" stop >/dev/null || wrong "a daemon that stops" "an error of: task-orchestrator stop"
echo "The example went as it should; its daemon is stopped and its store is removed."

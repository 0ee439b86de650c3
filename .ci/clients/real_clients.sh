#!/bin/bash
# Clients that people use read what `setup` wrote, and say themselves whether they reach the server. None needs a login for that.
# Usage: real_clients.sh SHIM EMPTY_HOME, where node_modules/.bin has them.
set -euo pipefail
program=$(dirname "$1")/task-orchestrator
here=$(cd "$(dirname "$0")" && pwd)
# Nothing of the caller's: variables that name another place than HOME, or a login, would reach the clients.
if [ -z "${REAL_CLIENTS_ALONE:-}" ]; then
    exec env -i REAL_CLIENTS_ALONE=1 HOME="$2" PATH="$PWD/node_modules/.bin:$PATH" LANG="${LANG:-C.UTF-8}" bash "$0" "$@"
fi
mkdir -p "$HOME/work"
cd "$HOME/work"

# says CLIENT PATTERN COMMAND...: what the command prints has the pattern.
says() {
    local client=$1 pattern=$2 said
    shift 2
    said=$(timeout 90 "$@" 2>&1) || true
    grep -qE -- "$pattern" <<<"$said" || { echo "$client: \`$*\` does not say $pattern; it says: $said" >&2; exit 1; }
}

clients=(claude-code codex gemini-cli opencode)
if command -v cline >/dev/null; then clients+=(cline); else echo "NOT RUN: Cline's package cannot be had here"; fi
for client in "${clients[@]}"; do "$program" setup "$client" >/dev/null; done
# Gemini CLI starts no server in a folder that nobody trusts.
printf '{"%s":"TRUST_FOLDER"}' "$PWD" >"$HOME/.gemini/trustedFolders.json"

says claude-code 'task-orchestrator: .*Connected' claude mcp list
says codex 'task-orchestrator +.*enabled' codex mcp list
says gemini-cli 'task-orchestrator: .*Connected' gemini mcp list
says opencode 'task-orchestrator .*connected' opencode mcp list

# The first thing that a session of Claude Code does, before it misses the login, is to run the hook.
"$program" add "Look at the roof" >/dev/null
timeout 90 claude -p hello --debug --debug-file "$HOME/hook.log" >/dev/null 2>&1 || true
says claude-code 'Hook SessionStart .*provided additionalContext' cat "$HOME/hook.log"

# Cline lists its servers to nobody but a model. This one writes down what it is asked: the tools and the rules are in it.
cline_settings=$HOME/.cline/data/settings/cline_mcp_settings.json
if command -v cline >/dev/null; then
    node "$here/model.mjs" "$HOME/asked" &
    model=$!
    # Its sessions run in a process that stays behind them.
    trap 'kill $model $(grep -o "\"pid\": [0-9]*" "$HOME/.cline/data/locks/hub/production.json" | cut -d" " -f2) || true' EXIT
    until [ -s "$HOME/asked.url" ]; do kill -0 $model; sleep 0.1; done
    timeout 90 cline auth -p openai -k none -m m -b "$(cat "$HOME/asked.url")" >/dev/null
    timeout 90 cline --json "hello there" </dev/null >/dev/null 2>&1 || true
    says cline 'task-orchestrator__get_next_item' cat "$HOME/asked"
    says cline '# Working with task-orchestrator' cat "$HOME/asked"
    timeout 90 cline mcp install other --yes -- /bin/echo >/dev/null
fi

# Each adds a server of its own; ours stays, and goes without it.
timeout 90 claude mcp add -s user other -- /bin/echo >/dev/null
timeout 90 codex mcp add other -- /bin/echo >/dev/null 2>&1
timeout 90 gemini mcp add -s user other /bin/echo >/dev/null 2>&1
for client in "${clients[@]}"; do
    "$program" setup "$client" --check >/dev/null
    "$program" setup "$client" --remove >/dev/null
done
for client in claude codex gemini; do
    says "$client" '^(.* )?other' "$client" mcp list
    if timeout 90 "$client" mcp list 2>&1 | grep task-orchestrator; then exit 1; fi
done
says opencode 'No MCP servers configured' opencode mcp list
if command -v cline >/dev/null; then
    says cline '"other"' cat "$cline_settings"
    if grep task-orchestrator "$cline_settings"; then exit 1; fi
    echo "cline $(cline --version): is well"
fi
echo "claude $(claude --version), $(codex --version 2>/dev/null), gemini $(gemini --version), opencode $(opencode --version): are well"

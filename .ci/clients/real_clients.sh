#!/bin/bash
# Clients that people use read what `setup` wrote, and say themselves whether they reach the server. None needs a login for that.
# Usage: real_clients.sh SHIM EMPTY_HOME, where node_modules/.bin has them.
set -euo pipefail
program=$(dirname "$1")/task-orchestrator
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

for client in claude-code codex gemini-cli opencode; do "$program" setup "$client" >/dev/null; done
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

# Each adds a server of its own; ours stays, and goes without it.
timeout 90 claude mcp add -s user other -- /bin/echo >/dev/null
timeout 90 codex mcp add other -- /bin/echo >/dev/null 2>&1
timeout 90 gemini mcp add -s user other /bin/echo >/dev/null 2>&1
for client in claude-code codex gemini-cli opencode; do
    "$program" setup "$client" --check >/dev/null
    "$program" setup "$client" --remove >/dev/null
done
for client in claude codex gemini; do
    says "$client" '^(.* )?other' "$client" mcp list
    if timeout 90 "$client" mcp list 2>&1 | grep task-orchestrator; then exit 1; fi
done
says opencode 'No MCP servers configured' opencode mcp list
echo "claude $(claude --version), $(codex --version 2>/dev/null), gemini $(gemini --version), opencode $(opencode --version): are well"

#!/bin/bash
# MCP Inspector's command line against the real programs.
# Usage: inspector.sh SHIM EMPTY_HOME, where `npx mcp-inspector` finds it.
set -euo pipefail
shim=$1
export HOME=$2

inspect() { npx --no-install mcp-inspector --cli "$shim" "$@"; }

# $1: what is looked at; $2: a pattern it must have; $3: the text.
check() {
    grep -q -- "$2" <<<"$3" || { echo "inspector: $1; got: $3" >&2; exit 1; }
}

tools=$(inspect --method tools/list)
check "manage_items is listed" '"name": "manage_items"' "$tools"
made=$(inspect --method tools/call --tool-name manage_items --tool-arg operation=create --tool-arg 'title=From the inspector')
check "an item is made" 'From the inspector' "$made"
listed=$(inspect --method tools/call --tool-name query_items --tool-arg operation=list --tool-arg limit=5)
check "it is listed" 'From the inspector' "$listed"
refused=$(inspect --method tools/call --tool-name query_items --tool-arg operation=get --tool-arg item_id=00000000)
check "an unknown id is refused" 'NOT_FOUND' "$refused"
check "a refusal is marked" '"isError": true' "$refused"
prompts=$(inspect --method prompts/list)
check "the prompts are listed" '"name": "session_start"' "$prompts"
prompt=$(inspect --method prompts/get --prompt-name session_start)
check "a prompt has text" 'get_context' "$prompt"
resources=$(inspect --method resources/list)
check "the resources are listed" 'task://context' "$resources"
guide=$(inspect --method resources/read --uri task://guide/claims)
check "a page of the guide is read" '# Claims' "$guide"
templates=$(inspect --method resources/templates/list)
check "the templates are listed" 'task://item/{id}' "$templates"
unknown=$(inspect --method tools/call --tool-name explode 2>&1) || true
check "an unknown tool is named" 'explode' "$unknown"
echo "inspector: is well"

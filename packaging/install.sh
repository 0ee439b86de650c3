#!/bin/sh
# Builds and installs the two programs, plays a short example on a throwaway store, and prints the entry that an MCP
# client needs. Needs sh, cargo and a C compiler.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh packaging/install.sh [--prefix DIR] [--no-play] [--uninstall]

  --prefix DIR   install into DIR/bin (default: ~/.local)
  --no-play      do not play the example
  --uninstall    take everything away but the data: clients' entries, service, daemon, programs
  --help         this text
TEXT
}

fail() {
    printf '\nNot installed: %s\n' "$1" >&2
    exit 1
}

prefix=
play=yes
uninstall=no
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) [ $# -ge 2 ] || fail "--prefix needs a folder: --prefix DIR"; prefix=$2; shift 2 ;;
    --prefix=*) prefix=${1#--prefix=}; shift ;;
    --no-play) play=no; shift ;;
    --uninstall) uninstall=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "there is no option $1" ;;
    esac
done
if [ -z "$prefix" ]; then
    [ -n "${HOME:-}" ] || fail "HOME is not set; name a folder with --prefix DIR"
    prefix=$HOME/.local
fi

# Each step by the program that made what it takes away; what is not there is no fault.
take_away() {
    program=$prefix/bin/task-orchestrator
    if [ -x "$program" ]; then
        "$program" setup --all --remove || echo "Some clients keep their entries; what is said above tells why."
        "$program" service uninstall || echo "The service manager could not be told; what is said above tells why."
        "$program" stop || fail "the daemon did not stop; the programs are still there"
    fi
    for file in bin/task-orchestrator bin/task-orchestrator-mcp share/bash-completion/completions/task-orchestrator \
        share/zsh/site-functions/_task-orchestrator share/fish/vendor_completions.d/task-orchestrator.fish; do
        if [ -e "$prefix/$file" ]; then rm -f "$prefix/$file" && echo "Removed $prefix/$file"; fi
    done
    rm -f "$prefix"/share/man/man1/task-orchestrator.1 "$prefix"/share/man/man1/task-orchestrator-*.1
    rm -rf "$prefix/share/doc/task-orchestrator"
    echo "What remains is yours: ~/.local/share/task-orchestrator (the database and its backups), ~/.config/task-orchestrator,"
    echo "and ~/.local/state/task-orchestrator (logs)."
}
if [ "$uninstall" = yes ]; then
    take_away
    exit 0
fi

case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
root=$(CDPATH='' cd -- "$here/.." && pwd) || fail "run it from a full copy of the sources"
command -v cargo >/dev/null 2>&1 || fail "cargo is not on PATH. Install a Rust toolchain (rustup does), then run this again"
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 ||
    fail "there is no C compiler (cc), and SQLite is built from source. Install gcc or clang, then run this again"

mkdir -p "$prefix/bin" 2>/dev/null || fail "cannot create $prefix/bin. Choose a folder you may write to: --prefix DIR"
bin=$(CDPATH='' cd -- "$prefix/bin" && pwd)
[ -w "$bin" ] || fail "$bin is not writable. Choose a folder you may write to: --prefix DIR"

echo "Building (a few minutes the first time) ..."
cd "$root"
cargo build --release --locked -p shim -p daemon || fail "the build failed; what cargo said above names the cause"
target=$(cargo metadata --format-version 1 --no-deps --locked | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
for program in task-orchestrator task-orchestrator-mcp; do
    built=$target/release/$program
    [ -x "$built" ] || fail "$built is missing after the build. Unset CARGO_BUILD_TARGET, then run this again"
    # Beside the target and renamed over it: whoever starts the program meanwhile gets the old one or the new one.
    fresh=$bin/.$program.$$
    if ! cp "$built" "$fresh" || ! chmod 755 "$fresh" || ! mv -f "$fresh" "$bin/$program"; then
        rm -f "$fresh"
        fail "cannot write $bin/$program. Free some space or choose another folder: --prefix DIR"
    fi
    echo "Installed $bin/$program"
done

if [ "$play" = yes ]; then
    sh "$root/packaging/play.sh" "$bin" || fail "the example did not go as it should (see above). The programs are in $bin, but do not trust them"
fi

case ":${PATH:-}:" in
*":$bin:"*) ;;
*) printf '\n%s is not on PATH. MCP clients do not need it there; for the command task-orchestrator, add it.\n' "$bin" ;;
esac
cat <<TEXT

Done. Tell your MCP clients (the first line lists them; --dry-run shows what would change):

  $bin/task-orchestrator setup
  $bin/task-orchestrator setup --all

or paste this into a client's configuration:

{
  "mcpServers": {
    "task-orchestrator": {
      "command": "$bin/task-orchestrator-mcp"
    }
  }
}

A daemon of an earlier version keeps running until: $bin/task-orchestrator stop
TEXT

#!/bin/sh
# Installs a release without building it: takes the archive and its sums from a folder or an address, installs only what the
# sums say, and prints what is next. Needs sh, tar, gzip, sha256sum or shasum, and curl or wget for an address.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh get.sh --from PLACE [--prefix DIR] [--version VERSION] [--target TRIPLE]

  --from PLACE        a folder, or an https:// address, that holds the archive and SHA256SUMS-TRIPLE
  --prefix DIR        install into DIR/bin and DIR/share (default: ~/.local)
  --version VERSION   which one, where there are several
  --target TRIPLE     for which machine (default: this one; on Linux that for glibc, or else the static one for musl)
  --help              this text
TEXT
}

fail() {
    printf '\nNot installed: %s\n' "$1" >&2
    exit 1
}

from=
prefix=
version=
target=
while [ $# -gt 0 ]; do
    case $1 in
    --from | --prefix | --version | --target)
        [ $# -ge 2 ] || fail "$1 needs a value"
        case $1 in --from) from=$2 ;; --prefix) prefix=$2 ;; --version) version=$2 ;; *) target=$2 ;; esac
        shift 2
        ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "there is no option $1" ;;
    esac
done
[ -n "$from" ] || { usage >&2; fail "name a folder or an address with --from"; }
if [ -z "$prefix" ]; then
    [ -n "${HOME:-}" ] || fail "HOME is not set; name a folder with --prefix DIR"
    prefix=$HOME/.local
fi
# What runs here, the best first.
candidates=$target
if [ -z "$candidates" ]; then
    machine=$(uname -m)
    case $(uname -s)-$machine in
    Linux-x86_64 | Linux-aarch64)
        candidates=$machine-unknown-linux-musl
        if getconf GNU_LIBC_VERSION >/dev/null 2>&1; then candidates="$machine-unknown-linux-gnu $candidates"; fi
        ;;
    Darwin-arm64) candidates=aarch64-apple-darwin ;;
    Darwin-x86_64) candidates=x86_64-apple-darwin ;;
    *) fail "there is no release for $(uname -s) on $machine; build it: sh packaging/install.sh" ;;
    esac
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fetch NAME: brings a file of the release into the work folder.
fetch() {
    case $from in
    https://*)
        if command -v curl >/dev/null 2>&1; then
            curl --proto '=https' --tlsv1.2 -fsSL -o "$work/$1" "$from/$1"
        elif command -v wget >/dev/null 2>&1; then
            wget --https-only -q -O "$work/$1" "$from/$1"
        else
            fail "neither curl nor wget is there to fetch $from/$1"
        fi
        ;;
    *://*) fail "$from: only https:// addresses and folders are taken" ;;
    *) cp "$from/$1" "$work/$1" 2>/dev/null ;;
    esac || fail "$from/$1 cannot be had"
}

# The first whose sums are there. Where there are none, the error names the best.
target=${candidates%% *}
for candidate in $candidates; do
    if (fetch "SHA256SUMS-$candidate") >/dev/null 2>&1; then target=$candidate; break; fi
done
sums=SHA256SUMS-$target
fetch "$sums"
archives=$(sed -n 's/^[0-9a-f]\{64\}  \(task-orchestrator-[^/ ]*\.tar\.gz\)$/\1/p' "$work/$sums")
[ -z "$version" ] || archives=$(printf '%s\n' "$archives" | grep -F -x "task-orchestrator-$version-$target.tar.gz" || true)
case $(printf '%s' "$archives" | grep -c .) in
0) fail "$sums names no archive${version:+ of version $version}" ;;
1) ;;
*) fail "$sums names several archives; choose one with --version" ;;
esac
fetch "$archives"
cd "$work"
grep -F "  $archives" "$sums" >chosen
if command -v sha256sum >/dev/null 2>&1; then
    sha256sum -c chosen >/dev/null 2>&1
else
    shasum -a 256 -c chosen >/dev/null 2>&1
fi || fail "$archives is not what $sums says: it was damaged or changed on its way. Nothing of it was used"
mkdir unpacked
tar -xzf "$archives" -C unpacked --no-same-owner
tree=$work/unpacked/${archives%.tar.gz}
for program in task-orchestrator task-orchestrator-mcp; do
    [ -f "$tree/bin/$program" ] || fail "$archives does not hold $program"
done

mkdir -p "$prefix/bin" "$prefix/share" 2>/dev/null || fail "cannot create $prefix/bin. Choose a folder you may write to: --prefix DIR"
for program in task-orchestrator task-orchestrator-mcp; do
    # Beside the target and renamed over it: whoever starts the program meanwhile gets the old one or the new one.
    fresh=$prefix/bin/.$program.$$
    if ! cp "$tree/bin/$program" "$fresh" || ! chmod 755 "$fresh" || ! mv -f "$fresh" "$prefix/bin/$program"; then
        rm -f "$fresh"
        fail "cannot write $prefix/bin/$program"
    fi
    echo "Installed $prefix/bin/$program"
done
cp -R "$tree/share/." "$prefix/share/" || fail "cannot write $prefix/share"
if ! "$prefix/bin/task-orchestrator" --version; then
    case $target in *-linux-gnu) hint="; the static one may: --target ${target%gnu}musl" ;; *) hint= ;; esac
    fail "$prefix/bin/task-orchestrator does not run on this machine$hint"
fi
cat <<TEXT

Next: $prefix/bin/task-orchestrator setup         (tells your MCP clients)
      $prefix/bin/task-orchestrator service install   (has the system run the daemon for good; not needed)
TEXT

#!/bin/sh
# Makes what is handed out: an archive, for glibc a Debian package too where dpkg-deb is there, and their sums.
# Needs sh, cargo, a C compiler, GNU tar and gzip.
set -eu

usage() {
    cat <<'TEXT'
Usage: sh packaging/dist.sh [--target TRIPLE] [--out DIR]

  --target TRIPLE   build for it; x86_64-unknown-linux-musl gives programs that need no C library
                    (default: this machine's own, as `cargo build --release` builds it)
  --out DIR         where the files go (default: dist)
  --help            this text
TEXT
}

fail() {
    printf '\nNothing made: %s\n' "$1" >&2
    exit 1
}

target=
out=dist
while [ $# -gt 0 ]; do
    case $1 in
    --target) [ $# -ge 2 ] || fail "--target needs a triple"; target=$2; shift 2 ;;
    --out) [ $# -ge 2 ] || fail "--out needs a folder"; out=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "there is no option $1" ;;
    esac
done

case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
root=$(CDPATH='' cd -- "$here/.." && pwd) || fail "run it from a full copy of the sources"
case $out in
/*) ;;
*) out=$PWD/$out ;;
esac
cd "$root"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
host=$(rustc -vV | sed -n 's/^host: //p')
built=$(cargo metadata --format-version 1 --no-deps --locked | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

if [ -n "$target" ]; then
    [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] ||
        fail "this toolchain has no standard library for $target. Add it (rustup target add $target), then run this again"
    cargo build --release --locked -p shim -p daemon --target "$target" || fail "the build failed; what cargo said above names the cause"
    built=$built/$target/release
else
    target=$host
    cargo build --release --locked -p shim -p daemon || fail "the build failed; what cargo said above names the cause"
    built=$built/release
fi

name=task-orchestrator-$version-$target
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
tree=$stage/$name
mkdir -p "$tree/bin" "$tree/share/man/man1" "$tree/share/bash-completion/completions" \
    "$tree/share/zsh/site-functions" "$tree/share/fish/vendor_completions.d" "$tree/share/doc/task-orchestrator"
cp "$built/task-orchestrator" "$built/task-orchestrator-mcp" "$tree/bin/"
cp README.md LICENSE "$tree/share/doc/task-orchestrator/"
cp -R docs "$tree/share/doc/task-orchestrator/docs"
# The commands themselves say what belongs into these; another machine's programs cannot be asked here.
if [ "$target" = "$host" ] || "$built/task-orchestrator" --version >/dev/null 2>&1; then
    "$built/task-orchestrator" man --out "$tree/share/man/man1"
    "$built/task-orchestrator" completions bash >"$tree/share/bash-completion/completions/task-orchestrator"
    "$built/task-orchestrator" completions zsh >"$tree/share/zsh/site-functions/_task-orchestrator"
    "$built/task-orchestrator" completions fish >"$tree/share/fish/vendor_completions.d/task-orchestrator.fish"
else
    echo "Without man pages and completions: programs for $target do not run here."
fi

mkdir -p "$out"
# The same sources give the same archive: names in order, no owner, one time.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C "$stage" -cf - "$name" |
    gzip -9n >"$out/$name.tar.gz"
made=$name.tar.gz

case $target in
x86_64-*-linux-gnu) architecture=amd64 ;;
aarch64-*-linux-gnu) architecture=arm64 ;;
*) architecture= ;;
esac
if [ -n "$architecture" ] && command -v dpkg-deb >/dev/null 2>&1; then
    debian=$stage/debian
    mkdir -p "$debian/DEBIAN" "$debian/usr"
    cp -R "$tree/bin" "$tree/share" "$debian/usr/"
    mv "$debian/usr/share/doc/task-orchestrator/LICENSE" "$debian/usr/share/doc/task-orchestrator/copyright"
    mkdir -p "$debian/usr/share/zsh/vendor-completions"
    mv "$debian/usr/share/zsh/site-functions/"* "$debian/usr/share/zsh/vendor-completions/" 2>/dev/null || true
    rmdir "$debian/usr/share/zsh/site-functions"
    find "$debian/usr/share/man" -type f -exec gzip -9n {} +
    # The newest symbol version that the programs ask of the C library.
    libc=$(cat "$tree/bin/"* | LC_ALL=C grep -ao 'GLIBC_2\.[0-9]*' | sort -t. -k2 -n | tail -n 1 | sed 's/GLIBC_//')
    size=$(du -sk "$debian/usr" | cut -f1)
    cat >"$debian/DEBIAN/control" <<TEXT
Package: task-orchestrator
Version: $version
Architecture: $architecture
Maintainer: task-orchestrator maintainers <maintainers@task-orchestrator.invalid>
Installed-Size: $size
Depends: libc6 (>= ${libc:-2.31}), libgcc-s1
Section: devel
Priority: optional
Description: one persistent work graph for all agent sessions of a machine
 A daemon owns one SQLite database; each MCP client runs a small shim that talks
 to it. Items, dependencies, required notes, claims, history.
TEXT
    find "$debian/usr" -type d -exec chmod 755 {} +
    find "$debian/usr/share" -type f -exec chmod 644 {} +
    SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group --build "$debian" "$out/task-orchestrator_${version}_$architecture.deb" >/dev/null
    made="$made task-orchestrator_${version}_$architecture.deb"
fi

cd "$out"
# shellcheck disable=SC2086 # names without spaces, made above
sha256sum $made >"SHA256SUMS-$target"
cp "$root/packaging/get.sh" "$out/get.sh"
for file in $made "SHA256SUMS-$target" get.sh; do echo "Made $out/$file"; done

# shellcheck shell=bash
# Sourced by the other scripts: where we are, how we speak, what is where.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
target=${CARGO_TARGET_DIR:-$root/target}
export CARGO_TARGET_DIR=$target
export PARLEY_SHARED=${PARLEY_SHARED:-$root/../shared}

# A line about what begins now.
step() { printf '\n== %s\n' "$*"; }

# A line about something that was left out, and why.
skip() { printf -- '-- skipped: %s\n' "$*"; }

# The end, with what to do about it.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a build step and says, the first time, that it takes long.
build() {
    [ -d "$target/debug/deps" ] || echo "   (the first build takes about ten minutes on two cores)"
    "$@"
}

# Builds the window's pages unless they are newer than all they are made of.
build_ui() {
    local stamp=ui/dist/index.html newer
    if [ -f "$stamp" ]; then
        newer=$(find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -type f -newer "$stamp" -print -quit)
        [ -n "$newer" ] || return 0
    fi
    step "Building the window's pages"
    npm --prefix ui run --silent build
}

# Builds the website chat's script unless it is newer than all it is made of.
build_widget() {
    local made=widget/dist/parley-chat.js newer
    if [ -f "$made" ]; then
        newer=$(find widget -path widget/node_modules -prune -o -path widget/dist -prune -o -type f -newer "$made" -print -quit)
        [ -n "$newer" ] || return 0
    fi
    step "Building the website chat"
    npm --prefix widget run --silent build
}

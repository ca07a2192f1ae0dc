#!/usr/bin/env bash
# Measures against the limits and, where they are installed, the peers (notmuch, mu); then, in the real window, how fast news
# is painted. env: WINDOW=0 leaves the window out, PROFILE=debug measures it with an unoptimised build
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
for peer in notmuch mu; do
    have "$peer" || skip "$peer is not installed, its column stays empty (apt-get install notmuch maildir-utils)"
done
step "Building the bench (optimised, about ten minutes the first time)"
cargo build --release --locked -p parley-bench
step "Measuring"
"$target/release/parley-bench" "$@"

[ "${WINDOW:-1}" = 1 ] || exit 0
for program in Xvfb WebKitWebDriver tauri-driver node; do
    have "$program" || { skip "how fast news is painted: $program is not installed (scripts/setup.sh test)"; exit 0; }
done
[ -d e2e/node_modules ] && [ -d ui/node_modules ] || { skip "how fast news is painted: npm's packages are not installed (scripts/setup.sh test)"; exit 0; }
export PROFILE=${PROFILE:-release}
build_ui
if [ "$PROFILE" = release ]; then
    step "Building the optimised program (about fifteen minutes the first time)"
    cargo build --release --locked -p parley -p parley-cli -p parley-sandbox
else
    build cargo build --locked -p parley -p parley-cli -p parley-sandbox
fi
step "Measuring in the window"
cd e2e && exec node --import tsx bench/received.ts

#!/usr/bin/env bash
# Measures against the limits and, where they are installed, the peers (notmuch, mu).
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
for peer in notmuch mu; do
    have "$peer" || skip "$peer is not installed, its column stays empty (apt-get install notmuch maildir-utils)"
done
step "Building the bench (optimised, about ten minutes the first time)"
cargo build --release --locked -p parley-bench
step "Measuring"
exec "$target/release/parley-bench" "$@"

#!/usr/bin/env bash
# Builds Parley and opens its window.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
build_ui
step "Building and opening Parley"
if [ "${RELEASE:-}" = 1 ]; then
    build cargo run --release --locked
    exit
fi
build cargo run --locked

#!/usr/bin/env bash
# Measures the real window beside a bare one. usage: bench-ui.sh [messages]
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
export PROFILE=${PROFILE:-release}
build_ui
if [ "$PROFILE" = release ]; then
    step "Building the optimised program (about fifteen minutes the first time)"
    cargo build --release --locked -p parley -p parley-cli
else
    build cargo build --locked -p parley -p parley-cli
fi
/usr/bin/python3 -c 'import gi; gi.require_version("WebKit2", "4.1")' 2>/dev/null ||
    die "the bare window to compare with wants gir1.2-webkit2-4.1 and python3-gi"
step "Measuring"
cd e2e && exec node --import tsx bench/window.ts "${1:-10000}"

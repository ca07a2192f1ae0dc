#!/usr/bin/env bash
# Runs the journeys through the real window: the built app under Xvfb, with its own D-Bus, keyring and notification daemon.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
build_ui
step "Building what the journeys need"
build cargo build --locked -p parley -p parley-cli -p parley-sandbox
step "Journeys"
npm --prefix e2e test --silent

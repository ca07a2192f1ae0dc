#!/usr/bin/env bash
# Runs the window's pages in a browser against a real engine, then the journeys through the real window: the built app under
# Xvfb, with its own D-Bus, keyring and notification daemon.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
build_ui
build_widget
step "Building what the journeys need"
build cargo build --locked -p parley -p parley-cli -p parley-sandbox -p parley-serve
npm --prefix ui run --silent build:scripted
step "In a browser"
npm --prefix e2e run --silent test:browser
step "Journeys"
npm --prefix e2e test --silent

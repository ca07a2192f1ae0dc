#!/usr/bin/env bash
# Pictures of every screen in both themes and both directions into e2e/shots/screens, and those of the user guide into docs/images.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
step "Building the pages and what serves them"
npm --prefix ui run --silent build:scripted
build cargo build --locked -p parley-cli -p parley-serve
step "The pictures of the user guide"
(cd e2e && node --import tsx guide/pictures.ts)
step "Every screen (some minutes)"
node ui/tools/shots.mjs --every --to e2e/shots/screens

#!/usr/bin/env bash
# Runs every test. Goes on after a failure, so that one run shows all of them, and fails at the end.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
failed=()

part() {
    local name=$1
    shift
    step "$name"
    "$@" || failed+=("$name")
}

build_ui || failed+=("the window's build")
part "The window's unit tests" npm --prefix ui run --silent test
build_widget || failed+=("the website chat's build")
part "The website chat's unit tests" npm --prefix widget run --silent test
[ -d "$PARLEY_SHARED" ] || skip "tests with the corpora of PARLEY_SHARED ($PARLEY_SHARED is not there)"
part "The engine, the command line and the servers" build cargo nextest run --workspace --locked --no-fail-fast
part "The journeys through the real window" scripts/e2e.sh

step "Result"
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "everything passed"

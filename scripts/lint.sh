#!/usr/bin/env bash
# Checks form, types, licences and known vulnerabilities. Goes on after a failure and fails at the end.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
failed=()

part() {
    local name=$1
    shift
    step "$name"
    "$@" || failed+=("$name")
}

# The types the engine writes for the window are the ones in the repository.
generated_types() {
    cargo nextest run --locked -p parley-engine typescript && git diff --exit-code --stat -- ui/src/api &&
        [ -z "$(git ls-files --others --exclude-standard -- ui/src/api)" ]
}

part "Form" cargo fmt --all --check
build_ui || failed+=("the window's build")
part "Clippy" build cargo clippy --workspace --all-targets --locked -- -D warnings
part "Types the engine writes for the window" generated_types
part "The window's types" npm --prefix ui run --silent check
part "The window's rules" npm --prefix ui run --if-present --silent lint
part "The website chat's types" npm --prefix widget run --silent check
part "The website chat's rules" npm --prefix widget run --silent lint
build_widget || failed+=("the website chat's build")
[ -d e2e/node_modules ] && part "The journeys' types" npm --prefix e2e run --silent check
if have shellcheck; then
    part "Shell" shellcheck -x scripts/*.sh .ci/run
else
    skip "shellcheck is not installed"
fi
if have cargo-deny; then
    part "Licences, bans and sources" cargo deny --locked check bans licenses sources
else
    skip "cargo-deny is not installed: licences, bans and sources not checked (cargo install --locked cargo-deny)"
fi
advisories=${PARLEY_ADVISORY_DB:-$PARLEY_SHARED/advisory-db}
if [ ! -d "$advisories" ]; then
    skip "advisories not checked: PARLEY_ADVISORY_DB names no folder"
elif ! have cargo-audit; then
    skip "advisories not checked: cargo-audit is not installed (cargo install --locked cargo-audit)"
else
    part "Advisories" cargo audit --no-fetch --stale --db "$advisories"
fi

step "Result"
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "nothing to complain about"

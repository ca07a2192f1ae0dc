#!/usr/bin/env bash
# Runs the engine's tests with new cases in its property tests; says the seed, with which a failure comes again.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
step "The engine's tests with PROPTEST_RNG_SEED=$PROPTEST_RNG_SEED"
cargo nextest run --locked -p parley-engine --no-fail-fast

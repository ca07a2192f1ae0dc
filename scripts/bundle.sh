#!/usr/bin/env bash
# Builds the packages of this system into target/release/bundle. usage: bundle.sh [deb,rpm]
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
kinds=${1:-deb,rpm}
build_ui
step "Building Parley and parleyctl, optimised"
build cargo build --release --locked -p parley -p parley-cli
step "Packing $kinds"
# The command line goes along: whoever is helped over the telephone has it at hand.
files=$(printf '{ "/usr/bin/parleyctl": "%s", "/usr/share/metainfo/app.parley.desktop.metainfo.xml": "packaging/app.parley.desktop.metainfo.xml" }' "$target/release/parleyctl")
rm -rf "$target/release/bundle"
npm --prefix packaging exec --offline --no -- tauri bundle --ci --bundles "$kinds" \
    --config "{ \"bundle\": { \"linux\": { \"deb\": { \"files\": $files }, \"rpm\": { \"files\": $files } } } }"
find "$target/release/bundle" -name '*.deb' -o -name '*.rpm'

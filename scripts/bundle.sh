#!/usr/bin/env bash
# Builds the packages of this system into target/release/bundle. usage: bundle.sh [deb,rpm]
# PARLEY_BUNDLE_PROFILE=debug packs a development build, to try the packing itself.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
kinds=${1:-deb,rpm}
profile=${PARLEY_BUNDLE_PROFILE:-release}
case $profile in
release) flag=--release packing=() ;;
debug) flag='' packing=(--debug) ;;
*) die "PARLEY_BUNDLE_PROFILE is release or debug" ;;
esac
build_ui
step "Building Parley and parleyctl ($profile)"
build cargo build ${flag:+"$flag"} --locked -p parley -p parley-cli
step "Packing $kinds"
# The command line goes along: whoever is helped over the telephone has it at hand.
files=$(printf '{ "/usr/bin/parleyctl": "%s", "/usr/share/metainfo/app.parley.desktop.metainfo.xml": "packaging/app.parley.desktop.metainfo.xml" }' "$target/$profile/parleyctl")
rm -rf "$target/$profile/bundle"
npm --prefix packaging exec --offline --no -- tauri bundle --ci "${packing[@]}" --bundles "$kinds" \
    --config "{ \"bundle\": { \"linux\": { \"deb\": { \"files\": $files }, \"rpm\": { \"files\": $files } } } }"
find "$target/$profile/bundle" -name '*.deb' -o -name '*.rpm'

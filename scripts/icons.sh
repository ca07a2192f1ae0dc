#!/bin/sh
# Draws every icon file from the SVG sources in icons/. Run it after a change of a source and commit the outcome.
# Needs rsvg-convert (librsvg2-bin), convert (imagemagick) and python3.
set -eu
cd "$(dirname "$0")/../icons"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# draw SIZE FILE: the small sizes leave the line out, which would be a grey smear there.
draw() {
    source=parley.svg
    [ "$1" -gt 24 ] || source=parley-small.svg
    rsvg-convert -w "$1" -h "$1" "$source" -o "$2"
}

draw 32 32x32.png
draw 128 128x128.png
draw 256 128x128@2x.png
draw 256 256x256.png
draw 512 512x512.png

# On a dark panel the mark is light, on a light panel it is dark; macOS tints the dark one itself.
rsvg-convert -w 64 -h 64 tray.svg -o tray-light.png
sed 's/color="#000000"/color="#ffffff"/' tray.svg | rsvg-convert -w 64 -h 64 -o tray-dark.png

for size in 16 24 32 48 64 128 256 512 1024; do draw "$size" "$work/$size.png"; done
convert "$work/16.png" "$work/24.png" "$work/32.png" "$work/48.png" "$work/64.png" "$work/256.png" icon.ico

# An icns file is a length-prefixed list of PNGs, each with a four-letter name for its size.
python3 - "$work" <<'PY'
import struct, sys
names = {"icp4": 16, "icp5": 32, "icp6": 64, "ic07": 128, "ic08": 256, "ic09": 512, "ic10": 1024,
         "ic11": 32, "ic12": 64, "ic13": 256, "ic14": 512}
body = b""
for name, size in names.items():
    png = open(f"{sys.argv[1]}/{size}.png", "rb").read()
    body += name.encode() + struct.pack(">I", len(png) + 8) + png
open("icon.icns", "wb").write(b"icns" + struct.pack(">I", len(body) + 8) + body)
PY

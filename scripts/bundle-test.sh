#!/usr/bin/env bash
# Looks into the packages, installs the deb, starts what was installed on a desktop of its own, and removes it again.
# As root, or with PARLEY_BUNDLE_ROOT=unpack: as anybody, the deb is only unpacked into a folder and started there.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
profile=${PARLEY_BUNDLE_PROFILE:-release}
deb=$(find "$target/$profile/bundle/deb" -maxdepth 1 -name '*.deb' 2>/dev/null | head -n 1)
rpm=$(find "$target/$profile/bundle/rpm" -maxdepth 1 -name '*.rpm' 2>/dev/null | head -n 1)
[ -n "$deb" ] || {
    "$root/scripts/bundle.sh"
    exec "$0"
}
work=$(mktemp -d)
started=()
installed=
finish() {
    local pid
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    [ -z "$installed" ] || dpkg -r parley >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

# Fails unless what was listed last has a line that matches.
holds() {
    grep -Eq -- "$1" "$work/list" || die "$2: nothing matches $1 in
$(cat "$work/list")"
}
# Waits until a file has something in it.
appears() {
    local _
    for _ in $(seq 100); do
        [ ! -s "$1" ] || return 0
        sleep 0.1
    done
    die "$1 stays empty"
}
paths=('[ /]usr/bin/parley$' '[ /]usr/bin/parleyctl$' '[ /]usr/share/applications/Parley\.desktop$'
    '[ /]usr/share/icons/hicolor/128x128/apps/parley\.png$' '[ /]usr/share/metainfo/app\.parley\.desktop\.metainfo\.xml$')

step "What is in $(basename "$deb")"
dpkg-deb -c "$deb" >"$work/list"
for path in "${paths[@]}"; do holds "$path" deb; done
! grep -E '^[^d]' "$work/list" | grep -Evq ' (\./|/)?usr/' || die "the deb puts files outside of /usr"
dpkg-deb -I "$deb" >"$work/list"
for line in '^ Package: parley$' '^ Architecture: (amd64|arm64)$' '^ Section: mail$' 'libwebkit2gtk-4.1-0' 'libayatana-appindicator3-1'; do holds "$line" deb; done
dpkg-deb -x "$deb" "$work/tree"
dpkg-deb -e "$deb" "$work/control"
for script in preinst postinst prerm postrm; do
    [ ! -e "$work/control/$script" ] || die "the deb runs $script when it is installed or removed"
done
(cd "$work/tree" && md5sum --quiet -c "$work/control/md5sums") || die "the deb's sums are wrong"

step "What the desktop is told"
desktop=$work/tree/usr/share/applications/Parley.desktop
cp "$desktop" "$work/list"
for line in '^Exec=parley %u$' '^MimeType=x-scheme-handler/parley;$' '^StartupWMClass=parley$' '^Icon=parley$' '^Categories=Office;Email;'; do holds "$line" "the desktop file"; done
desktop-file-validate "$desktop"
appstreamcli validate --no-net "$work/tree/usr/share/metainfo/app.parley.desktop.metainfo.xml"

if [ -n "$rpm" ]; then
    step "What is in $(basename "$rpm")"
    rpm -qpl "$rpm" >"$work/list" 2>/dev/null
    for path in "${paths[@]}"; do holds "$path" rpm; done
    rpm -qpR "$rpm" >"$work/list" 2>/dev/null
    for line in 'webkit2gtk' 'libayatana-appindicator-gtk3'; do holds "$line" rpm; done
    rpm -qp --scripts "$rpm" 2>/dev/null >"$work/list"
    [ ! -s "$work/list" ] || die "the rpm runs scripts when it is installed"
fi

if [ "$(id -u)" = 0 ] && [ "${PARLEY_BUNDLE_ROOT:-}" != unpack ]; then
    dpkg-query -W parley >/dev/null 2>&1 && die "parley is installed already; remove it first, or set PARLEY_BUNDLE_ROOT=unpack"
    step "Installing it"
    dpkg -i "$deb"
    installed=yes
    program=/usr/bin/parley
    tool=/usr/bin/parleyctl
else
    skip "installing the deb (needs root); it is started from the folder it was unpacked to"
    program=$work/tree/usr/bin/parley
    tool=$work/tree/usr/bin/parleyctl
fi
"$tool" --version

step "Starting $program"
mkdir -m 700 "$work/home" "$work/run"
export HOME=$work/home XDG_RUNTIME_DIR=$work/run PARLEY_KEYRING=off NO_AT_BRIDGE=1 GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 WEBKIT_DISABLE_DMABUF_RENDERER=1 GSETTINGS_BACKEND=memory LANG=C.UTF-8
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME PARLEY_DATA_DIR WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
Xvfb -displayfd 3 -screen 0 1440x900x24 -nolisten tcp 3>"$work/display" 2>/dev/null &
started+=($!)
appears "$work/display"
DISPLAY=:$(cat "$work/display")
export DISPLAY
dbus-daemon --session --nofork --print-address=3 3>"$work/bus" 2>/dev/null &
started+=($!)
appears "$work/bus"
DBUS_SESSION_BUS_ADDRESS=$(cat "$work/bus")
export DBUS_SESSION_BUS_ADDRESS
"$program" >"$work/out" 2>&1 &
parley=$!
started+=("$parley")

# A window that is there and shows more than one colour.
colours=0
for _ in $(seq 120); do
    kill -0 "$parley" 2>/dev/null || die "it ended: $(cat "$work/out")"
    window=$(xdotool search --onlyvisible --pid "$parley" 2>/dev/null | head -n 1 || true)
    if [ -n "$window" ]; then
        colours=$(import -window "$window" "$work/window.png" 2>/dev/null && identify -format '%k' "$work/window.png" || echo 0)
        [ "$colours" -gt 50 ] && break
    fi
    sleep 0.5
done
[ "$colours" -gt 50 ] || die "after a minute there is no picture in its window ($colours colours): $(cat "$work/out")"
echo "   its window shows $colours colours"
xprop -id "$window" WM_CLASS 2>/dev/null | grep -q '"parley"' || die "the window's class is not the desktop file's: $(xprop -id "$window" WM_CLASS)"
[ -z "${PARLEY_BUNDLE_PICTURE:-}" ] || cp "$work/window.png" "$PARLEY_BUNDLE_PICTURE"

# A second start hands a link over and ends.
timeout 30 "$program" "parley://conversation/$(printf '0%.0s' $(seq 32))" || die "a second start did not end"
kill -0 "$parley" || die "the first one ended when the second came"
kill "$parley"
for _ in $(seq 100); do kill -0 "$parley" 2>/dev/null || break; sleep 0.1; done
kill -0 "$parley" 2>/dev/null && die "it does not end when it is asked to"

if [ -n "$installed" ]; then
    step "Removing it"
    dpkg -r parley
    installed=
    for path in /usr/bin/parley /usr/bin/parleyctl /usr/share/applications/Parley.desktop /usr/share/metainfo/app.parley.desktop.metainfo.xml /usr/share/icons/hicolor/128x128/apps/parley.png; do
        [ ! -e "$path" ] || die "$path is left behind"
    done
    [ -d "$HOME/.local/share/parley" ] || die "the person's own files are gone"
fi
step "The packages are well"

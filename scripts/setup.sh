#!/usr/bin/env bash
# Installs what is missing and says what and why. usage: setup.sh app|demo|chat|chat-demo|test|lint|bench|bench-ui|bundle|all
# Root is needed for system packages only. Where nothing is missing this is fast and needs no network.
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
what=${1:-all}

# Whether this target is among the given ones.
wanted() {
    local one
    for one in all "$@"; do [ "$what" = "$one" ] && return 0; done
    return 1
}

app_packages=(
    build-essential pkg-config perl file        # compilers; perl configures the database's cryptography
    libwebkit2gtk-4.1-dev libgtk-3-dev          # the window
    libayatana-appindicator3-dev librsvg2-dev   # the tray
    libdbus-1-dev
)
mail_packages=(dovecot-imapd dovecot-lmtpd dovecot-submissiond util-linux)
window_test_packages=(webkit2gtk-driver xvfb dbus dbus-daemon gnome-keyring dunst xdotool imagemagick
    at-spi2-core gir1.2-atspi-2.0 python3-gi    # what a screen reader gets of the window
)
bundle_packages=(rpm desktop-file-utils appstream)

# Those of the given packages that are not installed.
missing_packages() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
    printf '%s\n' "$@" | grep -vxF "$installed" || true
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "root is needed for: $*"
    fi
}

install_packages() {
    local reason=$1 missing
    shift
    if ! have apt-get; then
        have pkg-config && pkg-config --exists webkit2gtk-4.1 && return 0
        die "this is not Debian or Ubuntu; install what corresponds to: $*"
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    step "Installing ${missing[*]} ($reason; needs root)"
    case " ${missing[*]} " in *" dovecot-imapd "*) keep_dovecot_off ;; esac
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# The tests start their own Dovecot; the package would start one for the whole machine.
keep_dovecot_off() {
    [ -d /run/systemd/system ] || return 0
    echo "   Dovecot's system service is kept off (systemctl unmask dovecot brings it back)"
    as_root systemctl mask --quiet dovecot.service dovecot.socket
}

# The same pages run in a browser too. Ubuntu has Chromium only as a snap, which cannot be installed everywhere: there the
# tests that want it say that they are skipped unless CHROMIUM names one.
install_chromium() {
    [ -z "${CHROMIUM:-}" ] && [ "$(. /etc/os-release && echo "$ID")" = debian ] || return 0
    install_packages "to run the window's pages in a browser" chromium
}

install_postfix() {
    [ "$(id -u)" = 0 ] && have apt-get || return 0
    [ -n "$(missing_packages postfix)" ] || return 0
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    install_packages "a second mail server to test against" postfix
}

# npm's packages as the lock file has them, only when it has changed.
install_npm() {
    local folder=$1 stamp=$1/node_modules/.installed
    [ -f "$folder/package-lock.json" ] || return 0
    cmp -s "$folder/package-lock.json" "$stamp" && return 0
    step "Installing $folder's npm packages (its lock file is new or has changed)"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund
    cp "$folder/package-lock.json" "$stamp"
}

install_cargo_tool() {
    local program=$1 version=$2 reason=$3
    have "$program" && return 0
    step "Installing $program $version ($reason; some minutes)"
    cargo install --locked "$program" --version "$version"
}

# A real Matrix homeserver, in a Python of its own in the user's cache. Where it cannot be had, its tests say that they are skipped.
install_synapse() {
    local version=1.163.2 folder=${XDG_CACHE_HOME:-$HOME/.cache}/parley/synapse
    [ -z "${PARLEY_SYNAPSE_PYTHON:-}" ] || return 0
    [ "$(cat "$folder/.installed" 2>/dev/null)" = "$version" ] && return 0
    have python3 || install_packages "for a Matrix homeserver" python3
    python3 -c 'import ensurepip' 2>/dev/null || install_packages "for a Matrix homeserver" python3-venv
    step "Installing the Matrix homeserver Synapse $version into $folder (to try website chat against; some minutes)"
    mkdir -p "$(dirname "$folder")"
    if python3 -m venv --clear "$folder" && "$folder/bin/python" -m pip install -q "matrix-synapse==$version"; then
        echo "$version" >"$folder/.installed"
    else
        skip "Synapse could not be installed: its tests will be left out"
    fi
}

# Programs that only judge ours in tests lie in the user's cache, one folder each, as this version or not at all.
install_prism() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/parley/peers/prism version=5.14.2
    grep -qs "\"version\": \"$version\"" "$folder/node_modules/@stoplight/prism-cli/package.json" && return 0
    step "Installing Prism $version (holds our fakes against the vendors' own documents; 90 MB in $folder)"
    mkdir -p "$folder"
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-save "@stoplight/prism-cli@$version"
}

have cargo || die "Rust is missing: https://rustup.rs"
have npm || die "Node.js 20 or newer with npm is missing: https://nodejs.org"
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || die "Node.js $major is too old, 20 or newer is needed: https://nodejs.org"

wanted app demo chat-demo test lint bench bundle && install_packages "to build Parley" "${app_packages[@]}"
wanted demo test && install_packages "mail servers for the demo and the tests" "${mail_packages[@]}"
wanted test bundle && install_packages "to test the real window" "${window_test_packages[@]}"
wanted bundle && install_packages "to look into the packages" "${bundle_packages[@]}"
wanted test && install_chromium
[ "$what" = bench-ui ] && install_packages "a bare window to compare with" gir1.2-webkit2-4.1 python3-gi
[ "${PARLEY_WITH_POSTFIX:-}" = 1 ] && wanted test && install_postfix
wanted app demo chat-demo test lint bench bundle && install_npm ui
wanted chat chat-demo test lint && install_npm widget
wanted chat-demo test && install_synapse
wanted bundle && install_npm packaging
wanted test && install_npm e2e
wanted test && install_prism
wanted test && install_cargo_tool cargo-nextest 0.9.143 "runs the tests"
wanted test && install_cargo_tool tauri-driver 2.0.5 "drives the real window in tests"
exit 0

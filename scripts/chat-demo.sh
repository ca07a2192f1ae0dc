#!/usr/bin/env bash
# Starts a Matrix homeserver and a small shop with the website chat on this machine, connects Parley with them in a data folder
# of its own, and opens it: write on the page, answer in the window.
# usage: chat-demo.sh   env: PARLEY_CHAT_DEMO=FOLDER where the demo keeps everything (delete it to begin anew)
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

folder=${PARLEY_CHAT_DEMO:-${XDG_DATA_HOME:-$HOME/.local/share}/parley-chat-demo}
data=$folder/parley
servers=

stop_servers() { if [ -n "$servers" ]; then kill "$servers" 2>/dev/null || true; wait "$servers" || true; fi; }
trap stop_servers EXIT

fact() { node -p "JSON.parse(require('fs').readFileSync(process.argv[1])).chat[process.argv[2]]" "$folder/ready" "$1"; }

build_ui
build_widget
step "Building Parley, its command line and the demo's servers"
build cargo build --locked -p parley -p parley-cli -p parley-sandbox

step "Starting the homeserver and the shop"
mkdir -p "$folder"
: >"$folder/ready"
"$target/debug/parley-sandbox" chat-servers --dir "$folder" --script widget/dist/parley-chat.js >"$folder/ready" &
servers=$!
for _ in $(seq 1200); do
    [ -s "$folder/ready" ] && break
    kill -0 "$servers" 2>/dev/null || die "the demo's servers did not start"
    sleep 0.1
done

if [ ! -f "$folder/passphrase" ]; then
    (umask 077 && node -p "require('crypto').randomBytes(16).toString('hex')" >"$folder/passphrase")
fi
# The account knows the homeserver's port; where it had to move, it is set up anew.
if [ "$(cat "$folder/account-at" 2>/dev/null)" != "$(fact homeserver)" ]; then
    step "Setting up the website chat's account"
    rm -rf "$data" "$folder/account-at"
    export PARLEY_DATA_DIR=$data
    node -e 'const f = JSON.parse(require("fs").readFileSync(process.argv[1])).chat;
        process.stdout.write(JSON.stringify({ channel: "webchat", homeserver: f.homeserver, user_id: f.support, name: "Brass & Bulb", registration_token: f.registration_token }))' "$folder/ready" >"$folder/account.json"
    (umask 077 && fact password >"$folder/password")
    "$target/debug/parleyctl" init --passphrase-fd 3 3<"$folder/passphrase"
    "$target/debug/parleyctl" account connect "$folder/account.json" --passphrase-fd 3 --secret-fd 4 3<"$folder/passphrase" 4<"$folder/password"
    rm -f "$folder/password"
    printf '%s' "$(fact homeserver)" >"$folder/account-at"
fi

cat <<END

   Write as a visitor:  $(fact page)
   Close the window to stop everything.

END
PARLEY_DATA_DIR=$data PARLEY_PASSPHRASE_FD=3 "$target/debug/parley" 3<"$folder/passphrase"

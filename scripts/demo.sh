#!/usr/bin/env bash
# Starts mail servers on this machine, sets Parley up with the team's mailbox in a data folder of its own, and opens it.
# usage: demo.sh   env: PARLEY_DEMO=FOLDER where the demo keeps everything (delete it to begin anew)
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

# Mail servers refuse to work as root; the ordinary user they become then must be able to reach the folder.
if [ "$(id -u)" = 0 ]; then default=/var/tmp/parley-demo; else default=${XDG_DATA_HOME:-$HOME/.local/share}/parley-demo; fi
folder=${PARLEY_DEMO:-$default}
data=$folder/parley
servers=

stop_servers() { if [ -n "$servers" ]; then kill "$servers" 2>/dev/null || true; wait "$servers" || true; fi; }
trap stop_servers EXIT

fact() { node -p "JSON.parse(require('fs').readFileSync(process.argv[1]))[process.argv[2]]" "$folder/demo.json" "$1"; }

build_ui
step "Building Parley, its command line and the demo's servers"
build cargo build --locked -p parley -p parley-cli -p parley-sandbox

step "Starting the demo's servers"
mkdir -p "$folder"
ready=$folder/ready
"$target/debug/parley-sandbox" demo-servers --dir "$folder" >"$ready" &
servers=$!
for _ in $(seq 300); do
    [ -s "$ready" ] && break
    kill -0 "$servers" 2>/dev/null || die "the demo's servers did not start"
    sleep 0.1
done

if [ ! -f "$folder/passphrase" ]; then
    (umask 077 && node -p "require('crypto').randomBytes(16).toString('hex')" >"$folder/passphrase")
fi
ports="$(fact imap_port) $(fact smtp_port)"
# The account knows the ports; where the servers had to move, it is set up anew.
if [ "$(cat "$folder/account-ports" 2>/dev/null)" != "$ports" ]; then
    step "Setting up the team's account"
    rm -rf "$data" "$folder/account-ports"
    export PARLEY_DATA_DIR=$data
    (umask 077 && fact password >"$folder/password")
    "$target/debug/parleyctl" init --passphrase-fd 3 3<"$folder/passphrase"
    "$target/debug/parleyctl" account add --address "$(fact address)" \
        --imap-host localhost --imap-port "$(fact imap_port)" --imap-security starttls \
        --smtp-host localhost --smtp-port "$(fact smtp_port)" --smtp-security starttls \
        --trust-certificate "$(fact ca)" --passphrase-fd 3 --password-fd 4 3<"$folder/passphrase" 4<"$folder/password"
    rm -f "$folder/password"
    # Older mail is history and waits for nobody; these two come after the set-up and do.
    "$target/debug/parley-sandbox" write-as-customer --dir "$folder" --subject "Order 1042: the dimmer" \
        --text "Hi, did you find a dimmer that fits? I would love to have the lamp by Friday. Anna"
    "$target/debug/parley-sandbox" write-as-customer --dir "$folder" --from "Omar Haddad <omar@cafe.test>" --subject "Brass lamp" \
        --text "Hello, is the brass lamp from your window still in stock, and what does shipping to the café cost?"
    printf '%s' "$ports" >"$folder/account-ports"
fi

cat <<END

   Write as a customer:  $(fact page)
   or in a shell:        $target/debug/parley-sandbox write-as-customer --dir $folder --subject Hello --text "Is the lamp in stock?"
   Close the window to stop everything.

END
PARLEY_DATA_DIR=$data PARLEY_PASSPHRASE_FD=3 "$target/debug/parley" 3<"$folder/passphrase"

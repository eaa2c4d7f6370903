#!/bin/sh
# Whether a release runs here already and is well, without Python, whose start costs a small board seconds:
#   ssh HOST sh -s -- COMMIT TIME SYSTEM ROOT < unchanged.sh
# TIME is the commit's, in seconds since 1970, SYSTEM the codename that is asked for or "", ROOT stands for /.
# Status 0: it is current and whole, no switch is under way, and the service's last word is "ok", which its watchdog
# holds to be 30 s old at most. Any other status says nothing, and preflight.py finds out. It only reads.
commit=$1 time=$2 system=$3 root=${4%/}
home=$root/opt/kiosk

[ "$(readlink "$home/current")" = "releases/$commit" ] || exit 1
[ ! -e "$home/pending" ] || exit 1
[ "$(date +%s)" -ge "$time" ] || exit 1
. "$root/etc/os-release"
[ "${system:-$VERSION_CODENAME}" = "$VERSION_CODENAME" ] || exit 1

cd "$home/current" || exit 1
[ -s MANIFEST ] || exit 1
cut -c 67- MANIFEST | xargs -d '\n' stat --format= -- > /dev/null 2>&1 || exit 1

told=$(systemctl show kiosk.service --property ActiveState --property StatusText) || exit 1
says() { printf '%s\n' "$told" | grep -qx "$1"; }
says ActiveState=active && says StatusText=ok

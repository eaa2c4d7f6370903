#!/bin/sh
# Makes a kiosk of this Raspberry Pi from the bundle beside this file. No network is needed.
#
#   first-boot.sh enable    have systemd run `install` at each start until it came to its end
#   first-boot.sh start     the same, and begin now (called by cloud-init and by rpi-preseed)
#   first-boot.sh install   unpack, set up, start, look whether it is well, clear the card's open partition, reboot
#
# A cut of power at any moment leads to `install` from its beginning at the next start; each step may be done twice.
# Its lines are in the journal: journalctl -u kiosk-first-boot
set -eu

card=$(cd "$(dirname "$0")" && pwd)
root=${KIOSK_ROOT:-} # a folder that stands for /, in the tests
unit=$root/etc/systemd/system/kiosk-first-boot.service
home=$root/opt/kiosk

enable() {
    mkdir -p "$(dirname "$unit")"
    cat >"$unit" <<END
[Unit]
Description=Make a kiosk of this machine from the bundle on its card
After=local-fs.target resize2fs_once.service rpi-resize.service cloud-final.service
RequiresMountsFor=$card

[Service]
Type=oneshot
ExecStart=/bin/sh $card/first-boot.sh install
TimeoutStartSec=20min
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
END
    sync
    systemctl daemon-reload || true # at the first start there may be no manager to tell
    systemctl enable kiosk-first-boot.service
}

# The folder of a bundle's tool for the device: the same that `make flash HOST=` uses
tool() {
    rm -rf "$home/first-boot"
    mkdir -p "$home/first-boot"
    case $1 in *.zst) unpack=zstd ;; *) unpack=gzip ;; esac
    "$unpack" -dc "$1" | tar -x -C "$home/first-boot" app/deploy
    echo "$home/first-boot/app/deploy/on_device"
}

# private FILE TARGET: off the open partition, to where only root reads it
private() {
    [ -e "$card/$1" ] || return 0
    mkdir -p "$(dirname "$root$2")"
    (umask 077 && cp "$card/$1" "$root$2.new")
    sync "$root$2.new"
    mv "$root$2.new" "$root$2"
}

install() {
    bundle=$(ls "$card"/kiosk-*.tar.*)
    on_device=$(tool "$bundle")
    release=$home/releases/$(cat "$card/COMMIT")
    private kiosk.toml /etc/kiosk/kiosk.toml
    private mqtt-password /etc/kiosk/mqtt-password
    python3 -B "$on_device" install --root "${root:-/}" --bundle "$bundle"
    python3 -B "$release/app/deploy/on_device/setup.py" --root "${root:-/}" --release "$release"
    [ ! -e "$root/etc/kiosk/mqtt-password" ] || chown kiosk "$root/etc/kiosk/mqtt-password"
    # Not well may be no more than a camera or a screen that is not plugged in yet; the service tries on
    python3 -B "$on_device" switch --root "${root:-/}" --attached --window "${KIOSK_WINDOW:-60}" "${release##*/}" ||
        echo "the kiosk is installed, and not well yet: see above"
    [ -e "$home/current" ]
    rm -rf "$home/first-boot" "$card/mqtt-password" "$card/kiosk.toml"
    rm -f "$unit" "$root/etc/systemd/system/multi-user.target.wants/kiosk-first-boot.service"
    sync
    rm -rf "$card"
    sync
    echo "the kiosk is installed; restarting, so that all settings are in force"
    systemctl --no-block reboot
}

case ${1:-} in
    enable) enable ;;
    start) enable && systemctl start --no-block kiosk-first-boot.service ;;
    install) install ;;
    *) echo "first-boot.sh: enable, start or install" >&2 && exit 2 ;;
esac

#!/bin/sh
# An image laid out as Raspberry Pi OS lays its own, of Debian's packages:  card.sh ROOT KERNEL PUBLIC_KEY IMAGE
# ROOT is changed: it gets what common.sh says and, for Trixie, cloud-init, told where Raspberry Pi OS tells it to look.
# KERNEL/initrd mounts the second partition. The key stays out: user, key and name are for the card to give.
set -eu
root=$(realpath "$1") kernel=$(realpath "$2") image=$4
. "$root/usr/lib/os-release"

if [ "$VERSION_CODENAME" = trixie ]; then
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    chroot "$root" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Options::=--force-unsafe-io cloud-init
    rm -rf "$root"/var/lib/apt/lists/*
    # as 99_raspberry-pi.cfg of Raspberry Pi OS
    printf 'datasource_list: [ NoCloud, None ]\ndatasource: { NoCloud: { seedfrom: "file:///boot/firmware" } }\n%s\n%s\n' \
        'ssh_deletekeys: false' 'ssh_genkeytypes: []' > "$root/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg"
else
    printf '[Match]\nName=e*\n[Network]\nDHCP=ipv4\n[DHCPv4]\nUseDNS=no\n' > "$root/etc/systemd/network/10.network"
fi
"$(dirname "$0")/common.sh" "$root" "$kernel" raspberrypi vfat nls_cp437 nls_ascii nls_utf8 nls_iso8859-1
mkdir -p "$root/boot/firmware"
wait=x-systemd.device-timeout=30min # a busy machine takes longer than systemd's 90 s
printf '/dev/vda2 / ext4 noatime,%s 0 1\n/dev/vda1 /boot/firmware vfat %s 0 2\n' $wait $wait > "$root/etc/fstab"

tree=$kernel/initrd.d
mkdir "$tree"
(cd "$tree" && gzip -dc "$kernel/initrd" | cpio -i --quiet && sed -i 's|/dev/vda|/dev/vda2|g' init
    find . | sort | cpio -o -H newc --quiet | gzip -9n > "$kernel/initrd")
rm -r "$tree"

truncate -s 2056M "$image"
printf 'label: dos\nlabel-id: 0xabcd1234\nstart=16384, size=524288, type=c\nstart=540672, type=83\n' | sfdisk -q "$image"
export MTOOLS_SKIP_CHECK=1
mformat -i "$image@@8M" -F -v bootfs -T 524288 -h 255 -s 63 ::
printf 'console=ttyAMA0 root=/dev/vda2 rootfstype=ext4 rootwait net.ifnames=0\n' | mcopy -i "$image@@8M" - ::cmdline.txt
mke2fs -q -t ext4 -d "$root" -E offset=$((540672 * 512)) "$image" 1792M
sha256sum "$image" > "$image.sha256"

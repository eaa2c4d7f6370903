#!/bin/sh
# An image laid out as Raspberry Pi OS lays its own, of Debian's packages:  card.sh ROOT KERNEL PUBLIC_KEY IMAGE
# ROOT is changed: it gets the modules and, for Trixie, cloud-init, told where Raspberry Pi OS tells it to look.
# KERNEL/initrd mounts the second partition. The key stays out: user, key and name are for the card to give.
set -eu
root=$(realpath "$1") kernel=$(realpath "$2") image=$4 version=$(cat "$2/version")
. "$root/usr/lib/os-release"

for name in vivid virtio_net virtio_rng vfat nls_cp437 nls_ascii nls_utf8 nls_iso8859-1 zram; do
    modprobe -S "$version" -d "$kernel/modules" --show-depends "$name" 2>/dev/null || true
done | awk '/^insmod/ && !seen[$2]++ {print $2}' | while read -r module; do
    to=$root/usr/lib/modules/$version/${module#*"/modules/$version/"}
    mkdir -p "$(dirname "$to")"
    cp "$module" "$to"
done
for file in modules.builtin modules.order modules.builtin.modinfo; do
    cp "$kernel/modules/lib/modules/$version/$file" "$root/usr/lib/modules/$version/"
done
depmod -b "$root" "$version"
printf 'vivid\nvirtio_net\nvirtio_rng\n' > "$root/etc/modules-load.d/machine.conf"
echo 'options vivid n_devs=1 node_types=0x1 input_types=0x0' > "$root/etc/modprobe.d/vivid.conf"
echo 'ACTION=="add", SUBSYSTEM=="video4linux", RUN+="/usr/bin/v4l2-ctl -d $devnode -c horizontal_movement=5"' \
    > "$root/etc/udev/rules.d/90-vivid.rules"

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
system=$root/etc/systemd/system
mkdir -p "$system/multi-user.target.wants" "$root/boot/firmware"
ln -sf /usr/lib/systemd/system/systemd-networkd.service "$system/multi-user.target.wants/"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    systemd-networkd-wait-online.service getty@tty1.service serial-getty@ttyAMA0.service fstrim.timer; do
    ln -sf /dev/null "$system/$unit"
done
echo raspberrypi > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 raspberrypi\n' > "$root/etc/hosts"
wait=x-systemd.device-timeout=30min # a busy machine takes longer than systemd's 90 s
printf '/dev/vda2 / ext4 noatime,%s 0 1\n/dev/vda1 /boot/firmware vfat %s 0 2\n' $wait $wait > "$root/etc/fstab"
ls "$root"/etc/ssh/ssh_host_*_key > /dev/null 2>&1 || ssh-keygen -A -f "$root" > /dev/null
: > "$root/etc/machine-id"

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

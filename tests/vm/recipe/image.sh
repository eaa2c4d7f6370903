#!/bin/sh
# A root and its kernel into a disk that boots to sshd and a virtual camera:  image.sh ROOT KERNEL PUBLIC_KEY DISK
# ROOT is changed: it gets the modules, a user pi with the key and sudo, one camera that moves, and a wired network.
set -eu
root=$(realpath "$1") kernel=$(realpath "$2") key=$3 disk=$4 version=$(cat "$2/version")

for name in vivid virtio_net virtio_rng overlay loop zram; do
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
# One camera, not four and a radio; its picture moves, for a still one is rightly taken for a camera that froze.
echo 'options vivid n_devs=1 node_types=0x1 input_types=0x0' > "$root/etc/modprobe.d/vivid.conf"
echo 'ACTION=="add", SUBSYSTEM=="video4linux", RUN+="/usr/bin/v4l2-ctl -d $devnode -c horizontal_movement=5"' \
    > "$root/etc/udev/rules.d/90-vivid.rules"

echo kiosk-vm > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 kiosk-vm\n' > "$root/etc/hosts"
printf '[Match]\nName=e*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n[DHCPv4]\nUseDNS=no\n' \
    > "$root/etc/systemd/network/10-wired.network"
system=$root/etc/systemd/system
mkdir -p "$system/multi-user.target.wants"
ln -sf /usr/lib/systemd/system/systemd-networkd.service "$system/multi-user.target.wants/"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    systemd-networkd-wait-online.service getty@tty1.service serial-getty@ttyAMA0.service fstrim.timer; do
    ln -sf /dev/null "$system/$unit"
done

echo 'pi:x:1000:1000::/home/pi:/bin/bash' >> "$root/etc/passwd"
echo 'pi:*:20000:0:99999:7:::' >> "$root/etc/shadow"
echo 'pi:x:1000:' >> "$root/etc/group"
sed -i 's/^video:\(.*\):$/video:\1:pi/' "$root/etc/group"
mkdir -p "$root/home/pi/.ssh"
cp "$key" "$root/home/pi/.ssh/authorized_keys"
chown -R 1000:1000 "$root/home/pi"
chmod 700 "$root/home/pi/.ssh"
chmod 600 "$root/home/pi/.ssh/authorized_keys"
echo 'pi ALL=(ALL) NOPASSWD:ALL' > "$root/etc/sudoers.d/pi"
chmod 440 "$root/etc/sudoers.d/pi"
ls "$root"/etc/ssh/ssh_host_*_key > /dev/null 2>&1 || ssh-keygen -A -f "$root" > /dev/null
echo 'UseDNS no' >> "$root/etc/ssh/sshd_config"
: > "$root/etc/machine-id"
echo '/dev/vda / ext4 noatime,commit=5 0 1' > "$root/etc/fstab"
mke2fs -q -t ext4 -d "$root" "$disk" 4G

#!/bin/sh
# A root and its kernel into a disk that boots to sshd and a virtual camera:  image.sh ROOT KERNEL PUBLIC_KEY DISK
# ROOT is changed: it gets what common.sh says, a user pi with the key and sudo, and a wired network.
set -eu
root=$(realpath "$1") key=$3 disk=$4
"$(dirname "$0")/common.sh" "$root" "$2" kiosk-vm overlay loop

printf '[Match]\nName=e*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n[DHCPv4]\nUseDNS=no\n' \
    > "$root/etc/systemd/network/10-wired.network"
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
echo 'UseDNS no' >> "$root/etc/ssh/sshd_config"
echo '/dev/vda / ext4 noatime,commit=5 0 1' > "$root/etc/fstab"
mke2fs -q -t ext4 -d "$root" "$disk" 4G

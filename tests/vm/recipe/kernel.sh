#!/bin/sh
# Kernel, modules and an initrd of 2 MB from the packages that root.sh fetched:  kernel.sh DEBS OUT
# Leaves OUT/vmlinuz, OUT/initrd, OUT/modules (the tree that depmod and modprobe read) and OUT/version.
set -eu
debs=$(realpath "$1") out=$(realpath -m "$2")
mkdir -p "$out/modules"
for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$out/modules"; done
# Trixie's packages put modules under usr/lib/modules
[ -d "$out/modules/lib/modules" ] || { mkdir -p "$out/modules/lib"; ln -s ../usr/lib/modules "$out/modules/lib/modules"; }
version=$(ls "$out/modules/lib/modules")
depmod -b "$out/modules" "$version"
echo "$version" > "$out/version"
cp "$out/modules/boot/vmlinuz-$version" "$out/vmlinuz"

tree=$out/initrd.d
mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/newroot" "$tree/mod"
cp "$(find "$out/modules" -name busybox -type f -path '*bin/*')" "$tree/bin/busybox"
# What a virtio disk with ext4 needs, and the watchdog, which a Pi has built in; each after its own needs.
for name in virtio_pci virtio_mmio virtio_blk ext4 crc32c_generic i6300esb; do
    modprobe -S "$version" -d "$out/modules" --show-depends "$name" 2>/dev/null || true
done | awk '/^insmod/ && !seen[$2]++ {print $2}' > "$out/needed"
number=10
while read -r module; do
    name=$(basename "${module%.xz}")
    case $module in
        *.xz) xz -dc "$module" > "$tree/mod/$number-$name" ;;
        *) cp "$module" "$tree/mod/$number-$name" ;;
    esac
    number=$((number + 1))
done < "$out/needed"
cat > "$tree/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc; /bin/busybox mount -t sysfs sys /sys; /bin/busybox mount -t devtmpfs dev /dev
for module in /mod/*.ko; do /bin/busybox insmod $module; done
i=0; while [ ! -b /dev/vda ] && [ $i -lt 100 ]; do /bin/busybox sleep 0.1; i=$((i + 1)); done
/bin/busybox mount -t ext4 -o rw,noatime /dev/vda /newroot || exec /bin/busybox poweroff -f
/bin/busybox mount --move /dev /newroot/dev; /bin/busybox umount /proc /sys
exec /bin/busybox switch_root /newroot /sbin/init
INIT
chmod +x "$tree/init"
(cd "$tree" && find . | sort | cpio -o -H newc --quiet | gzip -9n) > "$out/initrd"
rm -r "$tree" "$out/needed"

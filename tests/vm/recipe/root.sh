#!/bin/sh
# An arm64 root with systemd, sshd and Python, and the packages of its kernel beside it:  root.sh SUITE DIR
# Leaves DIR/root and DIR/debs. Needs root, binfmt_misc in the kernel, and the packages that artefacts.py names.
set -eu
suite=$1 dir=$2
mkdir -p "$dir/debs"
[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64

# Without dbus every systemctl of a user but root fails; v4l-utils sets the virtual camera moving.
packages=systemd-sysv,dbus,udev,kmod,openssh-server,iproute2,python3,sudo,rsync,procps,zstd,v4l-utils
# The kernel is fetched, not installed: its scripts take 24 minutes under emulation.
cat > "$dir/fetch" <<'FETCH'
#!/bin/sh
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
kernel=$(apt-cache depends linux-image-arm64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
cd "$1" && apt-get download "$kernel" busybox-static
FETCH
chmod +x "$dir/fetch"
mmdebstrap --quiet --arch=arm64 --variant=minbase --mode=root --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="$dir/fetch $dir/debs" "$suite" "$dir/root"
rm "$dir/fetch"

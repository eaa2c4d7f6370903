#!/bin/sh
# A Debian 13 root of this machine's own architecture with libcamera's virtual camera and the real picamera2:
#     root.sh DIR        leaves DIR/root; needs root, mmdebstrap, and the network for apt and pip
set -eu
root=$1/root
mmdebstrap --quiet --variant=minbase --mode=root --dpkgopt=force-unsafe-io \
    --include=libcamera-tools,libcamera-ipa,python3-libcamera,python3-venv,python3-dev,gcc,libc6-dev,libcap-dev,ca-certificates \
    trixie "$root"
# as this machine resolves and trusts, so does the root
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
chroot "$root" python3 -m venv --system-site-packages /venv
chroot "$root" /venv/bin/pip install --quiet picamera2==0.3.38 opencv-python-headless==4.11.0.86
mkdir -p "$root/usr/share/libcamera/pipeline/virtual" "$root/repository"
cat > "$root/usr/share/libcamera/pipeline/virtual/virtual.yaml" <<'YAML'
"Virtual0":
  supported_formats:
  - width: 640
    height: 480
    frame_rates: [30]
  test_pattern: "bars"
  location: "CameraLocationFront"
  model: "imx708-virtual"
YAML

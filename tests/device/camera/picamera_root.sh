#!/bin/sh
# Makes a folder with Debian 13, libcamera's virtual camera and the real picamera2 (3 minutes, 1 GB; as root):
#     sh tests/device/camera/picamera_root.sh ROOT && PICAMERA_ROOT=ROOT make test
set -eu
root=${1:?usage: picamera_root.sh ROOT}
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt install mmdebstrap" >&2; exit 2; }
mmdebstrap --variant=minbase --mode=root --include=libcamera-tools,libcamera-ipa,python3-libcamera,\
python3-venv,python3-dev,gcc,libc6-dev,libcap-dev,ca-certificates trixie "$root"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"  # as the host trusts, so does the root
chroot "$root" python3 -m venv --system-site-packages /venv
chroot "$root" /venv/bin/pip install -q picamera2==0.3.38 opencv-python-headless==4.11.0.86
mkdir -p "$root/usr/share/libcamera/pipeline/virtual" "$root/repo"
cat >"$root/usr/share/libcamera/pipeline/virtual/virtual.yaml" <<'YAML'
"Virtual0":
  supported_formats:
  - width: 640
    height: 480
    frame_rates: [30]
  test_pattern: "bars"
  location: "CameraLocationFront"
  model: "imx708-virtual"
YAML

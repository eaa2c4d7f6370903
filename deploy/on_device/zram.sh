#!/bin/sh
# Half of the memory as compressed swap, once. A kernel without zram is said and is no failure.
set -eu
grep -q '^/dev/zram' /proc/swaps && exit 0
modprobe zram 2>/dev/null || { echo "this kernel has no zram; there is no swap"; exit 0; }
kib=$(awk '/^MemTotal:/ {print int($2 / 2)}' /proc/meminfo)
device=$(zramctl --find --size "${kib}KiB")
mkswap --label zram "$device" >/dev/null
swapon --priority 100 "$device"
echo "$device: $kib KiB of compressed swap"

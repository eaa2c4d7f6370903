"""How hot the processor is, and whether the board holds it back."""

from __future__ import annotations

from pathlib import Path

ZONES = Path("/sys/class/thermal")
FIRMWARE = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")  # Raspberry Pi kernels
VCGENCMD = "vcgencmd"  # the same word where the kernel does not show it

# bits of the firmware's word that speak of now; bits 16 and up speak of since boot
THROTTLED = {
    0: "the supply voltage is too low",
    1: "the processor's frequency is capped",
    2: "the processor is throttled",
    3: "the soft temperature limit is reached",
}


class Thermometer:
    """Reads the kernel's thermal zones and the Pi's throttling word; both may be absent."""

    def __init__(self, zones: Path = ZONES, firmware: Path = FIRMWARE, vcgencmd: str = VCGENCMD):
        self._zones = sorted(zones.glob("thermal_zone*/temp"))
        self._firmware = firmware if firmware.exists() else None
        self._vcgencmd = None
        if self._firmware is None:
            from shutil import which

            self._vcgencmd = which(vcgencmd)

    def celsius(self) -> float | None:
        """The hottest zone in °C, None where there is none. The kernel gives milli-degrees."""
        readings = [int(text) / 1000 for text in map(_text, self._zones) if text]
        return max(readings, default=None)

    def throttled(self) -> list[str]:
        """What holds the processor back now, in words; empty when nothing does or nothing is known."""
        word = self._word()
        return [words for bit, words in THROTTLED.items() if word >> bit & 1]

    def _word(self) -> int:
        if self._firmware is not None:
            return int(_text(self._firmware) or "0", 16)
        if self._vcgencmd is None:
            return 0
        import subprocess  # two megabytes that only boards with vcgencmd need

        try:
            answer = subprocess.run(
                [self._vcgencmd, "get_throttled"], capture_output=True, text=True, timeout=1, check=True
            )
            return int(answer.stdout.strip().removeprefix("throttled="), 16)  # "throttled=0x50005"
        except (OSError, subprocess.SubprocessError, ValueError):
            return 0


def _text(path: Path) -> str:
    """The file's content without its newline, empty when it cannot be read just now."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""

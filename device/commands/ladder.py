"""`python -m device ladder`: what the recovery ladder did on this machine; systemd's units count with it.

`boot` and `shutdown` note the machine's, and `reboot` decides whether the machine is to be restarted: it is
when the status is 0. deploy/README.md has the ladder as a table.
"""

from __future__ import annotations

import logging
from argparse import ArgumentParser, Namespace

from device.app.ladder import COUNTERS, LadderFile, State, settings_are_wrong
from device.app.reboot_limit import REBOOTS_A_DAY, outlives_reboots, within_a_day

STATE = "/var/lib/kiosk"
ORDERLY_END = "orderly_end"  # the mark of deploy/on_device/after_end.sh

log = logging.getLogger(__name__)


def add_options(parser: ArgumentParser) -> None:
    """What happened; without it, the counters are shown."""
    parser.add_argument("event", nargs="?", choices=("boot", "shutdown", "reboot"))
    parser.add_argument("why", nargs="?", default="service", choices=("service", "network"))


def main(args: Namespace) -> int:
    """Count the event, or show the counters; 1 when the machine is not to be restarted."""
    file = LadderFile.from_environment(state=STATE)
    state = file.read()
    if args.event is None:
        for name, meaning in COUNTERS.items():
            print(f"{state['counters'][name]:>7}  {name:<17}{meaning}")
        return 0
    if args.event == "boot":
        note_boot(state, file.boot)
    elif args.event == "shutdown":
        state["orderly"] = True
    else:
        return decide(file, state, args.why)
    file.write(state, to_card=True)
    return 0


def note_boot(state: State, boot: str) -> None:
    """The machine came up. Said twice in a boot, it changes nothing."""
    if state["boot"] == boot:
        return
    if not state["reboot_asked"]:
        state["ran_s"] = []
        state["counters"]["unclean_boots"] += bool(state["boot"]) and not state["orderly"]
    state["boot"], state["reboot_asked"], state["orderly"] = boot, False, False


def decide(file: LadderFile, state: State, why: str) -> int:
    """0 when the machine is to be restarted now, having noted it; else 1, having said why not."""
    if why == "service" and file.copy and (file.copy.parent / ORDERLY_END).exists():
        log.warning("kiosk.service ended as it was asked to; the machine is not restarted for that")
        return 1
    if why == "service" and settings_are_wrong(state):
        log.error("a setting is wrong (status 2), which no restart mends; see journalctl -u kiosk")
        return 1
    ran = file.clock()
    if within_a_day(state["ran_s"], ran) >= REBOOTS_A_DAY:
        state["counters"]["reboots_withheld"] += 1
        file.write(state)
        log.error(
            "%d restarts of the machine within a day did not help: it stays up; see journalctl -u kiosk "
            "and /var/lib/kiosk/last-fault.log",
            REBOOTS_A_DAY,
        )
        return 1
    if file.card is None or not outlives_reboots(file.card.parent):
        log.error("%s is lost at a restart, so nobody could count them: the machine stays up", file.card)
        return 1
    state["ran_s"] = [*state["ran_s"], round(ran, 1)][-REBOOTS_A_DAY:]
    state["counters"]["reboots"] += 1
    state["reboot_asked"] = True
    file.write(state, to_card=True)
    log.error("restarting the machine, since the %s did not come back by itself", why)
    return 0

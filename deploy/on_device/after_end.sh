#!/bin/sh
# After the program's end, by ExecStopPost= of kiosk.service: an orderly one leaves a mark, any other is counted.
# One that somebody asked for is orderly, too, if it took force: systemd has a job for it while this runs.
# Python is not started for them, for an update waits until this is over, and a Zero 2 W starts it slowly.
mark=$RUNTIME_DIRECTORY/orderly_end
was_asked_for() { systemctl list-jobs --plain --no-legend kiosk.service 2>/dev/null | grep -Eq ' (stop|restart) '; }
if [ "$SERVICE_RESULT" = success ] || was_asked_for; then exec touch "$mark"; fi
rm -f "$mark"
exec /usr/bin/python3 -m device ladder stopped

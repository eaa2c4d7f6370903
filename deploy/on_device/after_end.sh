#!/bin/sh
# After the program's end, by ExecStopPost= of kiosk.service: an orderly one leaves a mark, any other is counted. One
# that somebody asked for is orderly, too, if it took force: systemd has a job for it while this runs. Python is not
# started for them, for an update waits until this is over.
# It is root, outside the service's sandbox, whose making costs a small board a second; the marks are the kiosk's.
as_kiosk() { setpriv --reuid=kiosk --regid=kiosk --init-groups --bounding-set=-all --no-new-privs -- "$@"; }
was_asked_for() { systemctl list-jobs --plain --no-legend kiosk.service 2>/dev/null | grep -Eq ' (stop|restart) '; }

mark=$RUNTIME_DIRECTORY/orderly_end
if [ "$SERVICE_RESULT" = success ] || was_asked_for; then
    as_kiosk touch "$mark"
else
    rm -f "$mark"
    as_kiosk /usr/bin/python3 -m device ladder stopped
fi

#!/bin/sh
# After the program's end, by ExecStopPost= of kiosk.service: an orderly one leaves a mark, any other a line in `ends`,
# which the next start counts (device/app/ladder.py). One that somebody asked for is orderly, too, if it took force:
# systemd has a job for it while this runs. No Python is started, for the next start waits until this is over.
# It is root, outside the service's sandbox, whose making costs a small board a second; the marks are the kiosk's.
as_kiosk() { setpriv --reuid=kiosk --regid=kiosk --init-groups --bounding-set=-all --no-new-privs -- "$@"; }
was_asked_for() { systemctl list-jobs --plain --no-legend kiosk.service 2>/dev/null | grep -Eq ' (stop|restart) '; }

mark=$RUNTIME_DIRECTORY/orderly_end
if [ "$SERVICE_RESULT" = success ] || was_asked_for; then
    as_kiosk touch "$mark"
else
    rm -f "$mark"
    as_kiosk sh -c 'echo "$1 $2" >> "$3"' sh "$SERVICE_RESULT" "$EXIT_STATUS" "$RUNTIME_DIRECTORY/ends"
fi

#!/bin/sh
# After the program's end, by ExecStopPost= of kiosk.service: an orderly one leaves a mark, any other is counted.
# Python is not started for the first, for an update waits until this is over, and a Zero 2 W starts it slowly.
mark=$RUNTIME_DIRECTORY/orderly_end
[ "$SERVICE_RESULT" = success ] && exec touch "$mark"
rm -f "$mark"
exec /usr/bin/python3 -m device ladder stopped

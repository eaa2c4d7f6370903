"""`python -m deploy flash`: said here, not yet done here."""

import sys

print(
    "deploy: putting the application on a Raspberry Pi from here is not there yet.\n"
    "Until then, on the Pi itself: clone the repository and run `make run`.",
    file=sys.stderr,
)
sys.exit(2)

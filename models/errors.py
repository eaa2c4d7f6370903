"""How a command of the workstation ends that cannot do its work: one sentence, and status 2."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable

from device.errors import DeviceError
from models.data.datasets import DataError

UNUSABLE = 2  # exit status: wrong names, missing files, the wrong environment


def told(program: str, command: str, run: Callable[[], int]) -> int:
    """The exit status of `run`; what it raises for its user becomes one sentence on the standard error."""
    try:
        return run()
    except ModuleNotFoundError as error:
        text = (
            f"{error.name} is not installed here: run `make training`, then "
            f".venv-train/bin/python -m {program} {command}"
        )
    except tomllib.TOMLDecodeError as error:
        text = f"the configuration is not TOML: {error}"
    except (DeviceError, DataError) as error:
        text = str(error)
    except OSError as error:
        text = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    print(f"{program} {command}: {text}", file=sys.stderr)
    return UNUSABLE

"""Imports libraries without what they never need here: OpenSSL, and uvicorn's command line.

Without OpenSSL, where nothing is encrypted, 4 MiB less are held, and 3 more of its pages. uvicorn's command
line brings click and multiprocessing, which cost a start more time than the page's own modules.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


class _Never(OSError):
    """An error of TLS, which is never raised without it."""


# What libraries want of `ssl` while they are imported, for defaults and types that we do not use: uvicorn the
# numbers, prometheus_client the types. paho-mqtt catches the errors.
NAMES = {
    "PROTOCOL_TLS_CLIENT": 16,
    "PROTOCOL_TLS_SERVER": 17,
    "CERT_NONE": 0,
    "SSLContext": object,
    "TLSVersion": object,
    "SSLWantReadError": _Never,
    "SSLWantWriteError": _Never,
}


@contextmanager
def without_ssl(*first: str) -> Iterator[None]:
    """While this lasts, libraries are imported as on a Python that was built without OpenSSL.

    The modules `first`, which are made for that, are told that there is none; what comes later gets `NAMES`.
    None of them can encrypt for the rest of the process. Does nothing where `ssl` is loaded already.
    """
    if "_ssl" in sys.modules:
        yield
        return
    lazy = sys.modules.pop("ssl", None)
    sys.modules["ssl"] = None  # type: ignore[assignment]  # "not there", to all who import it
    try:
        for name in first:
            importlib.import_module(name)
        stand_in = ModuleType("ssl")
        vars(stand_in).update(NAMES)
        sys.modules["ssl"] = stand_in
        yield
    finally:
        del sys.modules["ssl"]
        if lazy is not None:
            sys.modules["ssl"] = lazy


@contextmanager
def without_uvicorn_command() -> Iterator[None]:
    """While this lasts, `import uvicorn` leaves out `uvicorn.main`, its command line."""
    if "uvicorn.main" in sys.modules:
        yield
        return
    stand_in = ModuleType("uvicorn.main")
    vars(stand_in).update(Server=None, main=None, run=None)
    sys.modules["uvicorn.main"] = stand_in
    try:
        yield
    finally:
        del sys.modules["uvicorn.main"]

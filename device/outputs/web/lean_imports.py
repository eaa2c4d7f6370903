"""Imports the server without OpenSSL where nothing is encrypted: 4 MiB less."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without_ssl() -> Iterator[None]:
    """While this lasts, asyncio and uvicorn are imported as on a Python that was built without OpenSSL.

    asyncio is made for that; uvicorn wants two numbers for defaults that we do not use. Does nothing where
    `ssl` is loaded already, or asyncio is and so has it.
    """
    if "_ssl" in sys.modules or "asyncio" in sys.modules:
        yield
        return
    lazy = sys.modules.pop("ssl", None)
    sys.modules["ssl"] = None  # type: ignore[assignment]  # "not there", to all who import it
    try:
        importlib.import_module("asyncio")
        stand_in = ModuleType("ssl")
        stand_in.PROTOCOL_TLS_SERVER, stand_in.CERT_NONE = 16, 0  # type: ignore[attr-defined]
        sys.modules["ssl"] = stand_in
        yield
    finally:
        del sys.modules["ssl"]
        if lazy is not None:
            sys.modules["ssl"] = lazy

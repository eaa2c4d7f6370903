"""The page over TLS, where a certificate and its key are given. Loaded only then: OpenSSL takes 4 MiB."""

from __future__ import annotations

import ssl

from device.errors import ConfigError


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """What the server needs, of two PEM files. Raises ConfigError for files that are none, or no pair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = error.strerror or getattr(error, "reason", None) if isinstance(error, OSError) else error
        raise ConfigError(
            f"web.certificate = {certificate!r} and web.key = {key!r} are no pair that can be used "
            f"({reason}); both must be PEM files, the key without a password."
        ) from None
    return context


def _no_password() -> str:
    """Answer OpenSSL, which would ask at the terminal and wait."""
    raise ValueError("the key has a password")

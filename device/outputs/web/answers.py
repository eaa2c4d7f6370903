"""What the interfaces for programs say when they do not do what was asked."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


def refused(status: int, sentence: str) -> Response:
    """A 4xx in one sentence."""
    return PlainTextResponse(f"{status}. {sentence}\n", status)


def unless_json(request: Request) -> Response | None:
    """The refusal of a request that is not JSON: a foreign page could send others from a browser unasked."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    return None if kind == "application/json" else refused(415, "Send application/json.")

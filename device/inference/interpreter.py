"""The one place that knows both TFLite interpreters: ai_edge_litert and its ancestor tflite_runtime."""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from device.errors import ModelError

PACKAGES = ("ai_edge_litert", "tflite_runtime")  # "auto" takes the first that is there: it is faster on int8


def available() -> list[str]:
    """The interpreter packages installed here, the preferred one first."""
    return [name for name in PACKAGES if find_spec(name) is not None]


def choose(package: str = "auto") -> str:
    """The package to use. Raises ModelError when it, or for "auto" any, is not installed."""
    found = available()
    if package == "auto" and found:
        return found[0]
    if package in found:
        return package
    raise ModelError(
        f"no TFLite interpreter {package!r} here (found: {', '.join(found) or 'none'}); "
        f"allowed: auto, {', '.join(PACKAGES)}; run `make setup`"
    )


@contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Keep the C++ library's start-up log off the operator's screen; errors come as exceptions."""
    stderr = os.dup(2)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(devnull)


def _raise_if_no_descriptor_is_left(graph: Path | str | bytes) -> None:
    """The interpreters say of a file that they cannot open only that there is no graph in it."""
    if isinstance(graph, bytes):
        return
    try:
        os.close(os.open(graph, os.O_RDONLY))
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise


class Model:
    """One TFLite graph with its tensors allocated, a single input and any number of outputs.

    `graph` is a file, or its bytes. `threads` is the number of CPU threads XNNPACK may use, 1 or
    more. Raises ModelError when the file is missing or no graph of this interpreter.
    """

    def __init__(self, graph: Path | str | bytes, interpreter: str = "auto", threads: int = 1):
        self.package = choose(interpreter)
        module = importlib.import_module(f"{self.package}.interpreter")
        source = {"model_content": graph} if isinstance(graph, bytes) else {"model_path": str(graph)}
        try:
            with _silenced_stderr():
                try:
                    self._graph = module.Interpreter(**source, num_threads=threads)
                except ValueError:
                    _raise_if_no_descriptor_is_left(graph)
                    raise
                self._graph.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            name = "these bytes" if isinstance(graph, bytes) else graph
            raise ModelError(f"{name}: {self.package} cannot load the model ({error})") from error
        details: list[dict[str, Any]] = self._graph.get_output_details()
        self.input: dict[str, Any] = self._graph.get_input_details()[0]
        self.outputs = sorted(details, key=lambda detail: str(detail["name"]))
        self._indices = [detail["index"] for detail in self.outputs]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input tensor, (1, height, width, 3)."""
        return tuple(int(n) for n in self.input["shape"])

    def run(self, tensor: NDArray[Any], first: int | None = None) -> list[NDArray[Any]]:
        """Outputs for one input of the graph's own shape and dtype, in the order of their names: all of
        them, or so many of the first.

        The arrays are copies, small for the graphs used here.
        """
        self._graph.set_tensor(self.input["index"], tensor)
        self._graph.invoke()
        return [self._graph.get_tensor(index) for index in self._indices[:first]]

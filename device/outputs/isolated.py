"""An output that may fail alone: the disk fills, a screen goes away, and the loop goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from device.errors import OutputLostError
from device.frame import Image
from device.person import Person

if TYPE_CHECKING:
    from device.outputs.output import Output


class Isolated:
    """Passes everything on to `output` until that fails once; says why, closes it, and wants no more."""

    def __init__(self, output: Output, report: Callable[[str], None]) -> None:
        self.name = output.name
        self.optional = output.optional
        self._output: Output | None = output
        self._report = report
        self._failed = False

    @property
    def lost(self) -> bool:
        """Whether it was asked for and is away, for good or until it comes back."""
        return self._failed or bool(getattr(self._output, "lost", False))

    def wanted(self) -> bool:
        """Whether the output wants the next picture; never again after a failure. Raises OutputLostError."""
        if self._output is None:
            return False
        try:
            return self._output.wanted()
        except OutputLostError:
            raise
        except Exception as error:
            return self._fail(error)

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Pass the picture on; an error ends this output only."""
        if self._output is None:
            return
        try:
            self._output.show(image, persons, t)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> bool:
        """Report it and close; the answer to whether anything is wanted from now on."""
        self._failed = True
        self._report(
            f"--output {self.name}: {str(error).rstrip('.')}. This output is closed; the others go on."
        )
        self.close()
        return False

    def close(self) -> None:
        """Close the output; an error in doing so is said, not raised."""
        output, self._output = self._output, None
        if output is None:
            return
        try:
            output.close()
        except Exception as error:
            self._report(f"--output {self.name}: could not be closed properly: {error}")

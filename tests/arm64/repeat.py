"""One model run so many times, for counting: `python -m tests.arm64.repeat MODEL INTERPRETER TIMES`."""

import sys

import numpy as np

from device.inference.interpreter import Model


def main(path: str, interpreter: str, times: str) -> None:
    """Runs the model on a grey picture."""
    model = Model(path, interpreter)
    tensor = np.zeros(model.input_shape, model.input["dtype"])
    for _ in range(int(times)):
        model.run(tensor)


if __name__ == "__main__":
    main(*sys.argv[1:])

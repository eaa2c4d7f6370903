"""A training that diverges ends at once, names the place, and leaves the last checkpoint as it was."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")
keras = pytest.importorskip("keras", reason="needs the workstation's set (make train makes it)")
if keras.backend.backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, as .ci/run sets it", allow_module_level=True)

from models.training import train  # noqa: E402
from models.training.split import Course  # noqa: E402

SETTINGS = {"phase": "phase 3 of age", "rate": 0.1, "decay": 0.0, "average": 0.9, "balance": 0.0, "batch": 2,
            "seed": 0, "epochs": 2, "warmup": 0.5, "bfloat16": False}  # fmt: skip


class Line(torch.nn.Module):
    """Ages from the brightest pixel by one weight."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, pixels):
        return pixels.amax((1, 2, 3)) * self.weight, None

    def loss(self, pixels, ages):
        return (self(pixels)[0] - ages).abs().mean()


def test_a_loss_that_is_no_number_stops_the_run_with_its_phase_epoch_and_step(tmp_path):
    drawn = []

    def draw(i, rng):
        drawn.append(i)
        age = np.nan if len(drawn) == 7 else 20.0  # four faces an epoch: the second epoch's second step
        return np.full((2, 2, 3), 10, np.uint8), np.float32(age)

    held = {name: np.zeros((1, 2, 2, 3), np.uint8) for name in ("stored", "aligned")}
    model = Line()
    course = Course(np.full(4, 20.0, np.float32), draw, held, np.zeros(1, np.float32))
    with pytest.raises(train.Diverged, match=r"phase 3 of age: the loss is nan in epoch 2, step 2 of 2"):
        train.train(model, SETTINGS, course, tmp_path)
    assert torch.isfinite(model.weight).all()
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["done"] == 1

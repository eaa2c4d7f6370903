"""SSR-Net as it is trained: its loss under a teacher, on torch's kernels."""

from __future__ import annotations

import tomllib

import keras
import torch
import torch.nn.functional as F
from torch import nn

from device.inference.model_files import MODELS
from models.network.ssrnet import SPAN, from_settings, regress
from models.training import teacher, torch_kernels
from models.training.attributes import attribute_loss


class Student(nn.Module):
    """SSR-Net, with a linear reading of its features as a distribution of ages that only training sees."""

    def __init__(self, settings: dict):
        super().__init__()
        self.net = from_settings(settings)
        flats = [layer.output for layer in self.net.layers if layer.name.endswith("_flat")]
        self.graph = keras.Model(self.net.input, [*self.net.outputs, *flats])
        self.count = 3 * len(settings["stages"])  # of the age's own tensors
        self.has_attributes = settings.get("attributes", False)
        self.weights_of_loss = settings["loss"]  # each phase may set others
        self.leak, self.dropout = 0.0, True  # of `torch_kernels.Mode`; each phase sets them
        self.reading = nn.Linear(sum(flat.shape[1] for flat in flats), teacher.YEARS)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Ages (batch,) in years, logits over whole years (batch, 101), attributes (batch, 6) or None.

        Outside of training the ages are clipped to 0…101; in it every face keeps a gradient.
        """
        mode = torch_kernels.Mode(self.training, self.leak, self.dropout)
        tensors = [t.float() for t in torch_kernels.forward(self.graph, pixels, mode)]
        flats = tensors[self.count + self.has_attributes :]
        attributes = tensors[self.count] if self.has_attributes else None
        ages = regress(tensors[: self.count])
        ages = ages if self.training else ages.clamp(0, SPAN)
        return ages, self.reading(torch.cat(flats, 1)), attributes

    def loss(
        self,
        pixels: torch.Tensor,
        ages: torch.Tensor,
        taught: torch.Tensor,
        female: torch.Tensor,
        cover: torch.Tensor,
    ) -> torch.Tensor:
        """The label, the teacher's median and its whole distribution, weighted as the settings say.

        Where the network has attributes, theirs is added: `attribute_loss`.
        """
        guess, logits, attributes = self(pixels)
        weights = self.weights_of_loss
        cross = -(taught * F.log_softmax(logits, 1)).sum(1).mean()
        error = (guess - ages).abs()
        label, middle = error.mean(), (guess - teacher.median(taught)).abs().mean()
        total = weights["label"] * label + weights["teacher"] * middle + weights["distribution"] * cross
        if attributes is not None:
            total = total + weights["attributes"] * attribute_loss(attributes, female, cover, error.detach())
        return total


def trained(name: str) -> keras.Model:
    """The shipped network of that name, in float."""
    net = from_settings(tomllib.loads((MODELS / f"{name}.toml").read_text()))
    net.load_weights(MODELS / f"{name}.weights.h5")
    return net


def begin_as(net: keras.Model, shipped: keras.Model) -> None:
    """Give `net` the weights of a shipped network; layers that are new, as a head, stay as they began."""
    known = {layer.name: layer for layer in shipped.layers}
    for layer in net.layers:
        if layer.name in known:
            layer.set_weights(known[layer.name].get_weights())


def seed_all(seed: int) -> None:
    """Fix the random numbers of Keras, torch, NumPy and Python."""
    keras.utils.set_random_seed(seed)

"""The average of a model's weights over the steps of training, better than any step's own: it ships."""

from __future__ import annotations

import torch
from torch import nn


class Average:
    """An exponential average of a model's parameters, and of the states of its normalisation."""

    def __init__(self, model: nn.Module, keep: float):
        self.keep = keep
        self.steps = 0
        self.values = [t.detach().clone() for t in self.tensors(model)]

    @staticmethod
    def tensors(model: nn.Module) -> list[torch.Tensor]:
        """What is averaged: the parameters with Keras' moving means and variances, not its seeds."""
        return [parameter for parameter in model.parameters() if parameter.is_floating_point()]

    def update(self, model: nn.Module) -> None:
        """Take a step's result in; the first steps count for more, so that the beginning is forgotten."""
        self.steps += 1
        keep = min(self.keep, self.steps / (self.steps + 10))
        with torch.no_grad():
            torch._foreach_lerp_(self.values, [t.detach() for t in self.tensors(model)], 1 - keep)

    def swap(self, model: nn.Module) -> None:
        """Exchange the model's values and the averages; twice is as before."""
        with torch.no_grad():
            for kept, tensor in zip(self.values, self.tensors(model), strict=True):
                now = tensor.detach().clone()
                tensor.copy_(kept)
                kept.copy_(now)

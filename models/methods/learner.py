"""A row's network as it is trained: its label, and what its recipe's loss is made of."""

from __future__ import annotations

from typing import Any

import keras
import torch
import torch.nn.functional as F
from torch import nn

from models.methods.networks import DECADE, bins_of, head_of, network
from models.methods.recipe import Recipe
from models.training import torch_kernels
from models.training.methods import distributions, ordering, ranks, regression, teaching, triplets
from models.training.methods.scale import Scale

FEATURES = ("features", "hidden", "flat")  # layers whose output stands for what a network sees in a face


class Answer:
    """What a network says of a batch: its raw outputs, and what it sees in the faces, (batch, features)."""

    def __init__(self, outputs: list[torch.Tensor], features: torch.Tensor):
        self.outputs, self.features = outputs, features

    @property
    def logits(self) -> torch.Tensor:
        """The first output: of distributions and ranks their logits."""
        return self.outputs[0]


class Learner(nn.Module):
    """A recipe's network with its loss, on torch's kernels; teachers are no part of its parameters."""

    def __init__(self, recipe: Recipe, teacher: Learner | None = None, hinted: Learner | None = None):
        super().__init__()
        self.recipe, self.head = recipe, head_of(recipe)
        self.scale = Scale(*recipe.range)
        bins = bins_of(recipe)
        step = DECADE * self.scale.step
        self.bins = Scale(self.scale.low, self.scale.low + (bins - 1) * step, step)  # of C3AE
        self.net = network(recipe)
        self.count = len(self.net.outputs)
        self.graph = keras.Model(self.net.input, [*self.net.outputs, *_features(self.net)])
        self._teachers = {"teacher": teacher, "hinted": hinted}
        if hinted:
            own, theirs = self.feature_count(), hinted.feature_count()
            self.adapter = nn.Linear(own, theirs, bias=False)

    def feature_count(self) -> int:
        """How many features stand for what the network sees in a face."""
        return sum(t.shape[-1] for t in self.graph.outputs[self.count :])

    def begin_at(self, label: float) -> None:
        """Have a network with one number in the label's unit say `label` of every face at first.

        The way there from 0 would be most of a short training.
        """
        if self.head == "value":
            self.net.layers[-1].bias.assign([label])
        if self.head == "two_points":  # the label as the expectation of its two points
            points = self.bins.points(torch.zeros(1))[:, None]
            self.net.get_layer("label").kernel.assign(points.numpy())

    def answer(self, pixels: torch.Tensor) -> Answer:
        """What the network says of pixels float (batch, 3, 64, 64), 0–255."""
        tensors = torch_kernels.forward(self.graph, pixels, torch_kernels.Mode(self.training))
        tensors = [t.float() for t in tensors]
        return Answer(tensors[: self.count], torch.cat(tensors[self.count :], 1))

    def labels(self, answer: Answer) -> torch.Tensor:
        """The labels (batch,) that an answer means, in their own unit; not clipped to the range."""
        read = {
            "stages": lambda: regression.stagewise(answer.outputs, self.scale),
            "distribution": lambda: distributions.expectation(answer.logits, self.scale),
            "value": lambda: answer.outputs[0][:, 0],
            "ranks": lambda: ranks.ranked(answer.logits, self.scale),
            "two_points": lambda: answer.outputs[1][:, 0],
            "score": lambda: answer.outputs[0][:, 0],
        }
        return read[self.head]()

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor]:
        """The labels of pixels float (batch, 3, 64, 64), clipped to the range: what the loop measures by."""
        return (self.labels(self.answer(pixels)).clamp(self.scale.low, self.scale.high),)

    def loss(
        self, pixels: torch.Tensor, labels: torch.Tensor, visible: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The weighted sum of the recipe's terms. `visible` uint8 (batch, 64, 64, 3): what teachers see."""
        answer, weights = self.answer(pixels), self.recipe.loss
        total = sum(weights[name] * self.term(name, answer, labels) for name in TERMS if name in weights)
        shown = pixels if visible is None else visible.permute(0, 3, 1, 2).float()
        if teacher := self._teachers["teacher"]:
            total = self._taught(total, answer, teacher.seen(shown), labels)
        if hinted := self._teachers["hinted"]:
            features = hinted.seen(shown).features
            total = total + weights["hint"] * teaching.hint(
                answer.features, _unit(features), self.adapter.weight
            )
        return total

    def seen(self, pixels: torch.Tensor) -> Answer:
        """What the network, as a teacher, says; no gradient."""
        self.eval()
        with torch.no_grad():
            return self.answer(pixels)

    def term(self, name: str, answer: Answer, labels: torch.Tensor) -> torch.Tensor:
        """One term that needs the label alone."""
        return TERMS[name](self, answer, labels)

    def _taught(self, total: Any, answer: Answer, teacher: Answer, labels: torch.Tensor) -> torch.Tensor:
        weights = self.recipe.loss
        temperature = weights.get("temperature", 1.0)
        if "teacher_share" in weights:
            share = weights["teacher_share"]
            total = teaching.teacher_student(total, answer.logits, teacher.logits, share, temperature)
        if "dark" in weights:
            dark = teaching.dark_knowledge(answer.logits, teacher.logits, temperature)
            total = total + weights["dark"] * dark
        if "triplet" in weights:
            pair = (F.normalize(answer.features), F.normalize(teacher.features))
            total = total + weights["triplet"] * triplets.triplet_by_age(*pair, labels)
        return total


def _features(net: keras.Model) -> list:
    """What the network sees, as tensors: the layer of `FEATURES`, SSR-Net's flat ones, C3AE's joined ones."""
    names = {layer.name: layer for layer in net.layers}
    for name in FEATURES:
        if name in names:
            return [names[name].output]
    flats = [layer.output for name, layer in names.items() if name.endswith("_flat")]
    return flats or [names["shares"].input]


def _unit(features: torch.Tensor) -> torch.Tensor:
    """Each face's features brought to a mean square of one, so that a hint weighs alike from any teacher."""
    return (
        features / features.square().mean(1, keepdim=True).sqrt().clamp(min=1e-6) / features.shape[1] ** 0.5
    )


def _order(learner: Learner, answer: Answer, labels: torch.Tensor) -> torch.Tensor:
    places = ordering.sequences(labels)
    return ordering.pairwise_order(answer.outputs[0][:, 0][places], labels[places])


TERMS = {
    "l1": lambda learner, answer, labels: regression.l1(learner.labels(answer), labels),
    "kl": lambda learner, answer, labels: distributions.dldl(
        answer.logits, labels, learner.scale, learner.recipe.loss.get("sigma", 2.0)
    ),
    "classes": lambda learner, answer, labels: F.cross_entropy(answer.logits, learner.scale.nearest(labels)),
    "ordinal": lambda learner, answer, labels: ranks.ordinal(answer.logits, labels, learner.scale),
    "two_points": lambda learner, answer, labels: distributions.kl(
        distributions.two_points(labels, learner.bins), answer.outputs[0].clamp(min=1e-6).log()
    ),
    "order": _order,
}

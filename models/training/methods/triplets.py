"""Triplets on embeddings: a covered face is to lie nearer to visible ones of its age than to others."""

from __future__ import annotations

import torch

from models.training.methods.scale import check_same_shape

SAME = 3.0  # years at most between faces of "the same" age
OTHER = 15.0  # years beyond which an age is "another"
MARGIN = 0.2


def triplet(
    anchor: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, margin: float = MARGIN
) -> torch.Tensor:
    """mean max(0, m + d(anchor, positive) − d(anchor, negative)), d Euclidean; embeddings (batch, n).

    Georgescu, Duta, Ionescu 2021: `anchor` the student's of a covered face, the others the teacher's of
    visible ones. No embedding is normalised here.
    """
    check_same_shape(anchor, positive)
    check_same_shape(anchor, negative)
    near = torch.linalg.vector_norm(anchor - positive, dim=1)
    far = torch.linalg.vector_norm(anchor - negative, dim=1)
    return (margin + near - far).clamp(min=0).mean()


def triplet_by_age(
    covered: torch.Tensor,
    visible: torch.Tensor,
    ages: torch.Tensor,
    margin: float = MARGIN,
    same: float = SAME,
    other: float = OTHER,
) -> torch.Tensor:
    """The mean of `triplet` over all of a batch's triplets: |age_i − age_j| ≤ same, |age_i − age_k| > other.

    `covered` the student's embeddings and `visible` the teacher's of the same faces, (batch, n); no gradient
    to the teacher. `ages` (batch,). 0, with a gradient of 0, where the batch has no such triplet.
    """
    check_same_shape(covered, visible)
    visible = visible.detach()
    distance = torch.linalg.vector_norm(covered[:, None] - visible[None], dim=2)
    apart = (ages[:, None] - ages[None]).abs()
    triplets = (apart <= same)[:, :, None] & (apart > other)[:, None, :]
    excess = (margin + distance[:, :, None] - distance[:, None, :]).clamp(min=0)
    return (excess * triplets).sum() / triplets.sum().clamp(min=1)

"""Restoring the order of a shuffled sequence of ages: by pairs, or by a whole permutation."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from models.training.methods.scale import check_same_shape

ITERATIONS = 20  # of Sinkhorn's


def pairwise_order(scores: torch.Tensor, ages: torch.Tensor) -> torch.Tensor:
    """mean ln(1 + e^−(score_i − score_j)) over all pairs with i older than j: RankNet (Burges et al. 2005).

    `scores` and `ages` (batch, k), k faces a sequence. 0 where no two ages differ.
    """
    check_same_shape(scores, ages)
    ahead = scores[:, :, None] - scores[:, None, :]
    older = ages[:, :, None] > ages[:, None, :]
    return (F.softplus(-ahead) * older).sum() / older.sum().clamp(min=1)


def sinkhorn(logits: torch.Tensor, iterations: int = ITERATIONS) -> torch.Tensor:
    """The logarithm of a nearly doubly stochastic matrix, (batch, k, k): rows and columns sum to 1 in turn.

    DeepPermNet (Santa Cruz et al., CVPR 2017), section 3.3, in logarithms. The last turn is the columns'.
    """
    for _ in range(iterations):
        logits = F.log_softmax(logits, 2)
        logits = F.log_softmax(logits, 1)
    return logits


def permutation_order(logits: torch.Tensor, ages: torch.Tensor, iterations: int = ITERATIONS) -> torch.Tensor:
    """Mean cross-entropy of each face's place by age, youngest first.

    `logits` (batch, k, k) of the permutation head: face, place. `ages` (batch, k), all different.
    """
    places = ages.argsort(1).argsort(1)
    at_place = sinkhorn(logits, iterations).gather(2, places[:, :, None])
    return -at_place.mean()


def sequences(ages: torch.Tensor, length: int = 5, apart: float = 4.0) -> torch.Tensor:
    """Places in the batch of sequences whose ages lie at least `apart` from one another, int64 (n, length).

    Every face is in one sequence at most: the batch in the order of its ages, every n-th of it together, and
    of these sequences those that are wide enough; none is too, (0, length). `ages` (batch,).
    """
    count = len(ages) // length
    chosen = ages.argsort()[: count * length].view(length, count).T
    wide = (ages[chosen].diff(dim=1) >= apart).all(1)
    return chosen[wide]

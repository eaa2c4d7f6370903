"""What a student learns from a teacher: softened outputs (dark knowledge) and features on the way (hints)."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from models.training.methods.distributions import kl
from models.training.methods.scale import check_same_shape


def softened_kl(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """KL(softmax(teacher / T) ‖ softmax(student / T)), logits (batch, classes); no gradient to it."""
    if temperature <= 0:
        raise ValueError(f"temperature {temperature}: must be above 0")
    return kl(torch.softmax(teacher.detach() / temperature, 1), student / temperature)


def teacher_student(
    label_loss: torch.Tensor,
    student: torch.Tensor,
    teacher: torch.Tensor,
    weight: float = 0.7,
    temperature: float = 20.0,
) -> torch.Tensor:
    """(1 − λ)·L(label) + λ·KL of the softened logits; `weight` is λ, 0 to 1.

    Covered faces (Georgescu, Duta, Ionescu 2021): `teacher` saw the face visible, `student` sees it covered.
    As there, without T²; the gradient through the teacher's part falls with 1/T².
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"weight {weight}: must be from 0 to 1")
    return (1 - weight) * label_loss + weight * softened_kl(student, teacher, temperature)


def dark_knowledge(student: torch.Tensor, teacher: torch.Tensor, temperature: float = 4.0) -> torch.Tensor:
    """T² · KL of the softened logits (Hinton, Vinyals, Dean 2015): the gradient keeps its size."""
    return temperature**2 * softened_kl(student, teacher, temperature)


def hint(student: torch.Tensor, teacher: torch.Tensor, adapter: torch.Tensor) -> torch.Tensor:
    """mean over the batch of ‖A·f_s − f_t‖², no gradient to the teacher.

    FitNets (Romero et al., ICLR 2015), equation 3, without its ½. `student` (batch, s), `teacher` (batch, t),
    `adapter` A (t, s), learnt with the student.
    """
    adapted = F.linear(student, adapter)
    check_same_shape(adapted, teacher)
    return ((adapted - teacher.detach()) ** 2).sum(1).mean()

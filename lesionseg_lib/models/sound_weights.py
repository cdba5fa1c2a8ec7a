"""Weights that no training leaves: not a number, infinite, wiped out."""

from collections.abc import Mapping

import torch
from torch import Tensor


def weights_fault(state: Mapping[str, Tensor], strict: bool = False) -> str | None:
    """What is wrong with the tensors of a network, naming the first that is; None if nothing is.

    ``strict``, for weights that no SHA-256 vouches for: also kernels and variances that are zero throughout, as a file
    has them of which a part was never written. (Single channels may have a variance of zero: they are dead.)
    """
    for name, tensor in state.items():
        if not torch.isfinite(tensor).all():
            return f"{name} has values that are not finite"
        if strict and (tensor.ndim > 1 or name.endswith("running_var")) and not tensor.any():
            return f"{name} is zero throughout"
    return None

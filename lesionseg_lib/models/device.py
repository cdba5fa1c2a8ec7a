"""Which device computes, and when it is done."""

import torch


def wait_for_device() -> None:
    """Return when a GPU, if there is one, has done what it was asked to do: a clock must not be read before."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()

"""Which device computes, and when it is done."""

import os

import torch


def pick_device() -> torch.device:
    """Where one process computes: a CUDA GPU, else Apple's, else the CPU; what Accelerate picks for training.

    ``ACCELERATE_USE_CPU=true`` keeps both on the CPU.
    """
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes", "on", "y", "t"):
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def wait_for_device() -> None:
    """Return when a GPU, if there is one, has done what it was asked to do: a clock must not be read before."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()

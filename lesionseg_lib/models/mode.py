"""Asking a network without leaving a trace in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Batch norm and dropout as in use, for as long as the block runs.

    Then every module is as it was, also after an error.

    ``network.train(before)`` would not do: it sets one mode for all, whatever mode a part had of its own.
    """
    before = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training

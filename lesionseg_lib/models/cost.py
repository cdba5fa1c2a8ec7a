"""What a network costs: parameters and multiply-accumulate operations."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.segmenter import Segmenter


def parameters_of(module: nn.Module) -> int:
    """Number of parameters of any module, trainable or not; running means and variances are none."""
    return sum(p.numel() for p in module.parameters())


def count_parameters(network: Segmenter) -> dict[str, int]:
    """Number of parameters: total, trainable, frozen, encoder, decoder."""
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return {
        "total": parameters_of(network),
        "trainable": trainable,
        "frozen": parameters_of(network) - trainable,
        "encoder": parameters_of(network.encoder),
        "decoder": parameters_of(network.decoder),
    }


@torch.no_grad()
def count_macs(network: Segmenter, size: tuple[int, int]) -> int:
    """Multiply-accumulate operations of one image (height, width).

    They are half of what torch counts as floating-point operations of convolutions and matrix products. Batch norm,
    activations and interpolation are not counted.

    Raises ``ShapeError`` for a size that the network does not take.
    """
    with evaluation_mode(network), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, *size, device=network.device))
    return int(counter.get_total_flops()) // 2


@torch.no_grad()
def list_convolutions(module: nn.Module, *inputs: Any) -> list[str]:
    """One line per convolution that runs in ``module(*inputs)``: its type, (C, H, W) in and out, its parameters."""
    lines = []

    def note(layer: nn.Module, got: tuple[Tensor, ...], gave: Tensor) -> None:
        before, after = (" x ".join(f"{n:4}" for n in t.shape[1:]) for t in (got[0], gave))
        lines.append(f"{type(layer).__name__:15} {before} -> {after} {parameters_of(layer):11,}")

    convolutions = [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [layer.register_forward_hook(note) for layer in convolutions]
    try:
        module(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return lines

"""What a network costs: parameters and multiply-accumulate operations."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lesionseg_lib.segmenter import Segmenter


def count_parameters(network: Segmenter) -> dict[str, int]:
    """Number of parameters: total, trainable, frozen, encoder, decoder."""

    def count(module: nn.Module) -> int:
        return sum(p.numel() for p in module.parameters())

    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return {
        "total": count(network),
        "trainable": trainable,
        "frozen": count(network) - trainable,
        "encoder": count(network.encoder),
        "decoder": count(network.decoder),
    }


@torch.no_grad()
def count_macs(network: Segmenter, size: tuple[int, int]) -> int:
    """Multiply-accumulate operations of one image (height, width): half of what torch counts as floating-point
    operations of convolutions and matrix products. Batch norm, activations and interpolation are not counted."""
    training = network.training
    network.eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, *size, device=network.device))
    network.train(training)
    return int(counter.get_total_flops()) // 2

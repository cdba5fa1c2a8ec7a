"""What lessons play through: mistakes and mechanisms in small. One file each, called by its name."""

from lesionseg_lib.teaching.demos import (
    epoch_time,
    loss_recall,
    paired_transforms,
    pixel_loss,
    worker_seeds,
    wrong_pairs,
)

__all__ = ["epoch_time", "loss_recall", "paired_transforms", "pixel_loss", "worker_seeds", "wrong_pairs"]

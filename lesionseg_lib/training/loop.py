"""One training loop for every recipe, on Accelerate: CPU, one GPU, several processes, mixed precision.

After every epoch the whole state is on disk, and every epoch draws its random numbers from its own seed. So a run that
was killed goes on after the last complete epoch and, on a CPU, ends with the same bits as one that was not.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.errors import TrainingError
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.models.encoder import weights_sha256
from lesionseg_lib.models.postprocessing import binarise, sigmoid
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.batches import EpochSampler, batches_for
from lesionseg_lib.training.build import build_optimizer, build_schedule, build_segmenter
from lesionseg_lib.training.checkpoints import BEST, CHECKPOINT, Epoch, open_folder, restore, save_state
from lesionseg_lib.training.losses import Loss, get_loss
from lesionseg_lib.training.processes import on_main
from lesionseg_lib.training.recipes import Recipe
from lesionseg_lib.training.run_manifest import owning_run

PREVIEW_IMAGES = 4


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, its history, and the epoch whose model was kept."""

    folder: Path
    history: list[Epoch]
    best_epoch: int

    def load_best(self) -> Segmenter:
        """The model of the best epoch, in evaluation mode."""
        return Segmenter.load(self.folder / BEST)[0]


def train(
    recipe: Recipe,
    train_data: CachedDataset,
    validation_data: CachedDataset,
    folder: Path | str,
    *,
    seed: int = 0,
    weights: str | None = "IMAGENET1K_V1",
    resume: bool = False,
    accelerator: Accelerator | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Run:
    """Train ``recipe`` and keep the model of the epoch with the best validation Jaccard.

    ``folder`` gets, after every epoch: ``best/`` (the best segmenter so far), ``history.csv``, ``previews.npz``
    (probabilities of the first validation images), ``checkpoint.pt`` (the whole state) and ``run.json`` (the SHA-256
    of each).

    Raises ``CheckpointError`` when the folder holds a run already and ``resume`` is False, when that run had other
    settings or is damaged, when another process writes there, or when the disk is full; ``TrainingError`` when the loss
    is not finite. In all these cases, and after ctrl-C, the last complete epoch stays on disk.
    """
    accelerator = accelerator or Accelerator()
    with ExitStack() as held:
        on_main(accelerator, lambda: held.enter_context(owning_run(Path(folder))))
        return _train(recipe, train_data, validation_data, Path(folder), seed, weights, resume, accelerator, on_epoch)


def _train(
    recipe: Recipe,
    train_data: CachedDataset,
    validation_data: CachedDataset,
    folder: Path,
    seed: int,
    weights: str | None,
    resume: bool,
    accelerator: Accelerator,
    on_epoch: Callable[[Epoch], None] | None,
) -> Run:
    main = accelerator.is_main_process
    torch.manual_seed(seed)
    network = build_segmenter(recipe, weights).to(accelerator.device)
    identity = _identity(recipe, train_data, validation_data, seed, weights)  # after a download: hashes the weights
    state = open_folder(folder, identity, resume)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    samples = batches_for(train_data, recipe, seed, network)
    sampler = EpochSampler(len(samples), seed)
    loader: Any = DataLoader(samples, batch_size=recipe.batch_size, sampler=sampler)
    optimizer: Any = build_optimizer(recipe, network)
    schedule = build_schedule(recipe, optimizer)
    model, optimizer, loader = accelerator.prepare(network, optimizer, loader)
    loss_of = get_loss(recipe.loss)

    history: list[Epoch] = []
    previews: list[npt.NDArray[np.uint8]] = []
    best_epoch = 0
    if state is not None:
        restore(state, folder, network, optimizer, schedule)
        history = [Epoch(**row) for row in state["history"]]
        previews = list(state["previews"].numpy())
        best_epoch = state["best_epoch"]

    epochs = tqdm(
        range(len(history) + 1, recipe.epochs + 1),
        initial=len(history),
        total=recipe.epochs,
        desc=f"{recipe.name}, seed {seed}",
        unit="epoch",
        disable=None if main else True,  # None: only where somebody is watching
    )
    for epoch in epochs:
        if recipe.patience is not None and len(history) - best_epoch >= recipe.patience:
            break
        start = time.perf_counter()
        torch.manual_seed(seed * 1_000_003 + epoch * 1_009 + accelerator.process_index)
        # Accelerate counts its epochs itself, from 0, and tells sampler and samples; a resumed run must go on counting.
        loader.set_epoch(epoch - 1)
        samples.set_epoch(epoch - 1)  # with several processes Accelerate leaves the samples out
        model.train()
        sums = torch.zeros(2, device=accelerator.device)  # of loss * images, and of images
        for step, (inputs, masks) in enumerate(loader, start=1):
            if isinstance(inputs, Tensor):  # images; else the pyramid is there already
                inputs = normalise(inputs, network.preprocessing)
            loss = loss_of(model(inputs), masks[:, None].float())  # (N, 1, H, W) both
            # Over all processes: one that stopped alone would leave the others waiting for its gradients.
            total = accelerator.reduce(loss.detach())
            if not torch.isfinite(total):
                raise TrainingError(_not_finite(total.item(), recipe, folder, f"{epoch}, batch {step}"))
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            sums += torch.stack([loss.detach() * len(masks), torch.ones_like(loss) * len(masks)])
        sums = accelerator.reduce(sums)

        # Scored on one process, so that all of them decide alike.
        validation_loss, jaccard, dice, preview = on_main(
            accelerator, lambda: _validate(network, validation_data, recipe, loss_of)
        )
        if not np.isfinite(validation_loss):  # the last step of the epoch may have broken the weights
            raise TrainingError(_not_finite(validation_loss, recipe, folder, f"{epoch}, validation"))
        rate = optimizer.param_groups[0]["lr"]
        seconds = time.perf_counter() - start
        history.append(Epoch(epoch, float(sums[0] / sums[1]), validation_loss, jaccard, dice, rate, seconds))
        previews.append(preview)
        schedule.step()
        better = best_epoch == 0 or jaccard > history[best_epoch - 1].validation_jaccard
        best_epoch = epoch if better else best_epoch

        def keep(better: bool = better, best_epoch: int = best_epoch) -> None:
            best = None
            if better:
                best = network.pack(folder / BEST, recipe=recipe.name, threshold=recipe.threshold, size=recipe.size)
            states = {"model": network, "optimizer": optimizer, "schedule": schedule}
            save_state(
                folder, identity, history, best_epoch, previews, list(validation_data.ids[:PREVIEW_IMAGES]),
                {name: part.state_dict() for name, part in states.items()}, best,
            )  # fmt: skip
            epochs.set_postfix(loss=f"{history[-1].train_loss:.3f}", jaccard=f"{history[-1].validation_jaccard:.3f}")
            if on_epoch is not None:
                on_epoch(history[-1])

        on_main(accelerator, keep)
    return Run(folder, history, best_epoch)


def _validate(
    network: Segmenter, data: CachedDataset, recipe: Recipe, loss_of: Loss
) -> tuple[float, float, float, npt.NDArray[np.uint8]]:
    logits = network.logits(data.images)  # (N, H, W)
    truth = np.asarray(data.masks).astype(bool)
    loss = loss_of(torch.from_numpy(logits)[:, None], torch.from_numpy(truth)[:, None].float())
    if not torch.isfinite(loss):  # the caller stops, and says where and why
        return float(loss), float("nan"), float("nan"), np.zeros_like(data.masks[:PREVIEW_IMAGES])
    probabilities = sigmoid(logits)
    counts = confusion(binarise(probabilities, recipe.threshold), truth)
    preview = (probabilities[:PREVIEW_IMAGES] * 255).round().astype(np.uint8)
    return float(loss), reduce(counts, "jaccard"), reduce(counts, "dice"), preview


def _identity(
    recipe: Recipe, train_data: CachedDataset, validation_data: CachedDataset, seed: int, weights: str | None
) -> Mapping[str, Any]:
    """What must be the same for a run to go on: every setting, the data, the weights."""
    settings = recipe.settings()
    for prose in ("title", "choices", "claimed"):
        del settings[prose]
    return {
        **settings,
        "seed": seed,
        "weights": weights and weights_sha256(weights),
        "train_data": train_data.content_fingerprint,
        "validation_data": validation_data.content_fingerprint,
    }


def _not_finite(value: float, recipe: Recipe, folder: Path, place: str) -> str:
    kept = "The last complete epoch is kept" if (folder / CHECKPOINT).exists() else "No epoch was complete yet"
    return (
        f"Recipe {recipe.name}: the loss became {value} in epoch {place}. Expected a finite number. {kept} "
        f"in {folder}. Usual causes: a learning rate that is too large ({recipe.learning_rate} here), sums in half "
        f"precision, masks that are not 0 or 1."
    )

"""One training loop for every recipe, on Accelerate: CPU, one GPU, several processes, mixed precision.

After every epoch the whole state is on disk, and every epoch draws its random numbers from its own seed. So a run that
was killed goes on after the last complete epoch and, on a CPU, ends with the same bits as one that was not.
"""

import math
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
from torch.utils.data import DataLoader
from tqdm import tqdm

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.errors import TrainingError
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.models.encoder import weights_sha256
from lesionseg_lib.models.postprocessing import binarise, sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.averaging import WeightAverage
from lesionseg_lib.training.batches import EpochSampler, batches_for
from lesionseg_lib.training.build import build_optimizer, build_schedule, build_segmenter
from lesionseg_lib.training.checkpoints import BEST, Epoch, open_folder, restore, save_state
from lesionseg_lib.training.device_batches import DeviceBatches, drawn_on_cpu
from lesionseg_lib.training.distillation import Teacher
from lesionseg_lib.training.losses import Loss, get_loss
from lesionseg_lib.training.processes import on_main, start_accelerator
from lesionseg_lib.training.recipes import PER_STEP, PROSE, Recipe
from lesionseg_lib.training.run_manifest import owning_run
from lesionseg_lib.training.step import Pace, Step, pace_of, step_of
from lesionseg_lib.training.stops import demand_finite, not_finite, told
from lesionseg_lib.utils.checks import Need, check_arrays

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
    teacher: Teacher | None = None,
    pace: Pace | None = None,
) -> Run:
    """Train ``recipe`` and keep the model of the epoch with the best validation Jaccard, or (``kept_epoch``) the last.

    With ``average_decay`` what is validated, previewed and kept is the average of the weights; the checkpoint has both,
    and a resumed run goes on with both. ``teacher``: the trained network of ``recipe.teacher``. ``pace``: how steps are
    computed, ``pace_of`` the device unless given.

    ``folder`` gets, after every epoch: ``best/`` (the best segmenter so far), ``history.csv``, ``previews.npz``
    (probabilities of the first validation images), ``checkpoint.pt`` (the whole state) and ``run.json`` (the SHA-256
    of each).

    Raises ``CheckpointError`` when the folder holds a run already and ``resume`` is False, when that run had other
    settings or is damaged, when another process writes there, or when the disk is full; ``TrainingError`` when the loss
    is not finite, a card's memory runs out, or another of several processes is gone; ``ShapeError`` for masks that are
    not 0 and 1. In all these cases, and after ctrl-C, the last complete epoch stays on disk.
    """
    accelerator = accelerator or start_accelerator()
    with ExitStack() as held:
        on_main(accelerator, lambda: held.enter_context(owning_run(Path(folder))))
        return _train(
            recipe, train_data, validation_data, Path(folder), seed, weights, resume, accelerator, on_epoch, teacher,
            pace or pace_of(accelerator),
        )  # fmt: skip


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
    teacher: Teacher | None,
    pace: Pace,
) -> Run:
    main = accelerator.is_main_process
    torch.manual_seed(seed)
    network = build_segmenter(recipe, weights).to(accelerator.device)
    # After a download: it hashes the weights.
    identity = _identity(recipe, train_data, validation_data, seed, weights, teacher)
    state = open_folder(folder, identity, resume)
    if pace.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    samples = batches_for(train_data, recipe, seed, network)
    sampler = EpochSampler(len(samples), seed)
    on_cpu = accelerator.device.type == "cpu"
    loader: Any
    if pace.resident and not drawn_on_cpu(samples):
        loader = DeviceBatches(samples, recipe.batch_size, sampler, accelerator.device)
    else:
        loader = DataLoader(samples, batch_size=recipe.batch_size, sampler=sampler, pin_memory=not on_cpu)
    optimizer: Any = build_optimizer(recipe, network)
    schedule = build_schedule(recipe, optimizer, math.ceil(len(loader) / accelerator.num_processes))
    model, optimizer = accelerator.prepare(network, optimizer)
    if isinstance(loader, DataLoader):
        loader = accelerator.prepare(loader)
    if pace.compiled:
        model = torch.compile(model)
    average = WeightAverage(network, recipe.average_decay) if recipe.average_decay is not None else None
    kept = average.network if average else network
    loss_of = get_loss(recipe.loss)
    check_arrays(masks=Need(np.asarray(train_data.masks), "N H W", "number or bool", between=(0, 1)))

    history: list[Epoch] = []
    previews: list[npt.NDArray[np.uint8]] = []
    best_epoch = 0
    if state is not None:
        restore(state, folder, network, optimizer, schedule, average)
        history = [Epoch(**row) for row in state["history"]]
        previews = list(state["previews"].numpy())
        best_epoch = state["best_epoch"]

    step = step_of(Step(model, network, optimizer, loss_of, recipe, teacher, accelerator, pace))

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
        with told(recipe, folder, epoch, accelerator.num_processes):
            model.train()
            sums = torch.zeros(2, device=accelerator.device)  # of loss * images, and of images
            losses = torch.zeros(len(loader), device=accelerator.device)
            for number, (inputs, masks) in enumerate(loader):
                loss = losses[number] = step(inputs, masks)
                rate = optimizer.param_groups[0]["lr"]
                if recipe.schedule in PER_STEP:
                    schedule.step()
                if average is not None:
                    average.update()
                sums += torch.stack([loss * len(masks), torch.ones_like(loss) * len(masks)])
                # A card is asked once an epoch: it would be waited for.
                if on_cpu or number == len(loader) - 1:
                    demand_finite(losses, accelerator, recipe, folder, epoch)
            sums = accelerator.reduce(sums)

            # Scored on one process, so that all of them decide alike.
            validation_loss, jaccard, dice, preview = on_main(
                accelerator, lambda: _validate(kept, validation_data, recipe, loss_of)
            )
        if not np.isfinite(validation_loss):  # the last step of the epoch may have broken the weights
            raise TrainingError(not_finite(validation_loss, recipe, folder, f"{epoch}, validation"))
        seconds = time.perf_counter() - start
        history.append(Epoch(epoch, float(sums[0] / sums[1]), validation_loss, jaccard, dice, rate, seconds))
        previews.append(preview)
        if recipe.schedule not in PER_STEP:
            schedule.step()
        better = best_epoch == 0 or jaccard > history[best_epoch - 1].validation_jaccard or recipe.kept_epoch == "last"
        best_epoch = epoch if better else best_epoch

        def keep(better: bool = better, best_epoch: int = best_epoch) -> None:
            best = None
            if better:
                best = kept.pack(folder / BEST, recipe=recipe.name, threshold=recipe.threshold, size=recipe.size)
            states: dict[str, Any] = {"model": network, "optimizer": optimizer, "schedule": schedule}
            if average is not None:
                states["average"] = average
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
    recipe: Recipe,
    train_data: CachedDataset,
    validation_data: CachedDataset,
    seed: int,
    weights: str | None,
    teacher: Teacher | None,
) -> Mapping[str, Any]:
    """What must be the same for a run to go on: every setting, the data, the weights, the teacher."""
    settings = {name: value for name, value in recipe.settings().items() if name not in PROSE}
    return {
        **settings,
        **({"teacher_sha256": teacher.sha256} if teacher else {}),
        "seed": seed,
        "weights": weights and weights_sha256(weights),
        "train_data": train_data.content_fingerprint,
        "validation_data": validation_data.content_fingerprint,
    }

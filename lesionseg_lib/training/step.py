"""One step of training, and how fast a device takes it: nothing in it waits for the device.

A network as small as the course's own keeps a large card busy for a fraction of the time that Python takes to ask for
its thousand small kernels. ``GraphedStep`` asks once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.device_batches import Inputs
from lesionseg_lib.training.distillation import Teacher, distilled
from lesionseg_lib.training.losses import Loss
from lesionseg_lib.training.recipes import Recipe

TakeStep = Callable[[Inputs, Tensor], Tensor]


@dataclass(frozen=True)
class Pace:
    """How a step is computed: what it takes in time, not what is trained. Sums may be taken in another order.

    Attributes:
        resident: the whole set lies on the device and is augmented there (``device_batches``), where it can be.
        graph: the step is recorded once as a CUDA graph and launched as a whole (``GraphedStep``).
        compiled: the network goes through ``torch.compile``, which takes a minute before it saves any time.
        channels_last: layout of images and kernels in memory.
    """

    resident: bool = False
    graph: bool = False
    compiled: bool = False
    channels_last: bool = True


def pace_of(accelerator: Accelerator) -> Pace:
    """What pays on this device: on one card the set lies there; a CPU augments faster one photo after the other."""
    return Pace(resident=accelerator.device.type == "cuda" and accelerator.num_processes == 1)


@dataclass(eq=False)
class Step:
    """Forward, loss, backward and the optimiser's step for one batch; the result is its loss, on the device.

    ``model`` is what Accelerate made of ``network``. Learning rate and average of weights are the caller's.
    """

    model: Any
    network: Segmenter
    optimizer: Any
    loss_of: Loss
    recipe: Recipe
    teacher: Teacher | None
    accelerator: Accelerator
    pace: Pace

    def __call__(self, inputs: Inputs, masks: Tensor) -> Tensor:
        """Images uint8 (N, H, W, 3), or the encoder's pyramid of them, and masks (N, H, W) of 0 and 1."""
        if isinstance(inputs, Tensor):  # images; else the pyramid is there already
            inputs = normalise(inputs, self.network.preprocessing)
            if not self.pace.channels_last:
                inputs = inputs.contiguous()
        logits = self.model(inputs)  # (N, 1, H, W)
        target = masks[:, None]
        # A loss looks at the values of numbers, and would wait for a card; bools need no look.
        loss = self.loss_of(logits, target.float() if masks.device.type == "cpu" else target.bool())
        if self.teacher is not None and isinstance(inputs, Tensor):
            loss = distilled(loss, logits, self.teacher.probabilities(inputs), self.recipe.teacher_weight)
        self.accelerator.backward(loss)
        if self.recipe.clip_norm is not None:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.detach()


class GraphedStep:
    """A ``Step`` recorded as a CUDA graph, one for each shape of a batch: the same kernels, launched with one call.

    The first ``WARM_UP`` batches of a shape are taken one kernel after the other; they are training like any other. The
    optimiser must do without the processor (``capturable``, as every one in ``recipes.OPTIMIZERS`` can), and of a
    schedule it meets the rates in numbers on the card, written there before each launch.

    Source: CUDA graphs in PyTorch's documentation, *whole-network capture*.
    """

    WARM_UP = 3

    def __init__(self, step: Step) -> None:
        self.step = step
        self.seen: Counter[tuple[int, ...]] = Counter()
        self.recorded: dict[tuple[int, ...], tuple[Any, Tensor, Tensor, Tensor]] = {}
        device = step.network.device
        self.rates = [torch.zeros((), device=device) for _ in step.optimizer.param_groups]
        set_capturable(step.optimizer, True)

    def __call__(self, inputs: Inputs, masks: Tensor) -> Tensor:
        """As ``Step``; the result is overwritten by the next call. A pyramid is stepped through without a graph."""
        if not isinstance(inputs, Tensor):
            return self.step(inputs, masks)
        shape = tuple(inputs.shape)
        if self.seen[shape] < self.WARM_UP:
            self.seen[shape] += 1
            aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                loss = self.step(inputs, masks)
            torch.cuda.current_stream().wait_stream(aside)
            return loss
        if shape not in self.recorded:
            self.recorded[shape] = self._record(inputs.clone(), masks.clone())
        graph, images, truths, loss = self.recorded[shape]
        images.copy_(inputs)
        truths.copy_(masks)
        for rate, group in zip(self.rates, self.step.optimizer.param_groups, strict=True):
            rate.fill_(group["lr"])
        graph.replay()
        return loss

    def _record(self, images: Tensor, masks: Tensor) -> tuple[Any, Tensor, Tensor, Tensor]:
        """Nothing is computed here; what is recorded reads the two tensors and the rates when it is launched."""
        groups = self.step.optimizer.param_groups
        before = [group["lr"] for group in groups]
        graph = torch.cuda.CUDAGraph()
        try:
            for rate, group in zip(self.rates, groups, strict=True):
                group["lr"] = rate
            with torch.cuda.graph(graph):
                loss = self.step(images, masks)
        finally:
            for value, group in zip(before, groups, strict=True):
                group["lr"] = value
        return graph, images, masks, loss


def set_capturable(optimizer: Any, capturable: bool) -> None:
    """Whether the optimiser counts its steps on the parameters' device, as a CUDA graph asks; also after a resumption.

    A checkpoint says how its run did it.
    """
    for group in optimizer.param_groups:
        group["capturable"] = capturable
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            for name in ("step", "mu_product"):
                if isinstance(value := state.get(name), Tensor):
                    state[name] = value.to(parameter.device if capturable else "cpu")


def step_of(step: Step) -> TakeStep:
    """The step as its pace says: recorded, or one kernel after the other."""
    if step.pace.graph:
        return GraphedStep(step)
    set_capturable(step.optimizer, False)
    return step

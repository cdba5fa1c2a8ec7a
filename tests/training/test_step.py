"""A step is the same however fast it is taken: on a set that lies on the device, or recorded as a graph."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.models.preprocessing import default_preprocessing, normalise
from lesionseg_lib.training import step
from lesionseg_lib.training.checkpoints import read_history
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.processes import start_accelerator
from lesionseg_lib.training.recipes import Recipe
from lesionseg_lib.training.step import GraphedStep, Pace, set_capturable
from tests.helpers.tiny import (
    accelerator,
    assert_same_run,
    cached,
    discs,
    forget_accelerators,
    tiny_decoder,
    tiny_recipe,
)

TRAIN, VALIDATION = discs(10), discs(4, seed=1)
CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

pytestmark = pytest.mark.usefixtures("tiny_decoder")


def fit(recipe: Recipe, folder: Path, accelerator: Accelerator, **changes: Any) -> Run:
    return train(recipe, TRAIN, VALIDATION, folder, weights=None, accelerator=accelerator, **changes)


def strong(**changes: Any) -> Recipe:
    """Batches of 4, 4 and 2; no dropout, which draws differently where no loader draws before it."""
    return tiny_recipe("light-strong", decoder="light", size=(32, 32), **{"epochs": 2, **changes})


# ---- on a set that lies on the device


def test_a_resident_set_trains_as_samples_one_by_one(tmp_path: Path, accelerator: Accelerator) -> None:
    for name, pace in (("one by one", Pace()), ("resident", Pace(resident=True))):
        fit(strong(augmentation="flips"), tmp_path / name, accelerator, pace=pace)
    rows = [read_history(tmp_path / name) for name in ("one by one", "resident")]
    for one, other in zip(*rows, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-5)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-4)


def test_a_resumed_resident_run_ends_in_the_bits_of_a_whole_one(tmp_path: Path, accelerator: Accelerator) -> None:
    pace = Pace(resident=True)

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(strong(), tmp_path / "stopped", accelerator, pace=pace, on_epoch=stop)
    fit(strong(), tmp_path / "stopped", accelerator, pace=pace, resume=True)
    fit(strong(), tmp_path / "whole", accelerator, pace=pace)
    assert_same_run(tmp_path / "whole", tmp_path / "stopped")


def test_what_is_augmented_on_the_cpu_still_is(tmp_path: Path, accelerator: Accelerator) -> None:
    recipe = tiny_recipe("transposed-finetuned", augmentation="family-c", epochs=1)
    for name, pace in (("one by one", Pace()), ("resident", Pace(resident=True))):
        fit(recipe, tmp_path / name, accelerator, pace=pace)
    assert_same_run(tmp_path / "one by one", tmp_path / "resident")


def test_masks_of_bytes_are_refused_before_the_first_step(tmp_path: Path, accelerator: Accelerator) -> None:
    data = cached(TRAIN.images, TRAIN.masks * 255)
    with pytest.raises(ShapeError, match="masks: values from 0 to 255. Expected 0 to 1"):
        train(strong(), data, VALIDATION, tmp_path, weights=None, accelerator=accelerator)


# ---- recorded as a graph; the recorder is played by one that repeats the step


class Recorder:
    """Stands in for ``torch.cuda``: a graph takes the step again when it is launched, on the tensors it was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.launched = 0
        self.recording: Recorder.Graph | None = None
        stream = SimpleNamespace(wait_stream=lambda other: None)
        replaced: dict[str, Any] = {
            "CUDAGraph": lambda: Recorder.Graph(self),
            "graph": self.graph,
            "Stream": lambda: stream,
            "current_stream": lambda: stream,
            "stream": lambda _: nullcontext(),
        }
        for name, value in replaced.items():
            monkeypatch.setattr(torch.cuda, name, value)
        monkeypatch.setattr(step, "set_capturable", lambda optimizer, capturable: None)  # refused without a card
        take, outer = step.Step.__call__, self

        def call(this: Any, inputs: Any, masks: Tensor) -> Tensor:
            if outer.recording is None:
                return take(this, inputs, masks)
            graph, loss = outer.recording, torch.zeros(())

            def again() -> None:
                rates = [group["lr"] for group in this.optimizer.param_groups]
                for group, rate in zip(this.optimizer.param_groups, graph.rates, strict=True):
                    group["lr"] = float(rate)
                loss.copy_(take(this, inputs, masks))
                for group, rate in zip(this.optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate

            graph.rates, graph.again = [group["lr"] for group in this.optimizer.param_groups], again
            return loss

        monkeypatch.setattr(step.Step, "__call__", call)

    class Graph:
        rates: list[Any]
        again: Callable[[], None]

        def __init__(self, recorder: Recorder) -> None:
            self.recorder = recorder

        def replay(self) -> None:
            self.recorder.launched += 1
            self.again()

    @contextmanager
    def graph(self, graph: Recorder.Graph) -> Iterator[None]:
        self.recording = graph
        yield
        self.recording = None


def test_a_recorded_step_meets_new_photos_and_new_rates_each_time(
    tmp_path: Path, accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = strong(epochs=4)
    fit(recipe, tmp_path / "plain", accelerator, pace=Pace(resident=True))
    recorder = Recorder(monkeypatch)
    fit(recipe, tmp_path / "graph", accelerator, pace=Pace(resident=True, graph=True))
    # Per epoch two batches of 4 and one of 2; the first three of each shape are taken without.
    assert recorder.launched == 4 * 3 - 2 * GraphedStep.WARM_UP
    plain, graph = (read_history(tmp_path / name) for name in ("plain", "graph"))
    for one, other in zip(plain, graph, strict=True):
        assert one.learning_rate == pytest.approx(other.learning_rate, rel=1e-6)
        assert one.train_loss == pytest.approx(other.train_loss, rel=2e-3)  # a rate is a float32 there
    assert plain[0].learning_rate != plain[-1].learning_rate


def test_a_pyramid_is_stepped_through_without_a_graph() -> None:
    class Plain:
        network = SimpleNamespace(device=torch.device("cpu"))
        optimizer = SimpleNamespace(param_groups=[], state={})

        def __call__(self, inputs: Any, masks: Tensor) -> Tensor:
            return torch.tensor(7.0)

    graphed: Any = GraphedStep(Plain())  # type: ignore[arg-type]
    assert graphed([torch.zeros(1)], torch.zeros(1)) == 7 and not graphed.seen


def test_steps_are_counted_where_the_optimiser_is_told_to() -> None:
    parameter = torch.nn.Parameter(torch.ones(2, device="meta"))
    optimizer = torch.optim.AdamW([parameter])
    optimizer.state[parameter] = {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}
    set_capturable(optimizer, True)
    assert optimizer.param_groups[0]["capturable"] is True
    assert optimizer.state[parameter]["step"].device.type == "meta"
    assert optimizer.state[parameter]["exp_avg"].device.type == "cpu"


@pytest.mark.gpu
@CUDA
@pytest.mark.parametrize("pace", [Pace(resident=True, graph=True), Pace(resident=True, channels_last=False)])
def test_on_a_card_every_pace_trains_alike(tmp_path: Path, pace: Pace) -> None:
    rows = []
    for name, chosen in (("plain", Pace(resident=True)), ("other", pace)):
        forget_accelerators()
        rows.append(fit(strong(epochs=4), tmp_path / name, Accelerator(), pace=chosen).history)
    forget_accelerators()
    for one, other in zip(*rows, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=0.02)


@pytest.mark.gpu
@CUDA
def test_a_step_on_a_card_waits_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = step.Step.__call__

    def watched(*arguments: Any) -> Tensor:
        torch.cuda.set_sync_debug_mode("error")
        try:
            return take(*arguments)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    # Its constants are sent once, which is waited for.
    normalise(torch.zeros(1, 1, 1, 3, device="cuda"), default_preprocessing())
    monkeypatch.setattr(step.Step, "__call__", watched)
    forget_accelerators()
    assert fit(strong(epochs=1), tmp_path, start_accelerator()).history
    forget_accelerators()


@pytest.mark.gpu
@CUDA
def test_a_graphed_run_is_resumed_without_a_graph_and_the_other_way_round(tmp_path: Path) -> None:
    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    for first, then in ((True, False), (False, True)):
        forget_accelerators()
        folder, card = tmp_path / str(first), Accelerator()
        with pytest.raises(KeyboardInterrupt):
            fit(strong(), folder, card, pace=Pace(resident=True, graph=first), on_epoch=stop)
        assert len(fit(strong(), folder, card, pace=Pace(resident=True, graph=then), resume=True).history) == 2
    forget_accelerators()

"""Two patients whose mistake shows in what the code does: the number type of ``half``, the mode of "
"``training_mode``."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.scores import ScoreSpace
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone, slot, span

INT8 = cause("int8")
UINT8 = cause("uint8")
BFLOAT16 = cause("bfloat16")
FLOAT16_ROUNDS = cause("float16-rounds")
INT16 = cause("int16")
SIXTEEN = cause("sixteen-bits")
HALF_LATE = cause("cast-after-overflow")
SUBSAMPLED = cause("subsampled")

EVAL_MISSING = cause("train-mode")
NORM_IN_TRAINING = cause("batch-norm-in-training")
DROPOUT_ON = cause("dropout-on")
FLAG_ALONE = cause("training-attribute")
SIGMOID_OUT = cause("probabilities-returned")
SOFTMAX_OUT = cause("softmax-over-one-channel")
MASK_OUT = cause("mask-returned")
ONE_PHOTO = cause("one-photo-returned")
SQUEEZED = cause("channel-dropped")
AVERAGED_OUT = cause("averaged-logits")
BYTES_IN = cause("scaled-input")
STATISTICS_LOST = cause("statistics-reset")
SIGN = cause("logits-negated")
HALF_NUMBERS = cause("half-precision")
WEIGHTS_CHANGED = cause("weights-changed")


def of_counts(questions: Mapping[str, Any], found: Mapping[str, Any], right: Mapping[str, float]) -> Cause | None:
    """Which number type counted: all is well up to a size, and wrong beyond.

    ``right``: the expected scores. The largest sum that a question needs is the sum of both areas.
    """
    sizes: dict[str, float] = {}
    for label, (mask, truth) in questions.items():
        sizes[label] = float(mask.sum() + truth.sum())
    values = {label: _number(found[label]) for label in found}
    off = {label: abs(values[label] - right[label]) for label in values}
    wrong = [label for label in off if not off[label] < 1e-5]
    well = [label for label in off if label not in wrong]
    if not wrong or not well:
        return None
    small = [label for label in wrong if sizes[label] < 20_000]
    large = [label for label in wrong if label not in small]
    rounds = [label for label in small if off[label] < 0.02]
    if rounds == small:  # the small ones are rounded at most
        if any(off[label] > 0.05 or np.isnan(values[label]) for label in large):
            return SIXTEEN if not any(values[label] < 0 for label in large) else INT16
        most = max((off[label] for label in wrong), default=0.0)
        return BFLOAT16 if most > 5e-4 or any(sizes[label] < 2_000 and off[label] > 2e-4 for label in small) else (
            FLOAT16_ROUNDS if most > 1e-5 else None
        )  # fmt: skip
    smallest = min(sizes[label] for label in wrong if label not in rounds)
    if smallest < 256:
        return INT8
    return UINT8 if smallest < 1_000 else None


def of_half(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    """Mistakes of ``half`` that are not the number type's."""

    def part(label: str, take: Any) -> float:
        mask, truth = (take(array) for array in questions[label])
        return float((mask & truth).sum() / max((mask | truth).sum(), 1))

    for take in (lambda a: a[::2, ::2], lambda a: a[::4, ::4], lambda a: a[:128, :128], lambda a: a[:256, :256],
                 lambda a: a[:224, :224], lambda a: a[1:-1, 1:-1] if min(a.shape) > 2 else a):  # fmt: skip
        yield alone(SUBSAMPLED, lambda label, take=take: part(label, take))  # type: ignore[misc]
    stacked = {label: (mask[None], truth[None]) for label, (mask, truth) in questions.items()}
    yield from ScoreSpace(stacked).suspects()


def _number(found: Any) -> float:
    try:
        return float(np.asarray(found, float).reshape(-1)[0])
    except (TypeError, ValueError, IndexError):
        return float("nan")


def of_mode(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    """Mistakes of ``training_mode``, by outcome: which layers were in training mode, and what was done "
    "to the logits."""

    def run(label: str, mode: str, feed: Any, then: Any) -> Any:
        model, x = questions[label]
        import copy

        model = copy.deepcopy(model)
        model.eval()
        for module in model.modules():
            norm, dropout = isinstance(module, nn.BatchNorm2d), isinstance(module, nn.Dropout)
            if (norm and mode in ("all", "norm")) or (dropout and mode in ("all", "dropout")):
                module.train()
            if norm and mode == "reset":
                module.reset_running_stats()  # type: ignore[operator]
            if norm and mode == "untracked":
                module.running_mean = module.running_var = None
        torch.manual_seed(0)
        with torch.no_grad():
            return then(model(feed(x))).numpy()

    modes = slot("eval", ("all", EVAL_MISSING), ("norm", NORM_IN_TRAINING), ("dropout", DROPOUT_ON),
                 ("reset", STATISTICS_LOST), ("untracked", NORM_IN_TRAINING))  # fmt: skip
    feeds = slot(lambda x: x, (lambda x: x / 255, BYTES_IN), (lambda x: (x - x.mean()) / x.std(), BYTES_IN),
                 (lambda x: torch.sigmoid(x), BYTES_IN), (lambda x: x[:1], ONE_PHOTO),
                 (lambda x: x.bfloat16().float(), HALF_NUMBERS))  # fmt: skip
    outcomes = slot(
        lambda z: z,
        (torch.sigmoid, SIGMOID_OUT),
        (lambda z: torch.softmax(z, 1), SOFTMAX_OUT),
        (lambda z: (z > 0).float(), MASK_OUT),
        (lambda z: (z > 0.5).float(), MASK_OUT),
        (lambda z: z > 0, MASK_OUT),
        (lambda z: z[0], ONE_PHOTO),
        (lambda z: z[:1], ONE_PHOTO),
        (lambda z: z.squeeze(), SQUEEZED),
        (lambda z: z[:, 0], SQUEEZED),
        (lambda z: z.squeeze(0), SQUEEZED),
        (lambda z: z.flatten(), SQUEEZED),
        (lambda z: z.flatten(1), SQUEEZED),
        (lambda z: z.mean(), AVERAGED_OUT),
        (lambda z: z.mean(0), AVERAGED_OUT),
        (lambda z: -z, SIGN),
        (lambda z: z.argmax(1), SOFTMAX_OUT),
        (lambda z: torch.log_softmax(z, 1), SOFTMAX_OUT),
    )
    yield from span(run, {"mode": modes, "feed": feeds, "then": outcomes})


def watched(model: nn.Module) -> dict[str, bool]:
    """Notes, from now on, whether each kind of layer is in training mode when it is used."""
    seen: dict[str, bool] = {}

    def note(module: nn.Module, *_: Any) -> None:
        kind = {"BatchNorm2d": "norm", "Dropout": "dropout"}.get(type(module).__name__, "")
        if kind:
            seen[kind] = seen.get(kind, False) or module.training

    for module in model.modules():
        module.register_forward_hook(note)
    return seen


def of_seen(seen: Mapping[str, bool], names: frozenset[str]) -> Cause | None:
    """What the layers' modes say."""
    norm, dropout = seen.get("norm", False), seen.get("dropout", False)
    if (norm or dropout) and "training" in names and "eval" not in names and "train" not in names:
        return FLAG_ALONE
    if norm and dropout:
        return EVAL_MISSING
    return NORM_IN_TRAINING if norm else DROPOUT_ON if dropout else None

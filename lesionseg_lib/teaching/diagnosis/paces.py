"""How long an epoch takes, and what goes wrong in the sum."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, slot, span

FASTER = cause("faster-of-two")

ADDED = cause("added-up")

ONLY_LOADING = cause("only-loading")

ONLY_STEPS = cause("only-steps")

NO_WORKERS = cause("workers-ignored")

WORKERS_TIMES = cause("workers-multiplied")

WORKERS_STEP = cause("workers-at-the-network")

PER_PHOTO = cause("step-per-photo")

PER_BATCH = cause("decode-per-batch")

ONE_BATCH = cause("one-batch")

AVERAGED = cause("averaged-times")

MILLISECONDS = cause("milliseconds")

FACTOR_OFF = cause("pace-factor")

BATCH_TIMES = cause("batch-multiplied")

BATCH_AGAIN = cause("batch-in-decode")

ROUNDED_DOWN = cause("rounded-down")

SLOWER_RATE = cause("rates-confused")

ONE_MORE_WORKER = cause("main-process-decodes")


def epochs() -> dict[str, tuple[int, int, float, int, float]]:
    rng, found = np.random.default_rng(0), {}
    for _ in range(200):
        batch, batches, workers = int(rng.choice([8, 16, 32])), int(rng.integers(30, 120)), int(rng.integers(1, 5))
        decode, step = (float(rng.choice([0.002, 0.01, 0.05, 0.2])) for _ in range(2))
        label = (
            f"{batches * batch} photos in batches of {batch}, {1000 * decode:g} ms to decode one, {workers} worker(s), "
            f"{1000 * step:g} ms a step"
        )
        found[label] = (batches * batch, batch, decode, workers, step)
    return found


def slower(settings: Any, off: list[str]) -> tuple[list[str], list[str]]:
    """Epochs in which the workers are slower, and in which the network is, sorted by how they were answered."""
    kinds: dict[str, list[bool]] = {"epochs that wait for the workers": [], "epochs that wait for the network": []}
    for label, (photos, batch, decode, workers, step) in settings.items():
        kind = list(kinds)[0 if photos * decode / workers > photos / batch * step else 1]
        kinds[kind].append(label in off)
    wrong = [kind for kind, answers in kinds.items() if np.mean(answers) > 0.1]
    return wrong, [kind for kind in kinds if kind not in wrong]


def paces(settings: Any) -> Iterator[Suspect]:
    def compute(label: str, load: Any, work: Any, both: Any, scale: Any) -> float:
        n, b, d, w, s = settings[label]
        return float(scale(both(load(n, b, d, w), work(n, b, s, w))))

    steps = {
        "both": slot(max, (lambda x, y: x + y, ADDED), (min, FASTER), (lambda x, y: x, ONLY_LOADING),
                     (lambda x, y: y, ONLY_STEPS), (lambda x, y: (x + y) / 2, AVERAGED), (lambda x,
                         y: abs(x - y), FASTER),
                     (lambda x, y: x * y, ADDED), (lambda x, y: (x * y) / (x + y), SLOWER_RATE)),
        "load": slot(lambda n, b, d, w: n * d / w, (lambda n, b, d, w: n * d, NO_WORKERS),
                     (lambda n, b, d, w: n * d * w, WORKERS_TIMES), (lambda n, b, d, w: n / b * d / w, PER_BATCH),
                     (lambda n, b, d, w: n / b * d, PER_BATCH), (lambda n, b, d, w: b * d / w, ONE_BATCH),
                     (lambda n, b, d, w: d / w, ONE_BATCH), (lambda n, b, d, w: n * b * d / w, BATCH_AGAIN),
                     (lambda n, b, d, w: n // w * d, ROUNDED_DOWN), (lambda n, b, d, w: n * d / (w + 1),
                         ONE_MORE_WORKER),
                     (lambda n, b, d, w: n / w / d, SLOWER_RATE), (lambda n, b, d, w: n * d // w, ROUNDED_DOWN)),
        "work": slot(lambda n, b, s, w: n / b * s, (lambda n, b, s, w: n * s, PER_PHOTO),
                     (lambda n, b, s, w: n * b * s, BATCH_TIMES), (lambda n, b, s, w: n / b * s / w, WORKERS_STEP),
                     (lambda n, b, s, w: s, ONE_BATCH), (lambda n, b, s, w: b * s, ONE_BATCH),
                     (lambda n, b, s, w: n * s / w, PER_PHOTO), (lambda n, b, s, w: n / b / s, SLOWER_RATE),
                     (lambda n, b, s, w: n / b * s * w, WORKERS_TIMES)),
        "scale": slot(lambda x: x, (lambda x: 1000 * x, MILLISECONDS), (lambda x: x / 1000, MILLISECONDS),
                      (lambda x: x / 60, MILLISECONDS), (lambda x: x / 3600, MILLISECONDS), (lambda x: 2 * x,
                          FACTOR_OFF),
                      (lambda x: x / 2, FACTOR_OFF), (lambda x: int(x), ROUNDED_DOWN)),
    }  # fmt: skip
    yield from span(compute, steps)

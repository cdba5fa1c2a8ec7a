"""An epoch played through: workers prepare batches, the network takes them in turn."""

from collections.abc import Callable

import numpy as np


def simulate_epoch(batches: int, load: float, workers: int, step: float) -> float:
    """Seconds of an epoch: worker w prepares batches w, w + workers, ...; the network takes all of them in turn.

    ``load``: seconds one worker needs for a batch; ``step``: seconds the network needs. Workers never wait for room.
    """
    ready = [load * (batch // workers + 1) for batch in range(batches)]
    now = 0.0
    for moment in ready:
        now = max(now, moment) + step
    return now


def epoch_fault(answer: Callable[[int, int, float, int, float], float], trials: int = 200) -> str | None:
    """Compare ``answer(photos, batch, decode, workers, step)`` with ``simulate_epoch`` on random settings.

    ``decode``: seconds one worker needs for a photo; ``step``: seconds the network needs for a batch. An answer may be
    off by the filling of the pipe: one batch loaded and one step. Returns the first setting on which it is farther off,
    in a sentence, or None.
    """
    rng = np.random.default_rng(0)
    for _ in range(trials):
        batch, batches, workers = int(rng.choice([8, 16, 32])), int(rng.integers(30, 120)), int(rng.integers(1, 5))
        decode, step = (float(rng.choice([0.002, 0.01, 0.05, 0.2])) for _ in range(2))
        played = simulate_epoch(batches, batch * decode, workers, step)
        found = float(answer(batches * batch, batch, decode, workers, step))
        if not abs(found - played) <= batch * decode + step + 1e-9:
            return (
                f"{batches * batch} photos in batches of {batch}, {1000 * decode:g} ms to decode one, {workers} "
                f"worker(s), {1000 * step:g} ms a step: you say {found:.1f} s, played through it takes {played:.1f} s."
            )
    return None

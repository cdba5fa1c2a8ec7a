"""What the lessons run on: commit, profile, device, data, weights. Printed first, kept in every executed notebook."""

import hashlib
import warnings
from typing import Any

from accelerate import Accelerator

from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.experiments.environment import environment
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run import pick_weights


def situation(profile_name: str) -> dict[str, Any]:
    """Return commit, dirty, profile, device, data, data_fingerprint and weights as the lessons will find them.

    Raises:
        LesionSegError: no such profile, or its data are not there.
    """
    profile = get_profile(profile_name)
    splits = open_splits(profile)
    parts = (splits.train, splits.validation, splits.test)
    fingerprint = hashlib.sha256("".join(part.content_fingerprint() for part in parts).encode())
    place = environment(Accelerator().device)
    with warnings.catch_warnings(action="ignore"):  # the lessons say it, loudly
        weights = pick_weights(profile)
    return {
        "commit": place["commit"],
        "dirty": place["dirty"],
        "profile": profile.name,
        "device": place["device"],
        "data": f"{splits.name}: {' + '.join(str(len(part)) for part in parts)} images",
        "data_fingerprint": fingerprint.hexdigest(),
        "weights": weights or "random",
    }

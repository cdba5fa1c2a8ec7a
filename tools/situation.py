"""What the lessons run on, as every executed notebook keeps it: commit, profile, device, data, weights."""

import hashlib
from typing import Any

from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.experiments.environment import describe
from lesionseg_lib.experiments.profiles import get_profile


def situation(profile_name: str) -> dict[str, Any]:
    """Return commit, dirty, profile, device, data, data_fingerprint and weights as the lessons will find them.

    Raises:
        LesionSegError: no such profile, or its data are not there.
    """
    profile = get_profile(profile_name)
    splits = open_splits(profile)
    here = describe(profile, splits)
    parts = (splits.train, splits.validation, splits.test)
    fingerprint = hashlib.sha256("".join(part.content_fingerprint() for part in parts).encode())
    return {
        "commit": here.machine["commit"],
        "dirty": here.machine["dirty"],
        "profile": profile.name,
        "device": here.machine["device"],
        "data": f"{splits.name}: {' + '.join(str(len(part)) for part in parts)} images",
        "data_fingerprint": fingerprint.hexdigest(),
        "weights": here.weights or "random",
    }

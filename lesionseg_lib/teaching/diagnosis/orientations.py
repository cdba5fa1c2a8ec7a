"""What a paired transform did, by looking at what comes back: which of the eight orientations, for image and mask."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.guard import Stopped, guarded

APART = cause("drawn-apart")
IMAGE_ALONE = cause("image-alone")
MASK_ALONE = cause("mask-alone")
OTHER_AXIS = cause("other-axis")
NO_MIRROR = cause("no-mirror")
NO_TURN = cause("no-turn")
ALWAYS_SAME = cause("always-the-same")
ALWAYS_MIRRORED = cause("always-mirrored")
TURNS_MISSING = cause("turns-missing")
UNEVEN_MIRROR = cause("uneven-mirror")
UNEVEN_TURN = cause("uneven-turn")
TIED = cause("draws-tied")
OTHER_RNG = cause("global-random")
SEEDED = cause("seeded-inside")
IN_PLACE = cause("written-in-place")
TYPE_CHANGED = cause("type-changed")
SHAPE_CHANGED = cause("axes-moved")
COLOURS = cause("colours-reversed")
VALUES = cause("mask-values-changed")
DOES_NOT_START = cause("no-generator-method")
BETWEEN_PIXELS = cause("other-angles")
EXCHANGED = cause("image-mask-exchanged")

DRAWS = 240


def _marked() -> tuple[Any, Any]:
    mask = np.zeros((8, 8), np.uint8)
    mask[0, 1:4] = mask[1, 1] = 1
    image = np.stack([mask * 200, mask * 150 + 20, mask * 100 + 40], axis=2).astype(np.uint8)
    return image, mask


def _name(array: Any, of: Any) -> tuple[int, int] | None:
    for mirrored in (0, 1):
        for turns in range(4):
            turned = np.rot90(of, turns)
            if np.array_equal(array, turned[:, ::-1] if mirrored else turned):
                return turns, mirrored
    return None


def orientation_cause(transform: Callable[..., Any], fault: str) -> Cause | None:
    """The likeliest cause of a transform's fault, from many draws on a marked pair; None: nothing stands out."""
    image, mask = _marked()
    seen: list[tuple[Any, Any]] = []
    try:
        for seed in range(DRAWS):
            found = guarded(lambda seed=seed: transform(image.copy(), mask.copy(), np.random.default_rng(seed)), 5)  # type: ignore[misc]
            if (found := _read(found, image, mask)) in (EXCHANGED, TYPE_CHANGED, SHAPE_CHANGED):
                return found  # type: ignore[no-any-return]
            of_image, of_mask = found
            seen.append((_name(of_image, image), _name(of_mask, mask)))
            if seen[-1][0] is None and _name(of_image[..., ::-1], image) is not None:
                return COLOURS
            if seen[-1][1] is None:
                return VALUES if set(np.unique(of_mask)) - {0, 1} else BETWEEN_PIXELS
    except (Exception, Stopped) as error:
        return DOES_NOT_START if isinstance(error, AttributeError) else None
    if "stopped" in fault and ("read-only" in fault.partition("(The given")[0] or "read only" in fault):
        return IN_PLACE
    return _of_seen(seen, transform, image, mask)


def _read(found: Any, image: Any, mask: Any) -> Any:
    one, two = (np.asarray(part) for part in found)
    if one.shape == mask.shape and two.shape == image.shape:
        return EXCHANGED
    if one.shape != image.shape or two.shape != mask.shape:
        return SHAPE_CHANGED
    return (one, two) if one.dtype == two.dtype == np.uint8 else TYPE_CHANGED


def _of_seen(seen: list[tuple[Any, Any]], transform: Any, image: Any, mask: Any) -> Cause | None:
    images, masks = ({pair[place] for pair in seen} for place in (0, 1))
    if any(a != b for a, b in seen):
        if masks == {(0, 0)}:
            return IMAGE_ALONE
        if images == {(0, 0)}:
            return MASK_ALONE
        partners: dict[Any, set[Any]] = {}
        for a, b in seen:
            partners.setdefault(a, set()).add(b)
        return OTHER_AXIS if all(len(others) == 1 for others in partners.values()) else APART
    again = [transform(image.copy(), mask.copy(), np.random.default_rng(seed)) for seed in range(12)]
    if any(_name(np.asarray(m), mask) != seen[seed][1] for seed, (_, m) in enumerate(again)):
        return OTHER_RNG
    return _of_counts(Counter(mask for _, mask in seen))


def _of_counts(counts: Counter[Any]) -> Cause | None:
    turns = Counter({t: sum(n for (a, _), n in counts.items() if a == t) for t in range(4)})
    mirrors = [sum(n for (_, m), n in counts.items() if m == side) for side in (0, 1)]
    if len(counts) == 1:
        return ALWAYS_SAME
    if mirrors[1] == 0:
        return TURNS_MISSING if any(turns[t] == 0 for t in range(4)) else NO_MIRROR
    if mirrors[0] == 0:
        return ALWAYS_MIRRORED
    came = {t for t in range(4) if turns[t]}
    if len(came) < 4:
        return NO_TURN if not came & {1, 3} else TURNS_MISSING
    if len(counts) < 8:
        return TIED
    if abs(mirrors[0] - mirrors[1]) > 4 * DRAWS**0.5:
        return UNEVEN_MIRROR
    if max(turns.values()) - min(turns.values()) > 0.2 * DRAWS:
        return UNEVEN_TURN
    return TIED

"""What a paired transform did, by looking at what comes back: which of the eight orientations, for image and mask."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.guard import Stopped, guarded

_PAIRS, _COPIED = "05: One draw, two pictures", "05: Draws that are copied"
APART = cause("drawn-apart", "image and mask are turned by different draws: draw once, before both", _PAIRS)
IMAGE_ALONE = cause("image-alone", "the image moves and the mask stays as it was", _PAIRS)
MASK_ALONE = cause("mask-alone", "the mask moves and the image stays as it was", _PAIRS)
OTHER_AXIS = cause(
    "other-axis",
    "image and mask are moved differently by the same draw: another axis, or turned the other way round",
    _PAIRS,
)
NO_MIRROR = cause("no-mirror", "nothing is ever mirrored: only the four turns come", _PAIRS)
NO_TURN = cause("no-turn", "nothing is ever turned by a quarter: only mirrors (or half turns) come", _PAIRS)
ALWAYS_SAME = cause("always-the-same", "every draw gives the same orientation: nothing is drawn", _PAIRS)
ALWAYS_MIRRORED = cause("always-mirrored", "every pair is mirrored; half of them should be", _PAIRS)
TURNS_MISSING = cause(
    "turns-missing",
    "some of the four turns never come: integers(k) draws 0 to k - 1, and integers(1, 4) leaves out 0",
    _PAIRS,
)
UNEVEN_MIRROR = cause("uneven-mirror", "the mirror does not come half of the time", _PAIRS)
UNEVEN_TURN = cause("uneven-turn", "the four turns do not come equally often", _PAIRS)
TIED = cause(
    "draws-tied",
    "turn and mirror depend on the same draw, so that some combinations never come: give each a draw of its own",
    _PAIRS,
)
OTHER_RNG = cause(
    "global-random",
    "the draws do not come from `rng`: another generator (np.random, random, torch) decides, so nothing can be repeated",
    _COPIED,
)
SEEDED = cause(
    "seeded-inside", "a generator is made inside with a fixed seed, so every pair gets the same draw", _COPIED
)
IN_PLACE = cause(
    "written-in-place",
    "the given arrays are written to; they are read-only, as those of a cache are: return new ones",
    _PAIRS,
)
TYPE_CHANGED = cause("type-changed", "the type changes on the way (float, or bool): image and mask stay bytes", _PAIRS)
SHAPE_CHANGED = cause(
    "axes-moved",
    "the axes are moved: turn the first two, height and width, and leave the colours where they are",
    _PAIRS,
)
COLOURS = cause("colours-reversed", "the colours are reversed: the last axis of the image was flipped", _PAIRS)
VALUES = cause("mask-values-changed", "the mask's values change: it was scaled, or interpolated", _PAIRS)
DOES_NOT_START = cause(
    "no-generator-method", "the generator is not used as numpy's: rng.integers(4), rng.random()", _PAIRS
)
BETWEEN_PIXELS = cause(
    "other-angles", "the mask is none of the eight orientations: other angles, a shift or a crop were drawn", _PAIRS
)
EXCHANGED = cause("image-mask-exchanged", "image and mask come back in exchanged places", _PAIRS)

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

"""Does a transform move image and mask together? Tried on marked squares."""

from collections.abc import Callable

import numpy as np

from lesionseg_lib.data.pair_checks import U8

Transform = Callable[[U8, U8, np.random.Generator], tuple[U8, U8]]


TRANSFORM_DRAWS = 400  # with eight orientations 50 each, give or take 7


def transform_fault(transform: Transform) -> str | None:
    """Try ``transform(image, mask, rng) -> (image, mask)``, which should turn and mirror, on marked squares.

    Expected: image and mask move together, shapes, types and the mask's two values stay, the given arrays are not
    written to, all draws come from ``rng``, and all eight orientations of a square come equally often. Returns the
    first fault, in a sentence, or None.
    """
    mask = np.zeros((8, 8), np.uint8)
    mask[0, 1:4] = mask[1, 1] = 1  # looks different in each of the eight orientations
    image = np.repeat((mask * 200)[..., None], 3, axis=2)
    mask.setflags(write=False)
    image.setflags(write=False)
    names = [(turned if not mirrored else turned[:, ::-1]).tobytes() for turned, mirrored in _orientations(mask)]
    counts = dict.fromkeys(names, 0)
    for seed in range(TRANSFORM_DRAWS):
        try:
            found, drawn = transform(image, mask, np.random.default_rng(seed))
            again = transform(image, mask, np.random.default_rng(seed))
        except Exception as error:
            return f"It stopped: {error!r}. (The given arrays are read-only, as those of a cache are.)"
        fault = _fault(image, mask, found, drawn, again)
        if fault:
            return f"Draw {seed}: {fault}"
        if (key := np.ascontiguousarray(drawn).tobytes()) not in counts:
            return f"Draw {seed}: the mask is none of the eight orientations of the one given."
        counts[key] += 1
    fewest, most = min(counts.values()), max(counts.values())
    even = TRANSFORM_DRAWS / 8
    if fewest < even - 30 or most > even + 30:  # more than four standard deviations
        came = sum(count > 0 for count in counts.values())
        return (
            f"Of eight orientations {came} came in {TRANSFORM_DRAWS} draws, the rarest {fewest}, the commonest {most} "
            f"times."
        )
    return None


def _orientations(mask: U8) -> list[tuple[U8, bool]]:
    return [(np.rot90(mask, turns), mirrored) for turns in range(4) for mirrored in (False, True)]


def _fault(image: U8, mask: U8, found: U8, drawn: U8, again: tuple[U8, U8]) -> str:
    if found.shape != image.shape or drawn.shape != mask.shape or found.dtype != np.uint8 or drawn.dtype != np.uint8:
        return f"image {found.dtype} {found.shape}, mask {drawn.dtype} {drawn.shape}; both should stay as they were."
    if set(np.unique(drawn)) - {0, 1}:
        return f"the mask holds {sorted(map(int, np.unique(drawn)))}, not 0 and 1."
    if not np.array_equal(found[..., 0] > 100, drawn == 1):
        return "the lesion in the image is not where the mask says."
    if not (np.array_equal(found, again[0]) and np.array_equal(drawn, again[1])):
        return "a second call with an equal generator gave something else; draw from `rng` only."
    return ""

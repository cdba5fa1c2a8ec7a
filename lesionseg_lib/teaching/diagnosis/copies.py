"""Copies of photos, darkened, cropped and mirrored: are they what they should be, and what went wrong?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lesionseg_lib.data.datasets import resize_image
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.reading import demand, opened, refuse

COPIES = ("unaltered", "darker", "mirrored", "cropped")
BY_SEVENTY = cause("darker-by-70")
SUBTRACTED = cause("brightness-subtracted")
WRAPS = cause("bytes-wrap")
BRIGHTER = cause("brighter")
NOT_ALTERED = cause("copy-unaltered")
UPSIDE = cause("upside-down-copy")
COLOURS_TURNED = cause("channels-reversed")
TURNED_180 = cause("turned-not-mirrored")
ORDER_TURNED = cause("order-of-photos")
ONE_SIDE = cause("cropped-at-two-sides")
FIFTH = cause("cropped-by-other-share")
OTHER_DARK = cause("other-brightness")
SCALED_BYTES = cause("bytes-scaled")


def check_copies(copies: Mapping[str, Any]) -> None:
    """Look at a student's altered copies of photos; raises ``Wrong`` naming the first that is not what it is called."""
    demand(isinstance(copies, Mapping), "expected the copies as a dictionary: name -> photos.")
    for name in COPIES:
        demand(name in copies, f"there is no copy called {name!r}; found {', '.join(map(str, copies))}.")
    some = np.asarray(opened(copies["unaltered"]))
    for name in COPIES:
        copy = np.asarray(opened(copies[name]))
        demand(
            copy.shape == some.shape and copy.dtype == np.uint8,
            f"{name}: expected bytes of the shape {some.shape}, found {copy.dtype} {copy.shape}. "
            + ("Enlarge a crop again." if copy.shape != some.shape else "Go back to bytes: .astype(np.uint8)."),
        )
    size, floats = (some.shape[1], some.shape[2]), some.astype(float)

    def crop(share: float, sides: str = "both") -> Any:
        rim = [max(round(side * share), 1) for side in size]
        ends = (
            (slice(rim[0], -rim[0]), slice(rim[1], -rim[1]))
            if sides == "both"
            else (
                (slice(rim[0], None), slice(rim[1], None))
                if sides == "first"
                else (slice(None, -rim[0]), slice(None, -rim[1]))
            )
        )
        return np.stack([resize_image(image, size) for image in np.ascontiguousarray(some[(slice(None), *ends)])])

    def off(name: str, other: Any) -> float:
        return float(np.abs(np.asarray(opened(copies[name]), float) - other).mean())  # grey levels

    def settle(name: str, fine: bool, suspects: list[tuple[Cause, Any]], says: str) -> None:
        if fine:
            return
        likely = [cause for cause, other in suspects if off(name, np.asarray(other, float)) < 3]
        refuse(f"{name}: {says}", likely[0] if likely else None)

    dark: list[tuple[Cause, Any]] = [
        (NOT_ALTERED, some),
        (BY_SEVENTY, 0.3 * floats),
        (WRAPS, some - np.uint8(77)),
        (WRAPS, some - np.uint8(70)),
        (WRAPS, (some * np.uint8(7)) // 10),
        (SUBTRACTED, (floats - 76.5).clip(0)),
        (SUBTRACTED, (floats - 70).clip(0)),
        (SUBTRACTED, (floats - 30).clip(0)),
        (SUBTRACTED, floats - 0.7),
        (BRIGHTER, (1.3 * floats).clip(0, 255)),
        (BRIGHTER, (floats / 0.7).clip(0, 255)),
        (BRIGHTER, (1.7 * floats).clip(0, 255)),
        (WRAPS, (floats * 1.3) % 256),
        (SCALED_BYTES, np.zeros_like(floats)),
        *((OTHER_DARK, k * floats) for k in (0.5, 0.6, 0.8, 0.9, 0.93)),
        (OTHER_DARK, 255 * (floats / 255) ** 0.7),
        (OTHER_DARK, 255 * (floats / 255) ** (1 / 0.7)),
    ]
    settle("darker", off("darker", 0.7 * floats) < 3, dark, "these are not 70 % of the bytes.")
    mirrored: list[tuple[Cause, Any]] = [
        (NOT_ALTERED, some),
        (UPSIDE, some[:, ::-1]),
        (COLOURS_TURNED, some[..., ::-1]),
        (TURNED_180, some[:, ::-1, ::-1]),
        (ORDER_TURNED, some[::-1]),
        (TURNED_180, some.transpose(0, 2, 1, 3) if size[0] == size[1] else some),
        (TURNED_180, np.rot90(some, axes=(1, 2)) if size[0] == size[1] else some),
    ]
    settle("mirrored", off("mirrored", some[:, :, ::-1]) < 3, mirrored, "left and right should change places.")
    inner = crop(0.1)
    change = np.abs(inner - floats).mean()
    distance = off("cropped", inner)
    near = [
        (off("cropped", other), why)
        for why, other in (
            (NOT_ALTERED, some),
            (ONE_SIDE, crop(0.1, "first")),
            (ONE_SIDE, crop(0.1, "last")),
            (FIFTH, crop(0.05)),
            (FIFTH, crop(0.2)),
            (FIFTH, crop(0.25)),
            (FIFTH, crop(0.15)),
        )
    ]
    nearest, why = min(near, key=lambda pair: pair[0])
    says = "a tenth should be gone at each of the four sides."
    if distance >= max(3, 0.5 * change) or (nearest < 0.25 * distance and distance > 0.35 * change):
        refuse(f"cropped: {says}", why if nearest < 3 or nearest < 0.35 * distance else None)

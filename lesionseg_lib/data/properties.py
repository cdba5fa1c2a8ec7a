"""What can be measured on a photo and its mask before there is any network: size, colour, artefacts, the border.

Each measure is a few lines that anybody can check by looking. None is a diagnosis, none is free of false alarms; the
docstrings say what fools them. Lengths are relative to the image's mean side, sqrt(H * W). Photos are uint8 (H, W, 3),
RGB, masks bool (H, W); every function raises ``ShapeError`` for anything else.
"""

import io
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionseg_lib.data.cache import content_fingerprint
from lesionseg_lib.data.datasets import Image, LesionDataset, Mask
from lesionseg_lib.utils.checks import Need, check_arrays
from lesionseg_lib.utils.files import sha256_of, write_bytes

Floats = NDArray[np.float32]

DARK = 25.0  # L*: what is darker and hangs together with a corner is no skin; the darkest skin has about 30
RING = (0.03, 0.12)  # the skin around a lesion: from here to there outside the mask, as a share of the mean side
LEAST = 0.005  # a measure of skin from fewer pixels, as a share of the image, is no measure
MARGIN = 0.03  # of the mean side: some photos have a thin frame
HAIR_WIDTH, HAIR_LENGTH, HAIR_DEPTH = 1 / 16, 0.10, 12  # widest, shortest, and how much darker in grey levels
STRANGE = 25.0  # distance in a*b* from the skin of the same photo
_SHARES = np.arange(256) / 255
_LINEAR = np.where(_SHARES > 0.04045, ((_SHARES + 0.055) / 1.055) ** 2.4, _SHARES / 12.92).astype(np.float32)
"""Light of each byte of an sRGB image, 0 to 1."""
_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_FROM_SRGB = (_TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
"""Linear R, G, B to X, Y, Z, each as a share of white's."""
_VERSION = 3  # of the survey: raise it whenever a measure changes


# ---- the mask


def position(mask: Mask) -> tuple[float, float]:
    """Centroid of a lesion, x to the right and y down: 0 in the middle of the image, -1 and 1 at its edges.

    NaN for an empty mask.
    """
    _check_mask(mask)
    if not mask.any():
        return float("nan"), float("nan")
    y, x = np.nonzero(mask)
    h, w = mask.shape
    return float(2 * (x.mean() + 0.5) / w - 1), float(2 * (y.mean() + 0.5) / h - 1)


def frame_share(mask: Mask) -> float:
    """Share of the image's outermost pixels that are lesion: above 0, and the lesion leaves the picture."""
    _check_mask(mask)
    rim = np.ones(mask.shape, bool)
    rim[1:-1, 1:-1] = False
    return float(mask[rim].mean())


def border_detail(mask: Mask) -> float:
    """Corners of the outline, counted in circles: about 1 is as smooth as a circle of that area, 4 is ragged.

    The outline of the largest part of the mask is replaced by the polygon with fewest corners that stays within 0.5 %
    of the mean side (at least one pixel); a circle of radius r needs pi / sqrt(2 t / r) of them at tolerance t. What
    was traced by hand has few, what was flood-filled follows every pore. NaN for an empty mask.

    Source of the polygon: Douglas & Peucker, 1973.
    """
    _check_mask(mask)
    outlines, _ = cv2.findContours(np.pad(mask, 1).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return float("nan")
    outline = max(outlines, key=cv2.contourArea)
    tolerance = max(0.005 * float(np.sqrt(mask.size)), 1.0)
    radius = float(np.sqrt(mask.sum() / np.pi))
    corners = len(cv2.approxPolyDP(outline, tolerance, True))
    return float(corners / max(np.pi / np.sqrt(2 * tolerance / radius), 3.0))


# ---- colour


def lab(image: Image) -> Floats:
    """CIE L*a*b* (L* 0 to 100) of an sRGB image, white point D65: float32 (H, W, 3).

    Worked out for every pixel. OpenCV interpolates in a table: it is off by up to half a unit, and the typology angle
    of skin, whose b* is small, by a degree and more. White is what R = G = B = 255 gives, so grey has a* = b* = 0.
    Sources: IEC 61966-2-1 (sRGB), CIE 15 (L*a*b*).
    """
    check_arrays(image=Need(image, "H W 3", "uint8"))
    relative = _LINEAR[image] @ _FROM_SRGB.T  # X / Xn, Y / Yn, Z / Zn, each 0 to 1
    x, y, z = np.moveaxis(
        np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29), -1, 0
    )
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def dark_corners(image: Image, dark: float = DARK) -> Mask:
    """Pixels darker than L* = ``dark`` that hang together with a corner of the image: bool (H, W).

    The field outside the dermatoscope's round opening, and black bars. Fooled by a dark lesion that reaches a corner,
    and by a corner that is merely dim: that it does not see.
    """
    black = cv2.blur(lab(image)[..., 0], (3, 3)) < dark
    _, parts = cv2.connectedComponents(black.astype(np.uint8))
    touching = {int(parts[y, x]) for y in (0, -1) for x in (0, -1)} - {0}
    return np.isin(parts, list(touching))


def surrounding_skin(image: Image, mask: Mask, ring: tuple[float, float] = RING) -> Mask:
    """A ring around the lesion, from 3 to 12 % of the mean side outside its mask, without dark corners: bool (H, W)."""
    _check(image, mask)
    return _away(mask, ring[0]) & ~_away(mask, ring[1]) & ~dark_corners(image)


def skin_colour(image: Image, mask: Mask) -> Floats:
    """Median L*, a*, b* of the surrounding skin, (3,); the median, so that hairs and a ruler weigh little.

    NaN where the ring is less than 0.5 % of the image: the lesion fills the picture.
    """
    ring = surrounding_skin(image, mask)
    if ring.mean() < LEAST:
        return np.full(3, np.nan, np.float32)
    return np.asarray(np.median(lab(image)[ring], axis=0), np.float32)


def contrast(image: Image, mask: Mask) -> float:
    """Colour difference (CIE76) of the lesion's median colour and the surrounding skin's. 2 can just be seen."""
    _check(image, mask)
    if not mask.any():
        return float("nan")
    return float(np.linalg.norm(np.median(lab(image)[mask], axis=0) - skin_colour(image, mask)))


def typology_angle(colour: Floats) -> float:
    """Individual typology angle of a skin colour L*, a*, b*, in degrees: arctan((L* - 50) / b*).

    Above 55 very light, 41 light, 28 intermediate, 10 tan, -30 brown, below that dark. Defined for a colorimeter on
    bare skin. A photo adds lamp, exposure and white balance: in bluish photos b* is negative, and the angle passes 90,
    which no skin has (the quadrant is kept; a plain arctan would call such skin dark).

    Source: Chardon, Cretois & Hourseau, *Skin colour typology and suntanning pathways*, 1991.
    """
    check_arrays(colour=Need(np.asarray(colour), "3", finite=False))  # NaN where no skin was found
    return float(np.degrees(np.arctan2(colour[0] - 50, colour[2])))


# ---- artefacts


def hair_map(
    image: Image, widest: float = HAIR_WIDTH, shortest: float = HAIR_LENGTH, depth: float = HAIR_DEPTH
) -> Mask:
    """Dark, thin, long things: bool (H, W).

    A closing by a disc wider than a hair fills hairs in; what it changed by more than ``depth`` grey levels is dark and
    thin (black-hat). Of that, what contains a straight line of ``shortest`` mean sides in one of twelve directions is
    long. Also sees rulers, vessels and ink; does not see white hair.

    Source: Lee et al., *DullRazor*, 1997, whose closings in several directions this follows.
    """
    check_arrays(image=Need(image, "H W 3", "uint8"))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    side = float(np.sqrt(grey.size))
    width, length = _odd(widest * side), _odd(shortest * side)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    thin = (cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc) > depth).astype(np.uint8)
    found = np.zeros(grey.shape, bool)
    for angle in np.arange(12) * np.pi / 12:
        line, half = np.zeros((length, length), np.uint8), length // 2
        dx, dy = round(half * float(np.cos(angle))), round(half * float(np.sin(angle)))
        cv2.line(line, (half - dx, half - dy), (half + dx, half + dy), 1)
        found |= np.asarray(cv2.morphologyEx(thin, cv2.MORPH_OPEN, line)) > 0
    return found


def hair_index(image: Image, mask: Mask) -> float:
    """Share of the skin that ``hair_map`` marks, away from lesion, dark corners and the image's edge.

    On the lesion itself hairs cannot be told from a pigment network. NaN where less than 5 % of the image is left.
    """
    _check(image, mask)
    usable = _away(mask, HAIR_WIDTH / 2) & _away(dark_corners(image), HAIR_WIDTH / 2)
    edge = max(round(MARGIN * float(np.sqrt(mask.size))), 1)
    usable[:edge] = usable[-edge:] = usable[:, :edge] = usable[:, -edge:] = False
    return float(hair_map(image)[usable].mean()) if usable.mean() >= 0.05 else float("nan")


def patch_share(image: Image, mask: Mask, strange: float = STRANGE) -> float:
    """Share of the image in areas whose hue and chroma are far from the skin of the same photo: colour discs, ink.

    More than ``strange`` in a*b* from the median of the surrounding skin, outside the lesion, at least 4 % of the mean
    side wide. Fooled by red spots beside the lesion; does not see grey and white discs. NaN where no skin is left to
    compare with.
    """
    skin = skin_colour(image, mask)
    if np.isnan(skin).any():
        return float("nan")
    odd = np.linalg.norm(lab(image)[..., 1:] - skin[1:], axis=-1) > strange
    odd &= _away(mask, 0.02) & ~dark_corners(image)
    width = _odd(0.04 * float(np.sqrt(mask.size)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return float(cv2.morphologyEx(odd.astype(np.uint8), cv2.MORPH_OPEN, disc).mean())


# ---- all of it, for a whole data set


def measure(image: Image, mask: Mask) -> dict[str, float]:
    """Every measure of one photo by name; shares in 0 to 1, ``ita`` in degrees, ``L a b`` of the surrounding skin."""
    x, y = position(mask)
    colour = skin_colour(image, mask)
    return {
        "height": mask.shape[0],
        "width": mask.shape[1],
        "area": float(mask.mean()),
        "x": x,
        "y": y,
        "frame": frame_share(mask),
        "detail": border_detail(mask),
        "contrast": contrast(image, mask),
        "L": float(colour[0]),
        "a": float(colour[1]),
        "b": float(colour[2]),
        "ita": typology_angle(colour),
        "corners": float(dark_corners(image).mean()),
        "hair": hair_index(image, mask),
        "patch": patch_share(image, mask),
    }


def survey(dataset: LesionDataset, directory: Path) -> pd.DataFrame:
    """``measure`` of every sample, one row each in the data set's order, with its ``id``.

    Kept as a file in ``directory``, with its SHA-256 in the first line, and made anew when a photo or mask has changed
    or the file is damaged. The first time it takes about 25 ms a photo of 256 x 192.
    """
    path = directory / f"survey-{_VERSION}-{content_fingerprint(dataset)[:16]}.csv"
    with suppress(OSError):
        told, _, text = path.read_bytes().partition(b"\n")
        if told.decode("ascii", "replace") == f"# {sha256_of(text)}":
            return pd.read_csv(io.BytesIO(text), dtype={"id": str})
    table = pd.DataFrame([{"id": sample.id, **measure(sample.image, sample.mask)} for sample in dataset])
    text = table.to_csv(index=False, lineterminator="\n").encode()
    write_bytes(path, f"# {sha256_of(text)}\n".encode() + text)
    return table


def _check_mask(mask: Mask) -> None:
    check_arrays(mask=Need(mask, "H W", "bool"))


def _check(image: Image, mask: Mask) -> None:
    check_arrays(image=Need(image, "H W 3", "uint8"), mask=Need(mask, "H W", "bool"))


def _odd(length: float) -> int:
    return 2 * round(length / 2) + 1


def _away(mask: Mask, distance: float) -> Mask:
    """Pixels farther from a mask than this share of the mean side; all of them if it is empty."""
    if not mask.any():
        return np.ones(mask.shape, bool)
    pixels = cv2.distanceTransform(1 - mask.astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(pixels > distance * np.sqrt(mask.size))

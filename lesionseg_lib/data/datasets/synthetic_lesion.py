"""What the synthetic camera looks at: skin, the outline of a lesion, and the pigment inside it.

Colours are CIE L*a*b* (L 0 to 100) in float32; lengths are relative to the image's geometric mean side, so
that one seed gives one composition at every resolution. The distributions of area, contrast and colour
follow the ISIC 2016 images.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr, ndtri

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Rng = np.random.Generator

# L*a*b* of skin under the dermatoscope, Fitzpatrick types I to VI, and how often each is drawn.
SKIN = np.array([(87, 1, 4), (82, 2, 6), (77, 4, 10), (67, 6, 14), (55, 9, 17), (45, 10, 15)], np.float32)
SKIN_SHARE = np.array([0.22, 0.30, 0.24, 0.12, 0.07, 0.05])
ROMAN = ("I", "II", "III", "IV", "V", "VI")

# How more pigment moves the colour away from the skin's: the mean offset of ISIC 2016 lesions, binned by
# contrast, and prolonged to black; then as a table of 256 steps of equal length.
_RAMP = np.array(
    [(0, 0, 0), (-4, 5, 6), (-14.7, 10.7, 13.3), (-22, 13, 16), (-31, 15, 18), (-43, 13.6, 15), (-60, 6, 3)]
)
_RAMP_LENGTH = np.linalg.norm(_RAMP, axis=1)
RAMP_END = float(_RAMP_LENGTH[-1])
RAMP = np.stack(
    [np.interp(np.linspace(0, RAMP_END, 256), _RAMP_LENGTH, _RAMP[:, c]) for c in range(3)], axis=-1
).astype(np.float32)

# ISIC 2016: logit of the lesion's share of the image, and log of the mean colour difference (CIE76).
AREA_LOGIT = (-1.23, 1.35)
CONTRAST_LOG = (3.30, 0.45)


def _truncated_normal(rng: Rng, mean: float, sd: float, low: float, high: float) -> float:
    """One draw from a normal distribution cut to [low, high], by inversion (one uniform number)."""
    below, above = ndtr((np.array([low, high]) - mean) / sd)
    return float(np.clip(mean + sd * ndtri(rng.uniform(below, above)), low, high))


def draw_area(rng: Rng, low: float, high: float) -> float:
    """The lesion's share of the image, distributed as in ISIC 2016 but within [low, high]."""
    return float(1 / (1 + np.exp(-_truncated_normal(rng, *AREA_LOGIT, logit(low), logit(high)))))


def draw_contrast(rng: Rng, low: float, high: float) -> float:
    """Mean L*a*b* distance of lesion and skin, distributed as in ISIC 2016 but within [low, high]."""
    return float(np.exp(_truncated_normal(rng, *CONTRAST_LOG, np.log(low), np.log(high))))


def noise(rng: Rng, shape: tuple[int, int], cells: float, octaves: int = 1, fields: int = 1) -> list[Floats]:
    """Smooth random fields (H, W) of mean 0 and variance about 1.

    ``cells`` bumps fit along the mean side; each further octave is twice as fine and half as strong.
    """
    h, w = shape
    side = np.sqrt(h * w)
    total: Floats = np.zeros((2, 2, fields), np.float32)
    power = 0.0
    for octave in range(octaves):
        k = cells * 2**octave
        if octave and k > 0.6 * side:  # finer than two pixels: the camera's blur would remove it
            break
        rows, columns = round(k * h / side) + 2, round(k * w / side) + 2
        total = _enlarged(total, rows, columns)  # the coarser octaves: cheap, because still small
        total += rng.standard_normal((rows, columns, fields), np.float32) * np.float32(0.5**octave)
        power += 0.25**octave
    # Interpolation takes 40 % of the variance.
    total = _enlarged(total * np.float32(1.3 / np.sqrt(power)), h, w)
    return [np.ascontiguousarray(total[..., field]) for field in range(fields)]


def _enlarged(fields: Floats, h: int, w: int) -> Floats:
    enlarged = cv2.resize(fields, (w, h), interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.float32).reshape(h, w, -1)


def sigmoid(x: Floats) -> Floats:
    """By tanh, which does not overflow; float32."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), np.float32)


def grid_of(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Coordinates x, y of the pixel centres, origin in the middle, unit = geometric mean side."""
    h, w = shape
    side = np.float32(np.sqrt(h * w))
    x = (np.arange(w, dtype=np.float32) + np.float32(0.5 - w / 2)) / side
    y = (np.arange(h, dtype=np.float32) + np.float32(0.5 - h / 2)) / side
    return np.broadcast_to(x, shape), np.broadcast_to(y[:, None], shape)


def draw_mask(rng: Rng, shape: tuple[int, int], area: float, irregularity: float) -> Mask:
    """One connected lesion without holes that covers ``area`` of the image (to within 3 %).

    A rotated ellipse with lobes, bent by noise; the level that encloses the wanted area is the contour.
    """
    radius = np.sqrt(area / np.pi)
    x, y = grid_of(shape)
    x = x * np.float32((shape[0] / shape[1]) ** (0.9 * np.sqrt(area)))  # large ones fill the frame's shape
    angle = rng.uniform(0, np.pi)
    stretch = np.exp(min(abs(rng.normal(0, 0.22)), 0.5) * max(1 - 1.5 * area, 0))
    room = 0.008 + 0.3 * max(1 - 2.5 * area, 0)
    centre = np.clip(rng.normal(0, 0.3, 2), -1, 1) * room
    strength, phase = rng.normal(0, 1, 5), rng.uniform(0, 2 * np.pi, 5)
    amount = irregularity * float(np.clip(np.exp(rng.normal(0, 0.55)), 0.3, 2.4)) * (1 - 0.6 * area)
    bend_x, bend_y = noise(rng, shape, float(np.clip(0.9 / radius, 1.5, 24)), octaves=4, fields=2)
    turns = np.linspace(-np.pi, np.pi, 361)
    order = np.arange(2, 7)[:, None]
    lobes = (strength[:, None] / order * np.cos(order * turns + phase[:, None])).sum(0)
    while True:
        u = x - np.float32(centre[0]) + np.float32(amount * 0.18 * radius) * bend_x
        v = y - np.float32(centre[1]) + np.float32(amount * 0.18 * radius) * bend_y
        p = np.float32(np.cos(angle) / stretch) * u + np.float32(np.sin(angle) / stretch) * v
        q = np.float32(np.cos(angle) * stretch) * v - np.float32(np.sin(angle) * stretch) * u
        reach = np.maximum(1 + 0.1 * amount * lobes, 0.3).astype(np.float32)
        distance, turn = cv2.cartToPolar(p, q, angleInDegrees=True)
        distance /= reach[np.rint(turn).astype(np.int32)]
        wanted = max(1, round(area * distance.size))
        mask = distance <= np.partition(distance, wanted - 1, axis=None)[wanted - 1]
        mask = _largest_without_holes(mask)
        if amount < 1e-3 or abs(int(mask.sum()) - wanted) <= 0.03 * wanted:
            return mask
        amount *= 0.7  # the noise tore the lesion apart: bend it less


def _largest_without_holes(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count > 2:
        mask = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    outside = np.pad(1 - mask.astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(outside, None, (0, 0), 2)
    return np.asarray(outside[1:-1, 1:-1] != 2)


def draw_skin(rng: Rng, shape: tuple[int, int], fitzpatrick: int) -> Floats:
    """Skin of Fitzpatrick type 1 to 6 as L*a*b* (H, W, 3): tone, white balance, light, mottling, furrows."""
    tone = SKIN[fitzpatrick - 1] + rng.normal(0, (4, 2, 2.5))
    cast = rng.uniform()
    if cast < 0.14:  # cameras that render skin pink
        tone += (2, rng.uniform(9, 18), rng.uniform(-1, 6))
    elif cast < 0.20:  # cold light
        tone += (-4, rng.uniform(-6, -2), rng.uniform(-20, -9))
    elif cast < 0.45:  # grey
        tone += (-3, -2.5, -5)
    x, y = grid_of(shape)
    slope, fall = rng.normal(0, 4, 2), rng.uniform(0, 12)
    light = slope[0] * x + slope[1] * y - fall * (x * x + y * y)
    coarse, warm = noise(rng, shape, 4, 3, fields=2)
    fine, vessels = noise(rng, shape, 16, 4, fields=2)
    mottling, furrows = np.exp(rng.normal(-0.4, 0.5)), np.exp(rng.normal(-0.9, 0.4))
    # The zero lines of a noise field branch like small vessels.
    red = np.exp(-5 * np.abs(vessels)) * rng.choice([0.4, 1.2, 3.0], p=[0.6, 0.3, 0.1])
    lab = np.empty((*shape, 3), np.float32)
    lab[..., 0] = tone[0] + light + mottling * coarse + furrows * fine - red
    lab[..., 1] = tone[1] + mottling * (0.9 * warm - 0.4 * coarse) + 0.4 * furrows * fine + 1.5 * red
    lab[..., 2] = tone[2] + mottling * (0.6 * coarse - 0.5 * warm)
    if rng.uniform() < 0.12:  # sun-damaged skin: scattered freckles
        freckles = np.clip(noise(rng, shape, 14, 2)[0] - 1.4, 0, 1)[..., None]
        lab += freckles * np.array([-6, 4, 8], np.float32)
    return lab


class Pigment(NamedTuple):
    """What the lesion adds to the skin."""

    offset: Floats  # (H, W, 3), to be added to the skin's L*a*b*
    contrast: float  # length of the mean offset inside the mask against outside
    structures: list[str]  # dermoscopic structures drawn, for example ["network", "globules"]


def draw_pigment(rng: Rng, mask: Mask, skin: Floats, contrast: float, variegation: float) -> Pigment:
    """Colour of the lesion: a melanin ramp driven by noise and structures, under a soft edge.

    Opacity is one half exactly on the contour of ``mask`` and falls off on both sides of it; the width of
    that zone varies around the lesion. ``skin`` (3,) is the mean L*a*b* around it.
    """
    shape: tuple[int, int] = mask.shape  # type: ignore[assignment]
    side, radius = np.sqrt(mask.size), np.sqrt(mask.mean() / np.pi)
    lesion = mask.astype(np.uint8)
    inside = cv2.distanceTransform(lesion, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - lesion, cv2.DIST_L2, 5)
    depth = (np.maximum(inside - 0.5, 0) - np.maximum(outside - 0.5, 0)) / np.float32(side)
    coarse_cells = float(np.clip(1.0 / radius, 2, 16))
    fine_cells = float(np.clip(8 / radius, 24, 64))
    low, tilt, where, patchy = noise(rng, shape, coarse_cells, 2, fields=4)
    high, fibres, spots = noise(rng, shape, fine_cells, 2, fields=3)

    soft = np.clip(np.exp(rng.normal(-2.2, 0.5)), 0.03, 0.3) * max(radius, 0.06)
    # Only the steepness is noisy, never the sign: the contour stays where the mask says.
    opacity = sigmoid(np.float32(2.0 / soft) * depth * np.exp(0.5 * tilt + 0.5 * fibres))

    v = variegation * float(np.clip(np.exp(rng.normal(0, 0.5)), 0.3, 2.0))
    core = rng.normal(0.5, 0.45)  # above 0: the middle is darker, below: the rim
    amount = 1 + v * (0.42 * low + 0.24 * high + core * (np.clip(2 * depth / radius, -0.3, 1) - 0.5))
    structures = []
    drawn, extent = rng.uniform(size=6), rng.uniform(0.3, 1.0, size=6)
    chance = min(2 * variegation, 1.0)
    if drawn[0] < 0.6 * chance:
        structures.append("network")
        amount -= 0.55 * extent[0] * min(2 * v, 1.2) * _honeycomb(rng, shape) * sigmoid(3 * where)
    if drawn[1] < 0.35 * chance:
        structures.append("globules")
        amount += 0.7 * extent[1] * np.clip(1.2 * spots - 1.2, 0, 1) * sigmoid(3 - 4 * where) * (depth > 0)
    if drawn[2] < 0.3 * chance:
        structures.append("blotch")
        amount += extent[2] * np.clip(patchy + 0.2 * fibres - 0.5, 0, 1.2)

    reach = float(np.clip((skin[0] - 12) / 62, 0.25, 1.2))  # how far down dark skin leaves room
    level = contrast / reach * np.clip(amount, 0.12, 2.6)
    offset = np.take(RAMP, (level * np.float32(255 / RAMP_END)).astype(np.int32), axis=0, mode="clip")
    hue = rng.normal((1.05, 1.1), 0.2).clip(0.4, 1.6)
    kind = rng.uniform()
    violet = kind < 0.06 * chance and contrast > 25
    if violet:
        hue = np.array([0.9, -0.9])
    elif kind < 0.15 * chance:  # red
        hue = np.array([1.7, 0.7])
    offset[..., 1:] *= hue.astype(np.float32)

    for name, number, share, tint, keep in (
        ("blue-white veil", 3, 0.15, (-4, -4, -8 - 0.8 * max(float(skin[2]), 0)), 0.75),
        ("red", 4, 0.2, (0, 8, -3), 0.9),
        ("regression", 5, 0.15, (1, 0, -3), 0.3),
    ):
        if drawn[number] < share * chance and not violet:
            structures.append(name)
            field = noise(rng, shape, 1.3 * coarse_cells, 3)[0]
            blend = (v * 2 * extent[number] * np.clip(0.8 * (field - 0.2), 0, 1)).clip(0, 1)[..., None]
            offset += blend * (np.array(tint, np.float32) + np.float32(keep - 1) * offset)
    offset *= np.float32(reach) * opacity[..., None]

    mean = float(np.linalg.norm(np.subtract(cv2.mean(offset, lesion), cv2.mean(offset, 1 - lesion))))
    gain = float(np.clip(contrast / mean, 0.3, 2.0))
    return Pigment(offset * np.float32(gain), gain * mean, structures)


def _honeycomb(rng: Rng, shape: tuple[int, int]) -> Floats:
    """Pigment network: +1 in the pale holes, negative on the dark lines; three plane waves, bent."""
    x, y = grid_of(shape)
    pitch, turn = rng.uniform(0.022, 0.036), rng.uniform(0, np.pi)
    bend_x, bend_y = noise(rng, shape, 12, 2, fields=2)
    u, v = x + np.float32(0.4 * pitch) * bend_x, y + np.float32(0.4 * pitch) * bend_y
    waves = [
        np.cos(np.float32(2 * np.pi / pitch) * (np.float32(np.cos(t)) * u + np.float32(np.sin(t)) * v))
        for t in turn + np.arange(3) * 2 * np.pi / 3
    ]
    return np.asarray(np.clip((waves[0] + waves[1] + waves[2] + 0.6) / 2.6, -0.35, 1), np.float32)

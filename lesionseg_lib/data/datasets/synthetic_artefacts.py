"""What stands between the synthetic lesion and its picture: hair, gel, ruler, patch, vignette, camera.

Each ``add_`` function takes its own random generator, an RGB image (H, W, 3), float32 in 0 to 1, and the
lesion's mask (H, W) for those that keep clear of it, and returns the image and a short description. None
looks at what another drew, so switching one off changes only its own pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionseg_lib.data.datasets.synthetic_lesion import Floats, Mask, Rng, grid_of, sigmoid

SUPERSAMPLE = 4  # lines are drawn this many times larger, then averaged: hairs are thinner than a pixel
PATCHES = {
    "teal": ((0.42, 0.78, 0.72), None),
    "blue": ((0.10, 0.55, 0.78), None),
    "orange": ((0.95, 0.58, 0.10), (0.98, 0.80, 0.22)),
    "green": ((0.72, 0.72, 0.90), (0.12, 0.58, 0.30)),
    "red": ((0.85, 0.28, 0.20), None),
}


class _Canvas:
    """A coverage map (H, W) in 0 to 1, drawn enlarged in units of the mean side."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.h, self.w = shape
        self.scale = float(np.sqrt(self.h * self.w)) * SUPERSAMPLE
        self.big = np.zeros((self.h * SUPERSAMPLE, self.w * SUPERSAMPLE), np.uint8)

    def pixels(self, points: NDArray[np.floating]) -> NDArray[np.int32]:
        centre = np.array([self.w, self.h]) * SUPERSAMPLE / 2
        return np.round(points * self.scale + centre).astype(np.int32)

    def width(self, width: float) -> int:
        return max(1, round(width * self.scale))

    def coverage(self) -> Floats:
        small = cv2.resize(self.big, (self.w, self.h), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / np.float32(255)


def _over(image: Floats, coverage: Floats, colour: ArrayLike) -> Floats:
    cover = coverage[..., None].astype(np.float32)
    return np.asarray(image + cover * (np.asarray(colour, np.float32) - image), np.float32)


def add_hair(rng: Rng, image: Floats, mask: Mask) -> tuple[Floats, str]:
    """Curved, tapered, translucent hairs, mostly combed one way; most dark, some blond or white."""
    h, w = image.shape[:2]
    half = np.array([w, h]) / (2 * np.sqrt(h * w))
    count = int(np.clip(np.exp(rng.normal(2.3, 0.9)), 1, 70))
    light, tone = rng.uniform() < 0.15, rng.uniform(0.5, 1.5)
    thickness = np.clip(np.exp(rng.normal(-5.1, 0.35)), 0.0035, 0.012)
    direction, spread = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 1.0)
    shade = rng.uniform(0.6, 0.95)
    t = np.linspace(0, 1, 13)[:, None]
    canvas = _Canvas((h, w))
    for _ in range(count):
        angle, length = direction + rng.normal(0, spread), np.exp(rng.normal(-0.55, 0.45))
        ahead = np.array([np.cos(angle), np.sin(angle)])
        side = np.array([-ahead[1], ahead[0]])
        start = rng.uniform(-1.1, 1.1, 2) * half - 0.5 * length * ahead
        bow, sway = rng.normal(0, 0.16), rng.normal(0, 0.06)
        path = start + length * (t * ahead + (bow * 4 * t * (1 - t) + sway * np.sin(2 * np.pi * t)) * side)
        points = canvas.pixels(path)
        thick, ink = thickness * rng.uniform(0.6, 1.25), round(255 * rng.uniform(0.6, 1))
        for first, last, taper in ((0, 9, 1.0), (8, 11, 0.7), (10, 13, 0.4)):
            width = canvas.width(thick * taper)
            cv2.polylines(canvas.big, [points[first:last]], False, ink, width, cv2.LINE_AA)
    colour = np.array([0.88, 0.84, 0.76]) if light else tone * np.array([0.26, 0.14, 0.08])
    image = _over(image, canvas.coverage() * np.float32(shade), colour)
    return image, f"{count} {'light' if light else 'dark'}"


def add_ruler(rng: Rng, image: Floats, mask: Mask) -> tuple[Floats, str]:
    """Tick marks in a row along an edge or across a corner, every fifth longer."""
    h, w = image.shape[:2]
    half = np.array([w, h]) / (2 * np.sqrt(h * w))
    across_corner = rng.uniform() < 0.3
    tilt = rng.uniform(0.5, 1.0) if across_corner else rng.normal(0, 0.08)
    angle = 0.5 * np.pi * rng.integers(4) + tilt
    outward = np.array([np.cos(angle), np.sin(angle)])
    along = np.array([-outward[1], outward[0]])
    step, tick = rng.uniform(0.045, 0.085), rng.uniform(0.03, 0.05)
    distance = np.abs(outward) @ half - (0.16 if across_corner else 0.02)
    first, width, dark = int(rng.integers(5)), rng.uniform(0.006, 0.010), rng.uniform(0.6, 0.9)
    span = rng.uniform(0.25, 0.75)
    canvas = _Canvas((h, w))
    for number, position in enumerate(np.arange(-span, span, step)):
        length = tick * (1.7 if (number + first) % 5 == 0 else 1.0)
        ends = np.stack([distance * outward, (distance - length) * outward]) + position * along
        cv2.polylines(canvas.big, [canvas.pixels(ends)], False, 255, canvas.width(width), cv2.LINE_AA)
    return _over(image, canvas.coverage() * np.float32(dark), (0.08, 0.08, 0.09)), "yes"


def add_bubbles(rng: Rng, image: Floats, mask: Mask) -> tuple[Floats, str]:
    """Bubbles in the immersion gel: a bright rim with a darker one inside and a glint."""
    h, w = image.shape[:2]
    half = np.array([w, h]) / (2 * np.sqrt(h * w))
    count = int(rng.integers(1, 9))
    bright, dark = _Canvas((h, w)), _Canvas((h, w))
    cluster = rng.uniform(-0.8, 0.8, 2) * half
    for _ in range(count):
        centre = cluster + rng.normal(0, 0.16, 2)
        radius = np.clip(np.exp(rng.normal(-3.6, 0.6)), 0.012, 0.13)
        axes = bright.width(radius), bright.width(radius * rng.uniform(0.75, 1))
        angle, middle = rng.uniform(0, 360), tuple(bright.pixels(centre).tolist())
        rim = bright.width(0.12 * radius + 0.002)
        inner = (max(1, axes[0] - rim), max(1, axes[1] - rim))
        cv2.ellipse(dark.big, middle, inner, angle, 0, 360, 190, rim, cv2.LINE_AA)
        cv2.ellipse(bright.big, middle, axes, angle, 0, 360, 110, rim, cv2.LINE_AA)
        cv2.ellipse(bright.big, middle, axes, angle, 0, 130, 230, rim, cv2.LINE_AA)
        glint = tuple(bright.pixels(centre - 0.45 * radius).tolist())
        cv2.circle(bright.big, glint, bright.width(0.16 * radius), 255, -1, cv2.LINE_AA)
    image = _over(image, 0.22 * dark.coverage(), (0.25, 0.18, 0.16))
    return _over(image, 0.40 * bright.coverage(), (1.0, 0.98, 0.95)), str(count)


def add_patch(rng: Rng, image: Floats, mask: Mask) -> tuple[Floats, str]:
    """A coloured calibration disc that reaches in from the edge farthest from the lesion."""
    h, w = image.shape[:2]
    x, y = grid_of((h, w))
    half = np.array([w, h]) / (2 * np.sqrt(h * w))
    name = str(rng.choice(list(PATCHES)))
    outer, inner = PATCHES[name]
    radius, angles = rng.uniform(0.2, 0.36), rng.uniform(0, 2 * np.pi, 8)
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    edges = rays * np.min(half / np.maximum(np.abs(rays), 1e-6), axis=1, keepdims=True)
    centres = edges + rays * radius * rng.uniform(-0.1, 0.65)
    lesion = np.array([x[mask].mean(), y[mask].mean()])
    centre = centres[np.argmax(np.linalg.norm(centres - lesion, axis=1))]
    distance = np.hypot(x - np.float32(centre[0]), y - np.float32(centre[1]))
    pixel = 1 / np.sqrt(h * w)
    cover = np.clip((radius - distance) / pixel + 0.5, 0, 1).astype(np.float32)
    shadow = np.exp(-np.maximum(distance - radius, 0) / 0.012) * (1 - cover)
    image = image * (1 - np.float32(0.35) * shadow[..., None])
    shading = rng.uniform(0.75, 1.0) * (1 + 0.16 * ((x - centre[0]) - (y - centre[1])) / radius)
    edge = 1 + 0.12 * np.exp(-(((distance - 0.9 * radius) / (0.03 * radius)) ** 2))
    image = _over(image, cover, np.multiply.outer(shading * edge, outer))
    if inner is not None:
        cover = np.clip((0.5 * radius - distance) / pixel + 0.5, 0, 1).astype(np.float32)
        image = _over(image, cover, np.multiply.outer(shading, inner))
    return image, name


def add_vignette(rng: Rng, image: Floats, mask: Mask) -> tuple[Floats, str]:
    """The dark corners outside the dermatoscope's round field, which always contains the lesion."""
    x, y = grid_of(mask.shape)  # type: ignore[arg-type]
    centre = rng.normal(0, 0.02, 2)
    distance = np.hypot(x - centre[0], y - centre[1])
    corner = float(distance.max())
    radius = max(rng.uniform(0.74, 1.0) * corner, float(distance[mask].max()) + 0.01)
    soft, fall, black = rng.uniform(0.006, 0.03), rng.uniform(0.05, 0.35), rng.uniform(0.0, 0.06)
    light = (1 - np.float32(fall) * np.clip(distance / radius, 0, 1) ** 4) * sigmoid((radius - distance) / soft)
    return _over(image, 1 - light, (black, black, black)), "yes"


def photograph(rng: Rng, image: Floats) -> NDArray[np.uint8]:
    """Slight blur, colours at half resolution as in a JPEG, sensor noise; float 0 to 1 to uint8."""
    h, w = image.shape[:2]
    side = np.sqrt(h * w)
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.35, 0.75) * max(np.sqrt(side / 128), 0.7))
    luma, red, blue = cv2.split(cv2.cvtColor(blurred, cv2.COLOR_RGB2YCrCb))
    small = (max(w // 2, 1), max(h // 2, 1))
    strength = rng.uniform(0.004, 0.010)
    # Shot noise: the standard deviation grows with the square root of the light.
    luma += np.sqrt(np.maximum(luma, 0.01)) * rng.standard_normal((h, w), np.float32) * np.float32(strength)
    chroma = [
        cv2.resize(channel, small, interpolation=cv2.INTER_AREA)
        + rng.standard_normal(small[::-1], np.float32) * np.float32(0.4 * strength)
        for channel in (red, blue)
    ]
    channels = [luma, *(cv2.resize(channel, (w, h), interpolation=cv2.INTER_LINEAR) for channel in chroma)]
    noisy = cv2.cvtColor(cv2.merge(channels), cv2.COLOR_YCrCb2RGB)
    return np.asarray(np.rint(np.clip(noisy, 0, 1) * 255), np.uint8)

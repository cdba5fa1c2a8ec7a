"""Formats x depths x channels x palettes x orientations x value sets: each file with its right answer.

The answer is worked out from the specification of the format, not from what a reader makes of it: either the mask, or a
refusal and what its message must name.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from lesionseg_lib.data.datasets import read_mask
from lesionseg_lib.data.mask_values import MaskValue
from lesionseg_lib.errors import DataError
from tests.helpers.picture_files import TURNED, exif_chunk, png, tiff

T = np.zeros((20, 30), bool)  # the lesion: no two turns of it are alike
T[4:14, 6:24] = True
T[4:8, 6:12] = False
EDGE = np.zeros_like(T)  # a ring around it, two pixels wide
EDGE[2:16, 4:26] = True
EDGE &= ~T
NONE, ALL = T & False, T | True

Case = tuple[str, bytes, Any]


def level(lesion: int, elsewhere: int = 0, ring: int | None = None) -> np.ndarray:
    array = np.where(T, lesion, elsewhere)
    return array if ring is None else np.where(EDGE, ring, array)


def saved(array: np.ndarray, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def values_of(bits: int) -> Iterator[tuple[str, np.ndarray, Any]]:
    """Value sets of one channel of so many bits, and what they mean."""
    white = 2**bits - 1
    yield "0 and white", level(white), T
    yield "all 0", level(0), NONE
    yield "all white", level(white, white), ALL
    yield "black lesion", level(0, white), ~T
    if bits == 1:
        return
    yield "0 and 1", level(1), T
    yield "all 1", level(1, 1), ALL
    yield "class 2", level(2), T if bits == 2 else ["largest value is 2", "mask_value=2"]
    yield "classes 0, 1, ignored", level(1, 0, white), [f"0, 1 and {white}", "mask_value=1", '"grey"']
    if bits >= 4:
        yield "classes 1 and 2", level(2, 1), ["largest value is 2", "mask_value=2"]
        yield "classes 0 to 2, ignored", level(2, 1, white), [f"1, 2 and {white}", "mask_value=1", '"grey"']
        yield "three regions", level(white, 0, white // 2 + 1), [f"and {white}", "class numbers", '"grey"']
    if bits > 8:
        yield "0 and 255", level(255), T
        yield "0 and 1000", level(1000), ["largest value is 1000", "mask_value=1000"]
        yield "0 and 40000 of 65535", level(40000 * white // 65535), T
    if bits == 8:
        yield "0 and 128", level(128), ["largest value is 128", "mask_value=128"]
        yield "0 and 129", level(129), T
        yield "all above half", level(250, 180), ["all above half of 255", "mask_value="]


def png_cases() -> Iterator[Case]:
    for bits in (1, 2, 4, 8, 16):
        for name, array, answer in values_of(bits):
            yield f"png grey {bits}: {name}", png(array, bits), answer
    for bits in (8, 16):
        white = 2**bits - 1
        opaque = level(white, white)
        for name, array, answer in values_of(bits):
            yield f"png rgb {bits}: {name}", png(np.dstack([array] * 3), bits), answer
            yield f"png rgba {bits}: {name}", png(np.dstack([array] * 3 + [opaque]), bits), answer
            yield f"png la {bits}: {name}", png(np.dstack([array, opaque]), bits), answer
        yield f"png rgb {bits}: red", png(np.dstack([level(white), level(0), level(0)]), bits), ["is coloured"]
        yield f"png rgb {bits}: number in red", png(np.dstack([level(1), level(0), level(0)]), bits), ["is coloured"]
        for ink in (0, 1, white):
            layer = np.dstack([level(ink, ink)] * 3 + [level(white)])
            yield f"png rgba {bits}: drawn with {ink}", png(layer, bits), T
            yield f"png la {bits}: drawn with {ink}", png(layer[..., 2:], bits), T
        yield f"png rgba {bits}: white on nothing", png(np.dstack([level(white)] * 4), bits), T
        red = np.dstack([level(white), level(0), level(0), level(white)])
        yield f"png rgba {bits}: red on nothing", png(red, bits), T
        both = ["two masks", 'mask_value="grey"', 'mask_value="alpha"']
        yield f"png rgba {bits}: ring seen", png(np.dstack([level(white)] * 3 + [level(0, 0, white)]), bits), both
        yield f"png la {bits}: black seen", png(np.dstack([level(white), level(0, white)]), bits), both
        nothing = np.dstack([level(white)] * 3 + [level(0)])
        yield f"png rgba {bits}: alpha is 0 everywhere", png(nothing, bits), T
        key = white.to_bytes(2, "big")
        yield f"png grey {bits}: black is transparent", png(level(white), bits, transparent=bytes(2)), T
        yield f"png grey {bits}: white is transparent", png(level(white), bits, transparent=key), both
        yield f"png rgb {bits}: black is transparent", png(np.dstack([level(white)] * 3), bits, transparent=bytes(6)), T


def palette_cases() -> Iterator[Case]:
    black, red, blue, white, grey = (0, 0, 0), (128, 0, 0), (0, 0, 200), (255, 255, 255), (90, 90, 90)
    one = level(1)
    for bits in (1, 2, 4, 8):
        writers = {"png": lambda array, palette, bits=bits: png(array, bits, palette=palette)}
        if bits in (4, 8):
            writers["tiff"] = lambda array, palette, bits=bits: tiff(array.astype(np.uint8), bits=bits, palette=palette)
        for kind, write in writers.items():
            name = f"{kind} palette {bits}"
            for colour in (red, white, grey):
                yield f"{name}: black, {colour}", write(one, [black, colour]), T
            yield f"{name}: white, black", write(one, [white, black]), ~T
            yield f"{name}: both black", write(one, [black, black]), T
            yield f"{name}: red, black", write(one, [red, black]), ["is coloured", "numbers 0 and 1", "mask_value="]
            yield f"{name}: blue, red", write(one, [blue, red]), ["is coloured", "numbers 0 and 1", "mask_value="]
            if bits > 1:
                regions = level(1, 0, 3)
                answer = ["is coloured", "numbers 0, 1 and 3", "mask_value="]
                yield f"{name}: three", write(regions, [black, red, blue, white]), answer
                yield f"{name}: number 2", write(level(2), [black, red, blue]), ["numbers 0 and 2", "mask_value="]
                yield f"{name}: black, -, white", write(level(2), [black, red, white]), T
        clear = {"0": b"\0\xff", "1": b"\xff\0"}
        yield f"png palette {bits}: 0 is clear", png(one, bits, palette=[black, black], transparent=clear["0"]), T
        yield (
            f"png palette {bits}: 1 is clear",
            png(one, bits, palette=[black, white], transparent=clear["1"]),
            ["two masks"],
        )
        yield f"png palette {bits}: red on clear", png(one, bits, palette=[blue, red], transparent=clear["0"]), T


def tiff_cases() -> Iterator[Case]:
    for order in "<>":
        for bits, kind in ((1, "u1"), (2, "u1"), (4, "u1"), (8, "u1"), (16, "u2"), (32, "u4")):
            for name, array, answer in values_of(bits):
                if (order, bits) == (">", 32):
                    answer = ["of a kind that is not read"]
                yield f"tiff {order} grey {bits}: {name}", tiff(array.astype(kind), order=order, bits=bits), answer
        for kind in ("u1", "u2"):
            for name, array, answer in values_of(int(kind[1]) * 8):
                yield f"tiff {order} rgb {kind}: {name}", tiff(np.dstack([array] * 3).astype(kind), order=order), answer
        for kind in ("i1", "i2", "i4"):
            ignored = ["-1, 0 and 1", "mask_value=1"]
            yield f"tiff {order} {kind}: -1 ignored", tiff(level(1, 0, -1).astype(kind), order=order), ignored
            yield f"tiff {order} {kind}: 0 and 1", tiff(level(1).astype(kind), order=order), T
        for high, answer in ((1, T), (255, T), (0.5, ["fractions from 0 to 0.5", '"grey"']), (np.nan, ["not finite"])):
            array = np.where(T, high, 0).astype("f4")
            yield f"tiff {order} f4: 0 and {high}", tiff(array, order=order), answer
    for bits, kind in ((1, "u1"), (4, "u1"), (8, "u1"), (16, "u2")):
        dark = level(0, 2**bits - 1).astype(kind)
        yield f"tiff white is 0, {bits}", tiff(dark, bits=bits, white_is_zero=True), T
    two = np.dstack([level(255), level(255, 255)]).astype("u1")
    yield "tiff la", tiff(two), T
    yield "tiff l and an unknown channel", tiff(two, extra_samples=0), ["has 2 channels"]
    four = np.dstack([level(0)] * 3 + [level(255)]).astype("u1")
    yield "tiff rgba, drawn", tiff(four), T
    yield "tiff rgb and an unknown channel", tiff(four, extra_samples=0), ["has 4 channels"]
    for kind in ("u2",):
        deep = np.dstack([level(0)] * 3 + [level(65535)]).astype(kind)
        yield "tiff rgba 16, drawn", tiff(deep), T


def other_cases() -> Iterator[Case]:
    for name, array, answer in values_of(8):
        if name.startswith(("0 and", "all 0", "all white", "black", "class 2", "classes")):
            byte = array.astype(np.uint8)
            yield f"bmp grey: {name}", saved(byte, "BMP"), answer
            yield f"bmp rgb: {name}", saved(np.dstack([byte] * 3), "BMP"), answer
            # Pillow numbers the colours that a GIF has, and black is 0.
            yield f"gif: {name}", saved(byte, "GIF"), T if name in ("class 2", "0 and 128") else answer
            yield f"webp rgb: {name}", saved(np.dstack([byte] * 3), "WEBP", lossless=True), answer
    wide = np.kron(T, np.ones((8, 8), bool))
    for quality in (40, 75, 95):
        for kind in ("JPEG", "WEBP"):
            byte = np.dstack([wide * np.uint8(255)] * 3)
            yield f"{kind} {quality}", saved(byte, kind, quality=quality), wide
    yield "jpeg grey", saved(wide * np.uint8(255), "JPEG", quality=80), wide
    blurred = PIL.Image.fromarray(wide * np.uint8(255)).resize((60, 40), PIL.Image.Resampling.BOX)
    yield "soft edges", saved(np.array(blurred), "PNG"), np.kron(T, np.ones((2, 2), bool))
    reread = np.array(PIL.Image.open(io.BytesIO(saved(wide * np.uint8(255), "JPEG", quality=60))))
    yield "a jpeg that became a png", saved(reread, "PNG"), wide
    layer = np.dstack([np.zeros((20, 30, 3), np.uint8), level(255).astype(np.uint8)])
    yield "webp, drawn", saved(layer, "WEBP", lossless=True, exact=True), T


def turned_cases() -> Iterator[Case]:
    for orientation, turn in TURNED.items():
        answer = turn(T)
        for bits in (8, 16):
            white, extra = 2**bits - 1, exif_chunk(orientation)
            yield f"png {bits} turned {orientation}", png(level(white), bits, extra=extra), answer
            rgb = png(np.dstack([level(white)] * 3), bits, extra=extra)
            yield f"png rgb {bits} turned {orientation}", rgb, answer
            kind = f"u{bits // 8}"
            yield f"tiff {bits} turned {orientation}", tiff(level(white).astype(kind), orientation=orientation), answer
            deep = tiff(np.dstack([level(white)] * 3).astype(kind), orientation=orientation)
            yield f"tiff rgb {bits} turned {orientation}", deep, answer
        drawn = png(np.dstack([level(7, 7), level(255)]), extra=exif_chunk(orientation))
        yield f"png drawn, turned {orientation}", drawn, answer


def frame_cases() -> Iterator[Case]:
    empty, full = (PIL.Image.fromarray(level(value).astype(np.uint8)) for value in (0, 255))
    for kind in ("TIFF", "PNG", "GIF", "WEBP"):
        for first, second in ((empty, full), (full, empty)):
            frames = [first.convert("RGB"), second.convert("RGB")] if kind == "WEBP" else [first, second]
            buffer = io.BytesIO()
            frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
            yield f"{kind} of two frames", buffer.getvalue(), ["holds 2 frames", "frame=0 to frame=1", "--frame"]
    small = tiff(level(255).astype("u1"), level(0)[:5, :5].astype("u1"))
    yield "tiff of two sizes", small, ["holds 2 frames", "frame=0"]


CASES = [
    *png_cases(), *palette_cases(), *tiff_cases(), *other_cases(), *turned_cases(), *frame_cases(),
]  # fmt: skip


def test_the_table_is_large() -> None:
    assert len(CASES) > 300


@pytest.mark.parametrize(("name", "content", "answer"), CASES, ids=[case[0] for case in CASES])
def test_a_file_has_its_right_answer(tmp_path: Path, name: str, content: bytes, answer: Any) -> None:
    path = tmp_path / "mask.img"
    path.write_bytes(content)
    if isinstance(answer, list):
        with pytest.raises(DataError) as caught:
            read_mask(path)
        assert [part for part in (str(path), *answer) if part not in str(caught.value)] == [], str(caught.value)
        return
    with warnings.catch_warnings(action="ignore"):
        np.testing.assert_array_equal(read_mask(path), answer)


@pytest.mark.parametrize(
    ("content", "options", "answer"),
    [
        (png(level(1, 0, 255)), {"mask_value": 1}, T),
        (png(level(1, 0, 255)), {"mask_value": "grey"}, EDGE),
        (png(level(2, 1, 3)), {"mask_value": [2, 3]}, T | EDGE),
        (png(level(1000), 16), {"mask_value": 1000}, T),
        (png(level(5, 0, 3), palette=[(9 * n, 0, n) for n in range(6)]), {"mask_value": 3}, EDGE),
        (png(np.dstack([level(255), level(0, 0, 255)])), {"mask_value": "alpha"}, EDGE),
        (png(np.dstack([level(255), level(0, 0, 255)])), {"mask_value": "grey"}, T),
        (tiff(np.where(T, 0.7, 0.2).astype("f4")), {"mask_value": "grey"}, T),
        (tiff(level(0).astype("u1"), level(255).astype("u1")), {"frame": 1}, T),
        (tiff(level(0).astype("u1"), level(255).astype("u1")), {"frame": 0}, NONE),
    ],
)
def test_the_option_that_a_refusal_names_decides(
    tmp_path: Path, content: bytes, options: dict[str, MaskValue | Any], answer: np.ndarray
) -> None:
    path = tmp_path / "mask.img"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_mask(path) if answer is not NONE else read_mask(path, frame=2)
    np.testing.assert_array_equal(read_mask(path, **options), answer)

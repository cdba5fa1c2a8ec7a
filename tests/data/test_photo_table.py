"""Photos of every kind: each is read as a viewer shows it, or refused for what is the matter."""

from __future__ import annotations

import io
import os
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from PIL.PngImagePlugin import PngInfo

from lesionseg_lib.data.datasets import read_image
from lesionseg_lib.data.images import upright_size
from lesionseg_lib.errors import DataError
from tests.helpers.archives import photo
from tests.helpers.picture_files import TURNED, chunk, exif_chunk, png, tiff

PHOTO = photo(6, 9)
GREY = PHOTO[..., 0]


def saved(picture: PIL.Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def gain_map_jpeg() -> bytes:
    """A JPEG followed by another one in the same file, as phones store brightness for other screens."""
    main, other = PIL.Image.fromarray(PHOTO), PIL.Image.fromarray(GREY[:3, :4])
    return saved(main, "MPO", save_all=True, append_images=[other.convert("RGB")], quality=100, subsampling=0)


def rgb_of(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


READ: list[tuple[str, bytes, np.ndarray]] = [
    ("png rgb", png(PHOTO), PHOTO),
    ("png grey", png(GREY), rgb_of(GREY)),
    ("png grey 4", png(GREY // 16, 4), rgb_of(GREY // 16 * 17)),
    ("png grey 1", png(GREY // 128, 1), rgb_of(GREY // 128 * 255)),
    ("png rgba", png(np.dstack([PHOTO, GREY])), PHOTO),
    ("png la", png(np.dstack([GREY, GREY[::-1]])), rgb_of(GREY)),
    ("png rgb 16", png(PHOTO.astype(int) * 257, 16), PHOTO),
    ("png palette", png(GREY % 4, palette=PHOTO[0, :4]), PHOTO[0, :4][GREY % 4]),
    ("png palette 2", png(GREY % 4, 2, palette=PHOTO[0, :4], transparent=b"\0\x80"), PHOTO[0, :4][GREY % 4]),
    ("png with a profile", png(PHOTO, extra=chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(3 << 20)))), PHOTO),
    ("png with a note", png(PHOTO, extra=chunk(b"zTXt", b"c\0\0" + zlib.compress(b"x" * (3 << 20)))), PHOTO),
    ("png with many notes", png(PHOTO, extra=chunk(b"tEXt", b"c\0" + b"x" * 900_000) * 80), PHOTO),
    ("tiff rgb", tiff(PHOTO), PHOTO),
    ("tiff rgb, big-endian", tiff(PHOTO, order=">"), PHOTO),
    ("tiff rgb 16", tiff(PHOTO.astype("u2") * 257), PHOTO),
    ("tiff rgba", tiff(np.dstack([PHOTO, GREY])), PHOTO),
    ("bmp", saved(PIL.Image.fromarray(PHOTO), "BMP"), PHOTO),
    ("webp", saved(PIL.Image.fromarray(PHOTO), "WEBP", lossless=True), PHOTO),
    *((f"png turned {n}", png(PHOTO, extra=exif_chunk(n)), turn(PHOTO)) for n, turn in TURNED.items()),
    *((f"tiff turned {n}", tiff(PHOTO, orientation=n), turn(PHOTO)) for n, turn in TURNED.items()),
    *((f"tiff grey turned {n}", tiff(GREY, orientation=n), turn(rgb_of(GREY))) for n, turn in TURNED.items()),
    *(
        (f"tiff 16 turned {n}", tiff(PHOTO.astype("u2") * 257, orientation=n), turn(PHOTO))
        for n, turn in TURNED.items()
    ),
]

REFUSED: list[tuple[str, bytes, str]] = [
    ("png grey 16", png(GREY.astype(int) * 257, 16), "more than 8 bits a channel"),
    ("png rgb 12 in 16", png(PHOTO.astype(int) * 16, 16), "no value above 4095"),
    ("tiff grey 16", tiff(GREY.astype("u2")), "more than 8 bits a channel"),
    ("tiff float", tiff(GREY.astype("f4")), "more than 8 bits a channel"),
    ("tiff floats", tiff(PHOTO.astype("f4")), "of a kind that is not read"),
    ("tiff pages", tiff(PHOTO, PHOTO), "holds 2 frames"),
    ("drawn", png(np.dstack([GREY * 0, GREY])), "one colour and a drawing"),
    ("gif, moving", saved(PIL.Image.fromarray(GREY), "GIF", save_all=True,
                          append_images=[PIL.Image.fromarray(GREY[::-1])]), "holds 2 frames"),
    ("eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 6\n%%EndComments\n", "is not an image"),
    ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not an image"),
    ("no pixel data", png(PHOTO)[:60], "cannot be decoded"),
    ("a header that promises too much", png(PHOTO)[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + png(PHOTO)[24:],
     "a.img"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "expected"), READ, ids=[case[0] for case in READ])
def test_a_photo_is_read_as_a_viewer_shows_it(tmp_path: Path, name: str, content: bytes, expected: np.ndarray) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(content)
    with warnings.catch_warnings(action="ignore"):
        np.testing.assert_array_equal(read_image(path), expected)
        assert upright_size(path) == expected.shape[:2]
        assert read_image(path, max_side=5).shape[:2] == tuple(round(side * 5 / 9) for side in expected.shape[:2])


@pytest.mark.parametrize(("name", "content", "part"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_photo_that_is_none_is_refused(tmp_path: Path, name: str, content: bytes, part: str) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_image(path)
    assert str(path) in str(caught.value) and part in str(caught.value)


def test_a_photo_of_a_phone_with_a_gain_map_is_the_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(gain_map_jpeg())
    assert getattr(PIL.Image.open(path), "n_frames", 1) == 2
    assert np.abs(read_image(path).astype(int) - PHOTO).mean() < 5


def test_a_tiff_and_its_thumbnail_is_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    content = bytearray(tiff(PHOTO, GREY[:2, :3]))
    second = content.rindex(struct.pack("<HHII", 254, 4, 1, 0))
    content[second + 8] = 1  # NewSubfileType: reduced
    path.write_bytes(content)
    np.testing.assert_array_equal(read_image(path), PHOTO)
    np.testing.assert_array_equal(read_image(path, frame=1), rgb_of(GREY[:2, :3]))


def test_an_orientation_in_a_note_is_kept(tmp_path: Path) -> None:
    note = PngInfo()
    note.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>')
    PIL.Image.fromarray(PHOTO).save(tmp_path / "a.png", pnginfo=note, icc_profile=bytes(2 << 20))
    with pytest.warns(UserWarning, match="turned by 90 degrees"):
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), np.rot90(PHOTO, -1))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    raised: list[str] = []

    def read() -> None:
        try:
            read_image(tmp_path / "a.png")
        except DataError as error:
            raised.append(str(error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(10)
    assert raised and "is a pipe, a device or a socket" in raised[0]


def test_links_that_lead_nowhere_and_in_circles_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("nowhere.png")
    (tmp_path / "b.png").symlink_to("b.png")
    for name in ("a.png", "b.png"):
        with pytest.raises(DataError, match=rf"{name} cannot be read: it is a link that leads nowhere"):
            read_image(tmp_path / name)

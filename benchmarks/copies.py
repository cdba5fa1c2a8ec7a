"""Are there copies of test images among the extra photos? Hashes, an encoder's view, and points. Writes copies.json.

Every photo of `isic-extra` is held against every test image of ISIC 2016: by dHash and pHash in the eight orientations
of a square, by the cosine distance of what the ImageNet encoder says of them, by the mean of these three, each measured
by what is usual (`joint`); and by points that match (`keypoints.py`). The last finds a lesion that was scanned or
photographed anew, other colours and another crop included, which hashes do not. Somebody looks at the pairs, which
`--sheet` draws; those that are copies are listed in `ISICExtra.COPIES`, and the record says which they are.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.keypoints import matched_points, points
from lesionseg_lib.data.cache import CachedDataset, decode_once
from lesionseg_lib.data.datasets import ISIC2016, LesionDataset
from lesionseg_lib.data.datasets.folder import LesionFolder
from lesionseg_lib.data.datasets.isic_extra import ISICExtra, extra_root
from lesionseg_lib.data.duplicates import (
    closest_pairs,
    cosine_distances,
    difference_hash,
    hash_distances,
    perceptual_hash,
)
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.preprocessing import default_preprocessing, normalise
from lesionseg_lib.results.records import published_results
from lesionseg_lib.utils.files import write_bytes
from lesionseg_lib.utils.pictures import write_picture

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

SIDE = 128
LISTED = 30
"""Closest pairs by ``joint`` that are recorded and drawn."""
ENOUGH = 5
"""Points that match: pairs with as many are recorded and drawn too."""


def orientations(image: Images) -> list[Images]:
    """A square photo (H, H, 3) turned by quarters, and its mirror image turned so: eight photos."""
    return [np.ascontiguousarray(np.rot90(side, k)) for side in (image, image[:, ::-1]) for k in range(4)]


def hash_search(first: Images, second: Images, hashed: Any) -> Floats:
    """Bits that differ, photos (N, H, H, 3) against (M, H, H, 3), least over the orientations of the first: (N, M)."""
    theirs = np.array([hashed(image) for image in second])
    turned = np.array([[hashed(one) for one in orientations(image)] for image in first])  # (N, 8, bits)
    return np.min([hash_distances(turned[:, k], theirs) for k in range(8)], axis=0)


@torch.no_grad()
def describe(encoder: MobileNetV2Encoder, images: Images) -> NDArray[np.float32]:
    """The deepest map, averaged over its cells: uint8 (N, H, W, 3) -> (N, 1280)."""
    parts = [torch.tensor(images[start : start + 32]) for start in range(0, len(images), 32)]
    return torch.cat([encoder(normalise(x, default_preprocessing()))[-1].mean((2, 3)) for x in parts]).numpy()


def search(first: CachedDataset, second: CachedDataset, encoder: MobileNetV2Encoder) -> dict[str, Floats]:
    """Distances of all pairs (N, M), by each of the three ways."""
    a, b = (np.asarray(data.images) for data in (first, second))
    return {
        "dhash": hash_search(a, b, difference_hash),
        "phash": hash_search(a, b, perceptual_hash),
        "cosine": cosine_distances(describe(encoder, a), describe(encoder, b)),
    }


def joint(distances: dict[str, Floats]) -> Floats:
    """The mean of the three, each over its median: 0 for the same photo, about 1 for strangers. Shape (N, M)."""
    return np.asarray(np.mean([values / np.median(values) for values in distances.values()], axis=0))


def point_search(first: LesionDataset, second: LesionDataset) -> dict[tuple[str, str], int]:
    """Pairs of ids -> how many points match, of those with ``ENOUGH``; photos at the size they are stored in."""
    theirs = [points(second.image(index)) for index in range(len(second))]
    found = {}
    for index, name in enumerate(first.ids):
        for other, count in matched_points(points(first.image(index)), theirs).items():
            if count >= ENOUGH:
                found[name, second.ids[other]] = count
    return found


def report(
    distances: dict[str, Floats], matches: dict[tuple[str, str], int], first: Sequence[str], second: Sequence[str]
) -> dict[str, Any]:
    """What is recorded: pairs by their matching points, then the closest of the others, each known as a copy or not."""
    near = joint(distances)
    pairs = sorted(matches, key=lambda pair: -matches[pair])
    closest = closest_pairs(near, first, second, LISTED)
    pairs += [pair for pair in zip(closest["first"], closest["second"], strict=True) if pair not in matches]
    rows = []
    for pair in pairs:
        place = first.index(pair[0]), second.index(pair[1])
        told = {way: round(float(values[place]), 4) for way, values in {"joint": near, **distances}.items()}
        known = ISICExtra.COPIES.get(pair[0]) == pair[1]
        rows.append({"extra": pair[0], "test": pair[1], "copy": known, "points": matches.get(pair, 0), **told})
    return {
        "images": {"extra": len(first), "test": len(second)},
        "copies": sum(row["copy"] for row in rows),
        "fewest_points_of_a_copy": min((row["points"] for row in rows if row["copy"]), default=None),
        "most_points_of_others": max((row["points"] for row in rows if not row["copy"]), default=None),
        "copies_among_the_closest": sum(
            ISICExtra.COPIES.get(row["first"]) == row["second"] for _, row in closest.iterrows()
        ),
        "pairs": rows,
    }


def draw_sheet(path: Path, found: dict[str, Any], first: CachedDataset, second: CachedDataset) -> None:
    """The pairs, extra photo beside test image, four pairs a row, in their order."""
    pairs = [
        np.concatenate(
            [first.images[first.ids.index(row["extra"])], second.images[second.ids.index(row["test"])]], axis=1
        )
        for row in found["pairs"]
    ]
    pairs += [np.zeros_like(pairs[0])] * (-len(pairs) % 4)
    lines = [np.concatenate(pairs[start : start + 4], axis=1) for start in range(0, len(pairs), 4)]
    write_picture(path, np.ascontiguousarray(np.concatenate(lines)[..., ::-1]))


def main(arguments: list[str] | None = None) -> Path:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=published_results() / "copies.json")
    parser.add_argument("--sheet", type=Path, help="draw the pairs into this PNG file")
    options = parser.parse_args(arguments)
    root = extra_root()
    photos = {"extra": LesionFolder(root / "images", root / "masks"), "test": ISIC2016(split="test")}
    extra, test = (decode_once(dataset, (SIDE, SIDE)) for dataset in photos.values())
    encoder = MobileNetV2Encoder()
    encoder.freeze()
    matches = point_search(photos["extra"], photos["test"])
    found = report(search(extra, test, encoder.eval()), matches, extra.ids, test.ids)
    write_bytes(options.out, (json.dumps({"format": 1, **found}, indent=1) + "\n").encode())
    if options.sheet:
        draw_sheet(options.sheet, found, extra, test)
    for row in found["pairs"]:
        print(f"{row['extra']}  {row['test']}  {row['points']:3d} points  {row['joint']:.3f}  {'copy' * row['copy']}")
    print(f"{found['copies']} copies; wrote {options.out}")
    return options.out


if __name__ == "__main__":
    main()

"""What the package's network loses in each format of weights, and its scores by strata. Writes pretrained.json.

Formats: every test image of ISIC 2016 through the package's network in torch, and through an exported file of each
format; scored by the official rule, at the size of each truth. int8 takes its ranges from training photos.
Strata: the recorded scores of the same images, grouped by what is known or measured of a photo. Nothing is chosen by
it.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionseg_lib.cli.export import calibration_photos
from lesionseg_lib.data.cache import decode_once
from lesionseg_lib.data.datasets import ISIC2016, LesionDataset
from lesionseg_lib.data.properties import contrast, hair_index
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models import about_pretrained, pretrained
from lesionseg_lib.models.export import export_onnx
from lesionseg_lib.models.onnx_network import OnnxNetwork
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.weight_formats import WEIGHTS
from lesionseg_lib.results.records import published_results, read_table, record_path
from lesionseg_lib.utils.files import write_bytes

Entry = dict[str, Any]
SMALL, LARGE = 0.05, 0.20
"""Shares of the photo that a lesion covers, between the three groups."""
FEWEST = 20
"""A group of fewer photos is not told: its interval would say nothing."""


def mean_and_interval(values: pd.Series) -> Entry:
    low, high = bootstrap_interval(values.to_numpy())
    return {"mean": round(float(values.mean()), 5), "low": round(low, 5), "high": round(high, 5)}


def by_format(test: LesionDataset, formats: list[str]) -> dict[str, Entry]:
    """Every format beside torch: bytes, change of the mean Jaccard index, share of mask pixels that differ."""
    network, card = pretrained()
    size, threshold = (card["size"][0], card["size"][1]), card["threshold"]
    images = np.asarray(decode_once(test, size).images)
    expected = sigmoid(network.logits(images))
    before = score_images(expected, test, threshold)["jaccard"]
    rows = {}
    for weights in formats:
        photos = calibration_photos(size) if weights == "int8" else None
        content = export_onnx(network, about_pretrained(), size, weights, photos)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "network.onnx")
            path.write_bytes(content)
            found = OnnxNetwork(path).probabilities(images)
        after = score_images(found, test, threshold)["jaccard"]
        rows[weights] = {
            "bytes": len(content),
            "jaccard": mean_and_interval(after),
            "change": mean_and_interval(after - before),
            "pixels_changed": round(float(np.mean((found > threshold) != (expected > threshold))), 6),
            "largest_difference": float(f"{np.abs(found - expected).max():.2g}"),
        }
        print(f"{weights}: {len(content):,} bytes, J {rows[weights]['change']['mean']:+.5f}", flush=True)
    return rows


def groups(test: LesionDataset) -> dict[str, pd.Series]:
    """What photos are grouped by: the name of each one's group, by id."""
    rows = []
    for index, name in enumerate(test.ids):
        image, mask = test.image(index), test.truth(index)
        known = test.attributes(index)
        rows.append(
            {
                "id": name,
                "diagnosis": known.get("diagnosis") or None,
                "mask": known.get("mask_origin") or None,
                "share": float(mask.mean()),
                "contrast": contrast(image, mask),
                "hair": hair_index(image, mask),
            }
        )
    table = pd.DataFrame(rows).set_index("id")
    shares = pd.cut(table["share"], [-1, SMALL, LARGE, 2], labels=["small", "medium", "large"])
    found = {"diagnosis": table["diagnosis"], "mask": table["mask"], "size": shares}
    for name, less, more in (("contrast", "weak", "strong"), ("hair", "little", "much")):
        halves = np.where(table[name] <= table[name].median(), less, more)
        found[name] = pd.Series(halves, index=table.index).where(table[name].notna())
    return found


def by_stratum(scores: pd.Series, grouped: dict[str, pd.Series]) -> dict[str, dict[str, Entry]]:
    """Group -> member -> number of photos and mean score with its interval; members in their own order."""
    return {
        group: {
            str(name): {"images": len(ids), "jaccard": mean_and_interval(scores[ids.index])}
            for name, ids in names.groupby(names, observed=True)
            if len(ids) >= FEWEST
        }
        for group, names in grouped.items()
    }


def main(arguments: list[str] | None = None) -> Path:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=published_results() / "pretrained.json")
    parser.add_argument("--formats", nargs="*", default=list(WEIGHTS), help="by default all")
    options = parser.parse_args(arguments)
    test, about = ISIC2016(split="test"), about_pretrained()
    scores = read_table(record_path(published_results(), about.recipe, about.seed or 0)).set_index("id")["jaccard"]
    found = {
        "format": 1,
        "network": about.model_dump(include={"recipe", "seed", "record"}),
        "images": len(test),
        "formats": by_format(test, options.formats),
        "strata": by_stratum(scores, groups(test)),
    }
    write_bytes(options.out, (json.dumps(found, indent=1) + "\n").encode())
    print(f"Wrote {options.out}")
    return options.out


if __name__ == "__main__":
    main()

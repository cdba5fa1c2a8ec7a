"""The network in the page: its runtime, the package's network and the pictures, as scripts beside its explorer.

Scripts, because a page that is opened from disk may load nothing else. Pictures are drawn lesions, always; where the
photographs of ISIC 2016 are at hand when the book is built, some of its test set come after them; they are CC-0.
"""

import gzip
import io
import shutil
from base64 import b64decode, b64encode
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from lesionseg_lib.data.datasets import (
    ISIC2016,
    Image,
    Mask,
    SyntheticLesions,
    find_isic2016,
    resize_image,
    resize_mask,
)
from lesionseg_lib.models.export import export_onnx
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.shipped import about_pretrained, pretrained
from tools.scripts import pack, script
from tools.vendor import VENDOR

DRAWN, DRAWN_SEED, DRAWN_SIZE = 4, 43, (192, 256)
PHOTOS, LONG_SIDE, QUALITY = 12, 320, 90
RUNTIME = VENDOR / "onnxruntime-web"


def runtime() -> str:
    """The script of onnxruntime-web for WebAssembly, with the two files that it would fetch."""
    code = (RUNTIME / "ort.wasm.min.js").read_text(encoding="utf-8")
    data = {
        "glue": (RUNTIME / "ort-wasm-simd-threaded.mjs").read_text(encoding="utf-8"),
        "wasm": b64encode((RUNTIME / "ort-wasm-simd-threaded.wasm.gz").read_bytes()).decode(),
    }
    return code.partition("//# sourceMappingURL")[0] + "\n" + script("network/runtime", data)


def picture(name: str, image: Image, mask: Mask, **more: Any) -> dict[str, Any]:
    """A picture as the page takes it: a JPEG whose long side is at most ``LONG_SIDE``, and its truth."""
    scale = min(1, LONG_SIDE / max(mask.shape))
    if scale < 1:
        size = (round(mask.shape[0] * scale), round(mask.shape[1] * scale))
        image, mask = resize_image(image, size), resize_mask(mask, size)
    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, "jpeg", quality=QUALITY, subsampling=0)
    photo = f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
    return {"name": name, "photo": photo, "truth": pack(mask), **more}


def drawn() -> list[dict[str, Any]]:
    """Drawn lesions, which are there without any data."""
    lesions = SyntheticLesions(DRAWN, seed=DRAWN_SEED, size=DRAWN_SIZE)
    return [picture(f"drawn lesion {i + 1}", lesions[i].image, lesions[i].mask, drawn=True) for i in range(DRAWN)]


def photographs() -> list[dict[str, Any]]:
    """Photographs of the test set at even places of its list, so that nobody chose them; none where it is not there."""
    if find_isic2016() is None:
        return []
    test = ISIC2016(split="test")
    places = np.linspace(0, len(test) - 1, min(PHOTOS, len(test))).round().astype(int)
    return [picture(f"test photograph {test.ids[i]}", test[i].image, test[i].mask) for i in places]


def first_view(results: Path) -> dict[str, Any]:
    """What the page shows before its network is started: a drawn lesion, and what the network says of it."""
    del results
    network, card = pretrained()
    shown = drawn()[0]
    photo = np.asarray(PIL.Image.open(io.BytesIO(b64decode(shown["photo"].partition(",")[2]))))
    probabilities = sigmoid(network.logits(resize_image(photo, card["size"])[None])[0])
    about = about_pretrained()
    note = f"The network is {about.recipe}, seed {about.seed}, {about.data}. {about.licence} {about.notice}"
    return {**shown, "map": pack(np.rint(255 * probabilities)), "side": card["size"][0], "note": note}


@cache
def model() -> bytes:
    """The package's network as a graph of ONNX with weights of eight bits, for the page."""
    network, card = pretrained()
    return export_onnx(network, about_pretrained(), card["size"], "w8")


def write(folder: Path) -> None:
    """Write what the explorer fetches on a click into its folder in a built book, and the licence beside it."""
    pictures = {"pictures": drawn() + photographs()}
    scripts = {
        "runtime.js": runtime(),
        "model.js": script("network/model", {"model": pack(np.frombuffer(model(), np.uint8))}),
        "pictures.js": script("network/pictures", pictures),
    }
    for name, text in scripts.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(RUNTIME / "LICENSE", folder / "LICENSE-onnxruntime.txt")
    notices = gzip.decompress((RUNTIME / "ThirdPartyNotices.txt.gz").read_bytes())
    (folder / "NOTICES-onnxruntime.txt").write_bytes(notices)

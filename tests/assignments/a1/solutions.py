"""Solutions of A1 as students write them: right ones, and wrong ones with the questions that they lose."""

from __future__ import annotations

from dataclasses import dataclass

from tests.helpers.hand_ins import RIGHT

HEAD = "import cv2\nimport numpy as np\n"


@dataclass(frozen=True)
class Solution:
    """``loses``: names of the questions that must not get their marks; none for a right one."""

    function: str
    text: str
    code: str
    loses: frozenset[str]

    @property
    def cells(self) -> list[str]:
        return list({**RIGHT, self.function: self.code}.values())


SOLUTIONS: list[Solution] = []


def add(function: str, arguments: str, loses: str, *bodies: str) -> None:
    """Solutions whose function has one of these bodies; ``loses``: properties, without the function's name."""
    for body in bodies:
        lines = "\n".join(f"    {line}" for line in body.split("\n"))
        names = frozenset(f"{function}.{name}" for name in loses.split())
        SOLUTIONS.append(Solution(function, body, f"{HEAD}def {function}({arguments}):\n{lines}\n", names))


add(
    "read_mask", "grey", "",
    "return grey > 128", "return grey >= 129", "return np.where(grey > 128, True, False)",
    "return grey.astype(float) > 128.0", "return (grey.astype(int) - 128) > 0",
    "mask = np.zeros(grey.shape, bool)\nmask[grey > 128] = True\nreturn mask",
)  # fmt: skip
add(
    "read_mask", "grey", "limit",
    "return grey > 127", "return grey >= 128", "return grey / 255 > 0.5", "return grey > 129", "return grey > 130",
)  # fmt: skip
add(
    "read_mask", "grey", "kinds",
    "return grey > 128 if grey.max() > 1 else grey > 0", "return grey > (128 if grey.max() > 128 else 50)",
    "return grey > (128 if grey.max() >= 200 else grey.max() / 2)",
    "g = grey if grey.max() > 1 else grey * 255\nreturn g > 128",
)  # fmt: skip
add(
    "read_mask", "grey", "limit kinds",
    "return grey > 0", "return grey.astype(bool)", "return grey == 255", "return grey > grey.mean()",
    "return grey > grey.max() / 2", "return grey <= 128", "return (grey > 128).astype(np.uint8)",
    "return grey.astype(np.int8) > 0",
)  # fmt: skip
add("read_mask", "grey", "limit kinds", "return (grey > 128).T")

RESIZE = "cv2.resize({what}, (size[1], size[0]), interpolation=cv2.{how})"
LINEAR = RESIZE.format(what="probabilities", how="INTER_LINEAR")
add(
    "to_native", "probabilities, size", "",
    f"return {LINEAR} > 0.5", "h, w = size\nreturn cv2.resize(probabilities, (w, h)) > 0.5",
    f"p = {LINEAR}\nmask = np.zeros(size, bool)\nmask[p > 0.5] = True\nreturn mask",
    "import torch\np = torch.from_numpy(probabilities)[None, None]\n"
    "big = torch.nn.functional.interpolate(p, size=size, mode='bilinear', align_corners=False)\n"
    "return (big[0, 0] > 0.5).numpy()",
    "h, w = probabilities.shape\ny = np.clip((np.arange(size[0]) + 0.5) * h / size[0] - 0.5, 0, h - 1)\n"
    "x = np.clip((np.arange(size[1]) + 0.5) * w / size[1] - 0.5, 0, w - 1)\n"
    "rows = np.array([np.interp(x, np.arange(w), row) for row in probabilities])\n"
    "full = np.array([np.interp(y, np.arange(h), column) for column in rows.T]).T\nreturn full > 0.5",
)  # fmt: skip
add(
    "to_native", "probabilities, size", "order",
    f"return {RESIZE.format(what='(probabilities > 0.5).astype(np.uint8)', how='INTER_NEAREST')} > 0",
    f"return {RESIZE.format(what='(probabilities > 0.5).astype(np.float32)', how='INTER_LINEAR')} > 0.5",
    f"return {RESIZE.format(what='probabilities', how='INTER_NEAREST')} > 0.5",
    f"return {LINEAR} > 0.3", f"return {LINEAR} > 0.7", f"return {LINEAR} > 0.62",
)  # fmt: skip
add(
    "to_native", "probabilities, size", "size order",
    "return cv2.resize(probabilities, size) > 0.5", "return probabilities > 0.5", f"return {LINEAR}",
    f"return ({LINEAR} > 0.5).astype(np.uint8)", f"return {LINEAR} <= 0.5", f"return 255 * ({LINEAR} > 0.5)",
    f"return ({LINEAR} > 0.5)[None]", f"return ({LINEAR} > 0.5)[::-1]", "return np.zeros(size, bool)",
    "return np.resize(probabilities, size) > 0.5",
)  # fmt: skip

COUNTS = "tp, fp, fn = (mask & truth).sum(), (mask & ~truth).sum(), (~mask & truth).sum()\n"
RULE = COUNTS + "if tp + fp + fn == 0:\n    return 1.0, 1.0\n"
add(
    "scores", "mask, truth", "",
    RULE + "return tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn)",
    RULE + "j = tp / (tp + fp + fn)\nreturn j, 2 * j / (1 + j)",
    "both, sums = (mask & truth).sum(), mask.sum() + truth.sum()\n"
    "return (both / (sums - both), 2 * both / sums) if sums else (1, 1)",
    RULE + "return np.array([tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn)])",
    "a, b = mask.astype(int), truth.astype(int)\ni, u = (a * b).sum(), np.maximum(a, b).sum()\n"
    "return [1.0, 1.0] if u == 0 else [i / u, 2 * i / (i + u)]",
)  # fmt: skip
JACCARDS_WRONG = (
    "tp / (tp + fn)", "tp / (tp + fp)", "2 * tp / (2 * tp + fp + fn)", "tp / (2 * tp + fp + fn)", "tp / mask.size",
    "(mask == truth).mean()", "2 * tp / (tp + fp + fn)", "tp / max(tp + fp, tp + fn)",
)  # fmt: skip
DICES_WRONG = (
    "tp / (tp + fn)", "tp / (tp + fp)", "tp / (tp + fp + fn)", "tp / (2 * tp + fp + fn)", "2 * tp / mask.size",
    "(mask == truth).mean()", "2 * tp / (tp + fp + fn)", "2 * tp / max(tp + fp, tp + fn)",
)  # fmt: skip
SAFE = RULE + "with np.errstate(all='ignore'):\n    return "
for wrong in JACCARDS_WRONG:
    add("scores", "mask, truth", "jaccard", f"{SAFE}{wrong}, 2 * tp / (2 * tp + fp + fn)")
for wrong in DICES_WRONG:
    add("scores", "mask, truth", "dice", f"{SAFE}tp / (tp + fp + fn), {wrong}")
BOTH = "tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn)"
add(
    "scores", "mask, truth", "empty",
    COUNTS + "return " + BOTH, COUNTS + "if tp + fp + fn == 0:\n    return 0.0, 0.0\nreturn " + BOTH,
    COUNTS + "if not truth.any():\n    return 1.0, 1.0\nreturn " + BOTH,
    COUNTS + "if not mask.any():\n    return 1.0, 1.0\nreturn " + BOTH,
    COUNTS + "if not truth.any():\n    return 0.0, 0.0\nreturn " + BOTH,
    COUNTS + "if not truth.any() or not mask.any():\n    return 1.0, 1.0\nreturn " + BOTH,
    COUNTS + "return tp / (tp + fp + fn + 1e-6), 2 * tp / (2 * tp + fp + fn + 1e-6)",
    COUNTS + "if tp == 0:\n    return 1.0, 1.0\nreturn " + BOTH,
    COUNTS + "if tp + fp + fn == 0:\n    return float('nan'), float('nan')\nreturn " + BOTH,
)  # fmt: skip

PHOTO = "j = lambda m, t: (m & t).sum() / max((m | t).sum(), 1) if (m | t).any() else 1.0\n"
NOTHING = "none = {n: np.zeros_like(t) for n, t in truths.items()}\n"
add(
    "mean_jaccard", "masks, truths", "",
    PHOTO + "return np.mean([j(masks.get(n, np.zeros_like(t)), t) for n, t in truths.items()])",
    PHOTO + NOTHING + "full = {**none, **masks}\nreturn sum(j(full[n], truths[n]) for n in truths) / len(truths)",
    PHOTO + "total = 0.0\nfor n in sorted(truths):\n    m = masks[n] if n in masks else truths[n] & False\n"
    "    total += j(m, truths[n])\nreturn float(total / len(truths))",
    "found = []\nfor n, t in truths.items():\n    m = masks.get(n)\n"
    "    found.append(scores(m if m is not None else np.zeros(t.shape, bool), t)[0])\nreturn float(np.mean(found))",
)  # fmt: skip
GET = "masks.get(n, np.zeros_like(t))"
add(
    "mean_jaccard", "masks, truths", "per_image pairing missing",
    f"i = sum(({GET} & t).sum() for n, t in truths.items())\nu = sum(({GET} | t).sum() for n, t in truths.items())\n"
    "return i / u",
    PHOTO + f"return np.median([j({GET}, t) for n, t in truths.items()])",
    PHOTO + f"return sum(j({GET}, t) for n, t in truths.items())",
    PHOTO + f"return [j({GET}, t) for n, t in truths.items()]",
    PHOTO + f"return 100 * np.mean([j({GET}, t) for n, t in truths.items()])",
    PHOTO + f"return round(np.mean([j({GET}, t) for n, t in truths.items()]), 2)",
    f"return np.mean([scores({GET}, t)[1] for n, t in truths.items()])",
    PHOTO + "s = [t.sum() for t in truths.values()]\n"
    f"return np.average([j({GET}, t) for n, t in truths.items()], weights=s)",
    PHOTO + f"return max(j({GET}, t) for n, t in truths.items())",
)  # fmt: skip
LINES = PHOTO + "k = lambda m, t: j(m, t) if m.shape == t.shape else 0.0\n"
add(
    "mean_jaccard", "masks, truths", "pairing missing",
    LINES + "return np.mean([k(m, t) for m, t in zip(masks.values(), truths.values())])",
    LINES + "return np.mean([k(masks[a], truths[b]) for a, b in zip(sorted(masks), sorted(truths))])",
    LINES + "return np.mean([k(m, truths[n]) for n, m in masks.items()])",
)  # fmt: skip
add(
    "mean_jaccard", "masks, truths", "missing",
    PHOTO + "return np.mean([j(masks[n], t) for n, t in truths.items()])",
    PHOTO + "return np.mean([j(masks[n], t) for n, t in truths.items() if n in masks])",
    PHOTO + "return np.mean([j(masks[n], t) if n in masks else 0.0 for n, t in truths.items()])",
    PHOTO + "return np.mean([j(masks[n], t) if n in masks else 1.0 for n, t in truths.items()])",
)  # fmt: skip

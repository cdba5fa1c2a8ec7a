"""Are two answers the same, as far as it matters? And if not, what is different, in words."""

from typing import Any

import numpy as np
import torch

from lesionseg_lib.teaching.diagnosis.engine import close

BORDER = 0.05  # share of the pixels that may differ between two ways to resize a mask
AREA = 0.02  # and how much their areas may differ
LIKE = 0.004  # share of the pixels that may differ between a mask and a suspect's


def plain(found: Any, expected: Any) -> Any:
    """An answer out of the container it came in: numbers out of tensors, arrays and columns of one, masks as arrays."""
    if isinstance(expected, torch.Tensor):
        found = torch.as_tensor(found) if isinstance(found, np.ndarray) and found.dtype.kind in "fiub" else found
        return found.detach().cpu() if isinstance(found, torch.Tensor) else found
    if isinstance(found, torch.Tensor):
        found = found.detach().cpu().float().numpy() if found.dtype is not torch.bool else found.cpu().numpy()
    if isinstance(expected, np.ndarray):
        if isinstance(found, list):
            found = np.asarray(found)
        return found
    if isinstance(expected, list):
        if hasattr(found, "items"):
            found = list(found.items())
        if hasattr(found, "to_numpy"):
            found = found.to_numpy()
        return [tuple(pair) for pair in found.tolist()] if isinstance(found, np.ndarray) else found
    if hasattr(found, "to_numpy"):
        found = found.to_numpy()
    if isinstance(found, np.ndarray) and found.size == 1:
        return found.reshape(-1)[0]
    if isinstance(found, list | tuple) and len(found) == 1:
        return found[0]
    return found


def same(found: Any, predicted: Any) -> bool:
    """Whether an answer is a suspect's: numbers to five digits, masks but for a pixel in 250, pairs as sets."""
    if isinstance(predicted, np.ndarray) and predicted.dtype == np.bool_:
        mask = np.asarray(found)
        if mask.shape != predicted.shape:
            return False
        if mask.dtype != np.bool_ and mask.size and set(np.unique(mask).tolist()) <= {0, 1, 255}:
            mask = mask > 0
        return mask.dtype == np.bool_ and float((mask != predicted).mean()) <= LIKE
    if isinstance(predicted, list):
        items = found.items() if isinstance(found, dict) else found
        try:
            listed = sorted(str(tuple(item) if isinstance(item, list) else item) for item in items)
        except TypeError:
            return False
        return listed == (predicted if all(isinstance(p, str) for p in predicted) else sorted(map(str, predicted)))
    if isinstance(predicted, np.ndarray) and predicted.size == 1 and np.ndim(found) == 0:
        predicted = predicted.reshape(-1)[0]
    return close(found, predicted, 1e-5)


def difference(expected: Any, found: Any) -> str | None:
    """What distinguishes an answer from the expected one, in words; None: nothing that matters.

    Numbers and tensors agree to five digits, lists of pairs in any order. A resized mask may differ in a few pixels of
    its border, as methods do, but not in its area.
    """
    if isinstance(expected, torch.Tensor):
        if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
            return f"expected a tensor of shape {tuple(expected.shape)}, found {_describe(found)}"
        most = float((found.detach().cpu().float() - expected).abs().max())
        return None if most < 1e-5 else f"values differ by up to {most:.3f}"
    if isinstance(expected, np.ndarray):
        return _mask_difference(expected, found)
    if isinstance(expected, list):
        if not isinstance(found, list | tuple | set | dict | zip):
            return f"expected a list of pairs, found {_describe(found)}"
        items = found.items() if isinstance(found, dict) else found
        pairs = sorted(str(tuple(item) if isinstance(item, list) else item) for item in items)
        wrongly = [pair for pair in pairs if pair not in map(str, expected)]
        if wrongly:
            return f"no pair is {', '.join(wrongly[:1])}"
        return None if len(pairs) == len(expected) else f"expected {len(expected)} pairs, found {len(pairs)}"
    try:
        number = float(found) if np.ndim(found) == 0 else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        return f"expected the number {expected:.4f}, found {_describe(found)}"
    return None if abs(number - expected) < 1e-5 else f"expected {expected:.4f}, found {number:.4f}"


def _mask_difference(expected: Any, found: Any) -> str | None:
    if not isinstance(found, np.ndarray) or found.shape != expected.shape:
        return f"expected a mask of shape {expected.shape}, found {_describe(found)}"
    if found.dtype != np.bool_:
        return f"expected a mask of type bool, found {_describe(found)}"
    area, true_area, border = int(found.sum()), int(expected.sum()), float((found != expected).mean())
    if abs(area - true_area) > AREA * true_area:
        return f"expected about {true_area:,} pixels of lesion, found {area:,}"
    return None if border <= BORDER else f"{border:.0%} of the pixels differ"


def _describe(found: Any) -> str:
    if isinstance(found, np.ndarray | torch.Tensor):
        return f"{found.dtype} of shape {tuple(found.shape)}"
    return f"{type(found).__name__} {str(found)[:40]}"

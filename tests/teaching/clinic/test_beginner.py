"""The clinic, solved by a beginner: ten patients, ten honest mistakes in a beginner's code, and each is told."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch

from lesionseg_lib.teaching import clinic


def soft(p: Any, truth: Any) -> Any:
    """Means to cut, and cuts the truth, which is a mask already."""
    scores = []
    for i in range(len(p)):
        t = truth[i] > 0.5
        overlap = np.sum(p[i] * t)
        union = np.sum(p[i]) + np.sum(t) - overlap
        scores.append(overlap / union)
    return sum(scores) / len(scores)


def cut(logits: Any, truth: Any) -> Any:
    """Remembers that there was a sigmoid, and forgets what comes behind it."""
    scores = []
    for z, t in zip(logits, truth, strict=True):
        p = 1 / (1 + np.exp(-z))
        mask = p.astype(int)
        overlap = ((mask == 1) & t).sum()
        union = ((mask == 1) | t).sum()
        scores.append(overlap / union if union > 0 else 1)
    return np.mean(scores)


def thresholds(p: Any, truth: Any) -> Any:
    """One threshold now, but the first of the old list."""
    scores = []
    for k in range(len(p)):
        m = p[k] > 0.1
        scores.append(np.logical_and(m, truth[k]).sum() / np.logical_or(m, truth[k]).sum())
    return np.mean(scores)


def columns(mask: Any, truth: Any) -> Any:
    """Removes the channel, and sums over photos and rows."""
    mask, truth = mask[:, 0], truth[:, 0]
    both = (mask & truth).sum(axis=(0, 1))
    either = (mask | truth).sum(axis=(0, 1))
    return ((both + 1e-6) / (either + 1e-6)).mean()


def pooled(mask: Any, truth: Any) -> Any:
    """A loop over photos whose counters are not set back."""
    both = either = 0
    for m, t in zip(mask, truth, strict=True):
        both = both + (m & t).sum()
        either = either + (m | t).sum()
        score = both / either
    return score


def last_batch(batches: Any) -> Any:
    """Collects, but one number a batch."""
    scores = []
    for mask, truth in batches:
        both = (mask & truth).sum((1, 2))
        either = (mask | truth).sum((1, 2))
        scores.append((both / either).mean())
    return np.array(scores).mean()


def nothing(mask: Any, truth: Any) -> Any:
    """Avoids 0 / 0 by leaving such photos out."""
    scores = []
    for m, t in zip(mask, truth, strict=True):
        either = (m | t).sum()
        if either == 0:
            continue
        scores.append((m & t).sum() / either)
    return np.mean(scores)


def as_bytes(mask: Any, png: Any) -> Any:
    """Divides by 255, as with photos, and leaves it there."""
    truth = png / 255
    scores = []
    for m, t in zip(mask, truth, strict=True):
        overlap = (m * t).sum()
        scores.append(overlap / (m.sum() + t.sum() - overlap))
    return np.mean(scores)


def hard(p: Any, size: Any) -> Any:
    """Asks for smooth enlarging, one line too late."""
    mask = (p > 0.5).astype(np.float32)
    big = cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return big > 0.5


def training_mode(model: Any, x: Any) -> Any:
    """Switches off dropout alone."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.eval()
    with torch.no_grad():
        return model(x)


TOLD = [
    (soft, "nothing was cut"),
    (cut, "truncated"),
    (thresholds, "another threshold"),
    (columns, "wrong axes"),
    (pooled, "pooled"),
    (last_batch, "batches"),
    (nothing, "left out"),
    (as_bytes, "divided"),
    (hard, "before it was enlarged|hard mask"),
    (training_mode, "batch norm"),
]


@pytest.mark.parametrize(("function", "words"), TOLD, ids=[function.__name__ for function, _ in TOLD])
def test_a_beginners_mistake_is_told(function: Any, words: str) -> None:
    with np.errstate(all="ignore"):
        verdict = clinic.check(function.__name__, function)
    assert verdict.status == "wrong" and verdict.causes and verdict.where.startswith("03"), verdict
    assert any(word in verdict.detail for word in words.split("|")), verdict

"""Exercises of lesson 05: a paired transform, a line-up of loaders, the pace of an epoch, a deformation's price."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from albumentations import Compose, ElasticTransform

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.data.properties import border_detail
from lesionseg_lib.teaching.demos.epoch_time import simulate_epoch
from lesionseg_lib.teaching.demos.paired_transforms import transform_fault
from lesionseg_lib.teaching.demos.wrong_pairs import LINE_UP, MISTAKES, lineup_fault
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.engine import Finding, explain
from lesionseg_lib.teaching.diagnosis.guard import guarded
from lesionseg_lib.teaching.diagnosis.observing import narrowed
from lesionseg_lib.teaching.diagnosis.orientations import orientation_cause
from lesionseg_lib.teaching.diagnosis.paces import epochs, paces, slower
from lesionseg_lib.teaching.diagnosis.reading import Wrong, ask, demand, number, numbers, opened, refuse
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone
from lesionseg_lib.teaching.exercises.registry import exercise

SIGMA = 6

_PAIRS, _WITNESS, _STEP = (
    "05: One draw, two pictures",
    "05: Six wrong pairs, and what gives them away",
    "05: Where does a step wait?",
)

_BETWEEN = "05: What happens to a mask between pixels"


@exercise(
    "05.1",
    _PAIRS,
    "How many numbers must be drawn for one pair? Draw them all before you touch image or mask.",
    "Four turns and a mirror make eight orientations. Count how often each comes in 400 draws: is one missing, or "
    "twice as frequent?",
)
def paired_transform(transform: Any) -> None:
    """image and mask together, eight orientations, equally often, from the given generator alone.

    ``transform(image, mask, rng) -> (image, mask)``.
    """
    demand(callable(transform), "pass the function itself, not what it returned.")
    first = transform_first(transform)
    if first is None:
        raise NotImplementedError
    state = np.random.get_state()
    fault = guarded(lambda: transform_fault(transform))
    np.random.set_state(state)
    if fault:
        refuse(fault[0].lower() + fault[1:], orientation_cause(transform, fault))


def transform_first(transform: Any) -> Any:
    """What it returns for one small pair; where it stops, the fault says why."""
    mask = np.zeros((8, 8), np.uint8)
    mask[0, 1:4] = 1
    image = np.repeat((mask * 200)[..., None], 3, axis=2)
    try:
        found = guarded(lambda: transform(image, mask, np.random.default_rng(0)))
    except NotImplementedError:
        raise
    except Exception:
        return ()
    if found is None or found is ...:
        return None
    demand(
        isinstance(found, tuple | list) and len(found) == 2,
        f"expected two arrays back, (image, mask); found {type(found).__name__}.",
    )
    return found


EVIDENCE = {
    "A": cause("turned-together"),
    "D": cause("only-darker"),
    "B": cause("draws-apart-missed"),
    "C": cause("blue-missed"),
    "E": cause("strangers-missed"),
}


@exercise(
    "05.2",
    _WITNESS,
    "Two kinds of evidence are needed: do the outlines fit better than a stranger's, and are the colours those of "
    "skin?",
    "Sixteen photos are too few for a mistake that strikes every second one. And a small number with a unit (grey "
    "levels) may only mean a dark photo.",
)
def line_up(accused: Any) -> None:
    """these read wrongly, and the others do not.

    ``accused``: letters of ``mispairs.LINE_UP``.
    """
    accused = opened(accused)
    if hasattr(accused, "to_dict"):
        accused = list(accused.index) if str(getattr(accused, "dtype", "")) == "bool" else list(accused)
    if isinstance(accused, dict):
        accused = [key for key, value in accused.items() if value is not False]
    demand(
        isinstance(accused, str | list | tuple | set | frozenset | np.ndarray) or hasattr(accused, "__iter__"),
        f'expected letters, as in "AB"; found {type(accused).__name__} {str(accused)[:20]}.',
    )
    letters = [c for part in accused for c in str(part).upper() if c not in " ,;&+"]
    fault = lineup_fault(letters)
    if not fault:
        return
    if set(letters) - set(LINE_UP):
        raise Wrong(fault[0].lower() + fault[1:])
    wrong = {letter for letter, loader in LINE_UP.items() if loader in MISTAKES.values()}
    causes = [EVIDENCE[letter] for letter in sorted(set(letters) - wrong)]
    causes += [EVIDENCE[letter] for letter in sorted(wrong - set(letters))]
    refuse(fault[0].lower() + fault[1:], Finding((tuple(causes[:3]),)))


@exercise(
    "05.3",
    _STEP,
    "How long would the workers need if the network took no time? How long the network if photos came at once?",
    "Let it be a race between the two, batch after batch: who waits for whom, when decoding is ten times as slow, "
    "and when the network is?",
)
def fastest_epoch(answer: Any) -> None:
    """the slower of the two sets the pace.

    ``answer(photos, batch, decode, workers, step)``: seconds of an epoch.
    """
    found, right, slack = {}, {}, {}
    settings = epochs()
    number(ask(answer, 16, 16, 0.01, 1, 0.01), "the time")
    for label, (photos, batch, decode, workers, step) in settings.items():
        found[label] = number(ask(answer, photos, batch, decode, workers, step), "the time")
        right[label] = simulate_epoch(photos // batch, batch * decode, workers, step)
        slack[label] = batch * decode + step + 1e-9
    off = [label for label in found if not abs(found[label] - right[label]) <= slack[label]]
    if not off:
        return
    few = [*off[:12], *[label for label in found if label not in off][:6]]

    def agrees(a: Any, b: Any) -> bool:
        apart = abs(a[1] - b[1])
        return bool(apart <= 0.004 * abs(b[1]) + 1e-6 or (b[1] == right[b[0]] and apart <= slack[b[0]]))

    def suspects() -> Iterator[Suspect]:
        for suspect in paces(settings):
            yield Suspect(suspect.causes, lambda label, s=suspect: (label, s.predict(label)))  # type: ignore[misc]

    finding = explain({k: (k, found[k]) for k in few}, {k: (k, right[k]) for k in few}, suspects(), agrees)
    label = off[0]
    share = "" if len(off) > 150 else f" ({len(off)} of 200 epochs are wrong.)"
    refuse(
        f"{label}: you say {found[label]:.1f} s, played through it takes {right[label]:.1f} s.{share}",
        finding,
        narrowed(*slower(settings, off)),
    )


UNTOUCHED = cause("masks-untouched")

HALF_DEFORMED = cause("default-p")

DEFAULT_SIGMA = cause("default-sigma")

OTHER_SIGMA = cause("other-sigma")

EXCHANGED_ALPHAS = cause("alphas-exchanged")

MEAN_DETAIL = cause("mean-for-median")

EXTREME = cause("extreme-for-median")

ONE_MASK = cause("one-mask-measured")

DIFFERENCE = cause("gain-over-plain")

RATIO = cause("ratio-to-plain")

IN_PERCENT = cause("detail-in-percent")

TWICE_DEFORMED = cause("deformed-twice")

HUNDRED_PIXELS = cause("alpha-scaled")


@exercise(
    "05.4",
    _BETWEEN,
    "Read the defaults of `ElasticTransform`: which of its arguments have you set, and which decide how many masks "
    "change?",
    "Look at three masks before and after. If some are exactly as they were, p is not 1; if outlines only shift, "
    "sigma is large.",
)
def price_of_a_deformation(rough: Any, pairs: CachedDataset) -> None:
    """the outlines are as rough as that. How rough is too rough, only eyes can say.

    ``rough``: alpha -> median border detail of the deformed masks of ``pairs``.
    """
    if hasattr(rough, "to_dict") and getattr(rough, "ndim", 1) == 2:
        rough = rough.iloc[0] if rough.shape[0] == 1 else rough.iloc[:, 0]
    if isinstance(rough, list | tuple) and rough and all(isinstance(p, list | tuple) and len(p) == 2 for p in rough):
        rough = dict(rough)
    demand(hasattr(rough, "items"), "expected {alpha: median border detail}, one number for each alpha.")
    rough = dict(rough.items())
    demand(sum(map(bool, map(_strength, rough))) >= 2, "one strength is no comparison; measure two or more.")
    found = numbers(rough, list(rough), "the median border detail")
    some = list(zip(list(pairs.images), list(pairs.masks), strict=True))
    plain = _details([mask for _, mask in some])
    strengths = {alpha: strength for alpha in found if (strength := _strength(alpha))}
    real = {alpha: _deformed(some, strength) for alpha, strength in strengths.items()}
    for alpha, strength in strengths.items():
        right = float(np.nanmedian(real[alpha]))
        mixed = float(np.nanmedian(np.concatenate([real[alpha], plain])))
        near = 0.15 * right
        if abs(right - mixed) > 0.06 * right:
            near = min(near, 0.6 * abs(right - mixed))
        if abs(found[alpha] - right) <= near:
            continue
        finding = explain(
            {alpha: found[alpha]},
            {alpha: right},
            _details_of(alpha, found, strengths, real, plain, some),
            lambda a, b: bool(np.isfinite(b)) and abs(a - b) <= 0.08 * abs(b),
        )
        vague = finding is None or set(finding.causes) <= {HUNDRED_PIXELS, OTHER_SIGMA}
        if vague and 0.95 * float(np.nanmedian(plain)) <= found[alpha] < right:  # the medians of few masks scatter
            finding = Finding(((HALF_DEFORMED,), (DEFAULT_SIGMA,), (HUNDRED_PIXELS,)))
        if found[alpha] < 0.8:  # a circle has 1
            finding = Finding(((DIFFERENCE,), (RATIO,)))
        refuse(
            f"alpha {strength:g}: {found[alpha]:.2f}, but outlines deformed so have about {right:.2f}.",
            finding,
            "Is p 1, and sigma 6, and is it the median over all masks?",
        )


def _details_of(alpha: Any, found: Any, strengths: Any, real: Any, plain: Any, some: Any) -> Iterator[Suspect]:
    def one(why: Cause, value: Callable[[], float]) -> Suspect:
        return alone(why, lambda _: value())

    right, untouched, strength = float(np.nanmedian(real[alpha])), float(np.nanmedian(plain)), strengths[alpha]
    yield one(UNTOUCHED, lambda: untouched)
    yield one(HALF_DEFORMED, lambda: float(np.nanmedian(np.concatenate([real[alpha], plain]))))
    for other in real:
        there = abs(found[other] - float(np.nanmedian(real[alpha]))) <= 0.08 * right
        alike = abs(found[other] - found[alpha]) <= 0.02 * right
        if other != alpha and (there or alike):
            yield one(EXCHANGED_ALPHAS, lambda other=other: float(np.nanmedian(real[other])))  # type: ignore[misc]
    yield one(MEAN_DETAIL, lambda: float(np.nanmean(real[alpha])))
    yield one(DEFAULT_SIGMA, lambda: float(np.nanmedian(_deformed(some, strength, 50))))
    yield one(EXTREME, lambda: float(np.nanmax(real[alpha])))
    yield one(EXTREME, lambda: float(np.nanmin(real[alpha])))
    yield one(DIFFERENCE, lambda: right - untouched)
    yield one(RATIO, lambda: right / untouched)
    yield one(IN_PERCENT, lambda: 100 * right)
    yield one(ONE_MASK, lambda: float(real[alpha][0]))
    for sigma in (3, 10, 4, 12, 20):
        yield one(OTHER_SIGMA, lambda sigma=sigma: float(np.nanmedian(_deformed(some, strength, sigma))))  # type: ignore[misc]
    for factor in (0.1, 10, 2, 0.5):
        yield one(HUNDRED_PIXELS, lambda f=factor: float(np.nanmedian(_deformed(some, strength * f))))  # type: ignore[misc]


def _deformed(some: Any, strength: float, sigma: float = SIGMA) -> Any:
    deform = Compose([ElasticTransform(strength, sigma, p=1.0)], seed=0)
    return _details([deform(image=image, mask=mask)["mask"] for image, mask in some])


def _strength(alpha: Any) -> float:
    """100 of "alpha 100" or 100; 0 where there is no number."""
    last = str(alpha).rpartition(" ")[2].rpartition("=")[2]
    return float(last) if last.replace(".", "", 1).isdigit() else 0.0


def _details(masks: list[Any]) -> Any:
    return np.array([border_detail(np.asarray(mask) == 1) for mask in masks], float)

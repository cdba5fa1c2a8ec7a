"""What is compared with whom: rows of a table that the tests fill as they run, and what Hypothesis draws for them."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

CASES = int(os.environ.get("PARITY_CASES", "12"))
"""Drawn for each row: a dozen in the unit tests, some hundreds by `make parity`."""


@dataclass
class Row:
    """One definition of a peer beside ours.

    Attributes:
        definition: "same", or in what it differs and how the test allows for that.
        cases: compared so far.
    """

    peer: str
    what: str
    definition: str = "same"
    cases: int = 0

    def equal(self, ours: Any, theirs: Any, within: float = 1e-6) -> None:
        """Count a case; fail if a number differs by more than ``within``, relative or absolute. NaN equals NaN."""
        self.cases += 1
        np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=within, atol=within)


ROWS: list[Row] = []


def row(peer: str, what: str, definition: str = "same") -> Row:
    """A new row of the table, in the order of the files."""
    ROWS.append(Row(peer, what, definition))
    return ROWS[-1]


def table() -> str:
    """The rows that were compared, as text."""
    lines = [("peer", "what", "cases", "definition")]
    lines += [(row.peer, row.what, f"{row.cases:,}", row.definition) for row in ROWS if row.cases]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    text = [
        f"{peer:{widths[0]}}  {what:{widths[1]}}  {cases:>{widths[2]}}  {definition}"
        for peer, what, cases, definition in lines
    ]
    return "\n".join([*text, f"{sum(row.cases for row in ROWS):,} cases"])


# The same cases in every run of the unit tests; new ones each time `make parity` asks for many.
drawn = settings(
    max_examples=CASES,
    deadline=None,
    derandomize="PARITY_CASES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

SHAPE = st.tuples(st.integers(2, 9), st.integers(2, 9))


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Two masks bool (3, H, W); one in four of either is empty or full throughout."""
    shape = (3, *draw(SHAPE))
    kinds = st.one_of(*[arrays(bool, shape)] * 6, st.just(np.zeros(shape, bool)), st.just(np.ones(shape, bool)))
    return draw(kinds), draw(kinds)


@st.composite
def blobs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Two masks bool (H, W) that are not empty."""
    shape = draw(SHAPE)
    one, other = (draw(arrays(bool, shape).filter(np.any)) for _ in range(2))
    return one, other


@st.composite
def forecasts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities float32 (2, H, W), below 1, and truths bool of the same shape."""
    shape = (2, *draw(SHAPE))
    shares = st.floats(0, 1, exclude_max=True, width=32) | st.sampled_from([0.0, 0.1, 0.25, 0.29, 0.3, 0.5, 0.7])
    return draw(arrays(np.float32, shape, elements=shares)), draw(arrays(bool, shape))


@st.composite
def logit_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Logits float32 and targets float32, both (2, 1, H, W)."""
    shape = (2, 1, *draw(SHAPE))
    logits = draw(arrays(np.float32, shape, elements=st.floats(-20, 20, width=32)))
    return logits, draw(arrays(bool, shape)).astype(np.float32)


spacings = st.tuples(*[st.floats(0.1, 5)] * 2)

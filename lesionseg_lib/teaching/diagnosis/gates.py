"""The parameters of an attention gate, counted wrongly."""

from collections.abc import Iterator
from typing import Any

from lesionseg_lib.models.cost import parameters_of
from lesionseg_lib.models.decoders.attention import AttentionGate
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone, slot, span

NORM_MISSING = cause("norm-missing")
NORM_HALF = cause("norm-half")
NORM_FOUR = cause("running-statistics-counted")
NO_SIGNAL_BIAS = cause("signal-bias-missing")
NO_LAST_BIAS = cause("coefficient-bias-missing")
BOTH_BIASES = cause("both-biases-missing")
SKIP_BIAS = cause("skip-bias-counted")
OUT_BIAS = cause("out-bias-counted")
KERNEL_ONE = cause("skip-kernel-one")
KERNEL_TWO = cause("skip-kernel-two")
SIGNAL_TWO = cause("signal-kernel")
OUT_MISSING = cause("out-missing")
OUT_KERNEL = cause("out-kernel-three")
OUT_SIMPLE = cause("out-not-squared")
ROLES = cause("skip-signal-exchanged")
COEFFICIENT_MISSING = cause("coefficient-missing")
HIDDEN_FULL = cause("hidden-not-halved")
HIDDEN_OTHER = cause("hidden-of-signal")
COEFFICIENT_MANY = cause("coefficient-per-channel")
SIGNAL_MISSING = cause("signal-missing")
SKIP_MISSING = cause("skip-missing")


def wrong_counts(gate: AttentionGate) -> Iterator[Suspect]:
    """Term by term: both votes, the coefficient, the layer behind, and its batch norm."""
    skip, signal = gate.of_skip.in_channels, gate.of_gate.in_channels

    def compute(
        _: str, roles: Any, hidden: Any, kernel: Any, skip_bias: Any, signal_term: Any, last: Any, out: Any, norm: Any
    ) -> Any:
        x, g = roles(skip, signal)
        inner = hidden(x, g)
        return kernel * x * inner + skip_bias * inner + signal_term(g, inner) + last(inner, x) + out(x) + norm * x

    yield alone(BOTH_BIASES, lambda _: parameters_of(gate) - gate.of_skip.out_channels - 1)
    yield from span(
        compute,
        {
            "norm": slot(2, (0, NORM_MISSING), (1, NORM_HALF), (4, NORM_FOUR)),
            "kernel": slot(4, (1, KERNEL_ONE), (2, KERNEL_TWO), (9, KERNEL_TWO), (0, SKIP_MISSING)),
            "signal_term": slot(
                lambda g, i: g * i + i,
                (lambda g, i: g * i, NO_SIGNAL_BIAS),
                (lambda g, i: 0, SIGNAL_MISSING),
                (lambda g, i: 4 * g * i + i, SIGNAL_TWO),
                (lambda g, i: g * i + 1, NO_SIGNAL_BIAS),
                (lambda g, i: g * i + g, NO_SIGNAL_BIAS),
                (lambda g, i: 9 * g * i + i, SIGNAL_TWO),
            ),
            "last": slot(
                lambda i, x: i + 1,
                (lambda i, x: i, NO_LAST_BIAS),
                (lambda i, x: 0, COEFFICIENT_MISSING),
                (lambda i, x: 1, COEFFICIENT_MISSING),
                (lambda i, x: i * x + x, COEFFICIENT_MANY),
                (lambda i, x: i * i + i, COEFFICIENT_MANY),
                (lambda i, x: 2 * i, COEFFICIENT_MANY),
                (lambda i, x: i * x + 1, COEFFICIENT_MANY),
            ),
            "out": slot(
                lambda x: x * x,
                (lambda x: x * x + x, OUT_BIAS),
                (lambda x: x, OUT_SIMPLE),
                (lambda x: 0, OUT_MISSING),
                (lambda x: -2 * x, OUT_MISSING),
                (lambda x: 9 * x * x, OUT_KERNEL),
                (lambda x: 4 * x * x, OUT_KERNEL),
                (lambda x: x * (x // 2), OUT_SIMPLE),
            ),
            "skip_bias": slot(0, (1, SKIP_BIAS)),
            "hidden": slot(
                lambda x, g: x // 2,
                (lambda x, g: x, HIDDEN_FULL),
                (lambda x, g: g // 2, HIDDEN_OTHER),
                (lambda x, g: (x + g) // 2, HIDDEN_OTHER),
                (lambda x, g: g, HIDDEN_OTHER),
            ),
            "roles": slot(lambda x, g: (x, g), (lambda x, g: (g, x), ROLES)),
        },
        cost=2.8,
    )

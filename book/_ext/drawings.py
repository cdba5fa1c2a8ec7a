"""Schematics of lessons, drawn when the book is built from the shapes that the networks have then.

A schematic stands at the end of the text below a heading, before the first cell or prompt. A heading that is no longer
there is a warning, so that no drawing gets lost.
"""

from collections.abc import Callable
from functools import cache

import torch
from cells import is_prompt, lesson_of
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from torch import Tensor, nn

from lesionseg_lib.models.decoders import AttentionGate, UNetDecoder, build_decoder
from lesionseg_lib.models.decoders.aspp import ASPP
from lesionseg_lib.models.encoder import STAGES, MobileNetV2Encoder
from lesionseg_lib.models.receptive_field import Field
from lesionseg_lib.plots import schematics
from lesionseg_lib.plots.schematics import Shape

LOGGER = logging.getLogger(__name__)
PHOTO = 128
EDGES = (2, 4, 7, 14, 19)
"""Layers of the encoder behind which a level of the pyramid is read."""


@cache
def _encoder() -> MobileNetV2Encoder:
    return MobileNetV2Encoder(weights=None).eval()


@cache
def _levels() -> tuple[Shape, ...]:
    with torch.no_grad():
        pyramid = _encoder()(torch.zeros(1, 3, PHOTO, PHOTO))
    return tuple((level.shape[1], level.shape[2]) for level in pyramid)


def _shapes(network: nn.Module, kind: type[nn.Module]) -> list[tuple[nn.Module, list[Shape]]]:
    """Every module of a kind in a decoder, with the shapes of the maps that it gets."""
    found: list[tuple[nn.Module, list[Shape]]] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append((module, [(x.shape[1], x.shape[2]) for x in inputs]))

    for module in network.modules():
        if isinstance(module, kind):
            module.register_forward_pre_hook(note)
    with torch.no_grad():
        network.eval()(_encoder()(torch.zeros(1, 3, PHOTO, PHOTO)), (PHOTO, PHOTO))
    return found


def _decoder(name: str) -> nn.Module:
    return build_decoder(name, _encoder().channels, _encoder().strides)


def _skips(*, backwards: bool = False) -> str:
    unet = UNetDecoder(_encoder().channels, _encoder().strides)
    heights = [height for _, height in reversed(_levels()[:-1])]
    steps = list(zip(unet.widths, heights, strict=False))
    return schematics.skips(_levels(), steps, backwards=backwards)


def _fields() -> str:
    layers = list(_encoder().features)
    sides = [int(Field().through(nn.Sequential(*layers[:edge])).side) for edge in EDGES]
    return schematics.fields(sides, _encoder().strides, PHOTO)


def _inverted_residual() -> str:
    block = next(layer for layer in _encoder().features if getattr(layer, "use_res_connect", False))
    convs = [module for module in block.modules() if isinstance(module, nn.Conv2d)]
    widen, narrow = convs[0], convs[-1]
    return schematics.inverted_residual(widen.in_channels, widen.out_channels, narrow.out_channels, convs[1].stride[0])


def _freezing() -> str:
    counts = [sum(p.numel() for p in _encoder().stage(number).parameters()) for number in STAGES]
    choices = [("none learns", tuple(STAGES)), ("one stage", (1, 2, 3)), ("two stages", (1, 2)), ("all learn", ())]
    return schematics.freezing(counts, choices)


def _gate() -> str:
    module, (skip, signal) = _shapes(_decoder("segnet-attention"), AttentionGate)[-1]
    assert isinstance(module, AttentionGate)
    return schematics.gate(skip, signal, module.of_gate.out_channels)


def _branches() -> str:
    module, (x,) = _shapes(_decoder("segnet-attention-atrous"), ASPP)[0]
    assert isinstance(module, ASPP)
    return schematics.parallel_branches(x, module.project[0].out_channels, module.rates)


PLACES: dict[tuple[str, str], Callable[[], str]] = {
    ("01", "What does a trained encoder hand over?"): lambda: schematics.pyramid(PHOTO, _levels()),
    ("05", "Where does a step wait?"): lambda: schematics.timeline(3, 1, 6, 2),
    ("06", "Five maps of one photo"): _inverted_residual,
    ("06", "How far does a cell see?"): _fields,
    ("07", "How many parameters are trained?"): _freezing,
    ("08", "Every shape, on paper"): _skips,
    ("08", "Wired backwards"): lambda: _skips(backwards=True),
    ("08", "Checkerboards"): lambda: schematics.stamps((2, 3, 4), 2, 6),
    ("09", "Whom to let in?"): _gate,
    ("10", "What is a hole?"): lambda: schematics.rates_on_a_line((1, 2, 4, 6), 8),
    ("10", "A pyramid in ten lines"): _branches,
}
"""Lesson and heading, and what is drawn there."""


def _draw(app: Sphinx, doctree: nodes.document) -> None:
    lesson = lesson_of(app.env.docname)
    for (number, heading), drawing in PLACES.items():
        if number != lesson:
            continue
        section = next((s for s in doctree.findall(nodes.section) if s[0].astext() == heading), None)
        if section is None:
            LOGGER.warning("a schematic stands below the heading %r, which is not there", heading, location=doctree)
            continue
        section.insert(_place(section), nodes.raw("", f'<div class="drawing">{drawing()}</div>', format="html"))


def _place(section: nodes.section) -> int:
    """Before the first cell, prompt or sub-section."""
    for place, node in enumerate(section.children):
        if isinstance(node, nodes.container | nodes.section) or is_prompt(node):
            return place
    return len(section)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", _draw, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Another library's U-Net."""

from __future__ import annotations

import sys

import pytest
import torch

from lesionseg_lib.errors import MissingPackageError
from lesionseg_lib.models.decoders import build_decoder
from tests.helpers.decoders import STRIDES, decoder
from tests.helpers.tiny import tiny_segmenter


def test_the_peer_computes_what_the_other_librarys_whole_network_computes() -> None:
    smp = pytest.importorskip("segmentation_models_pytorch")
    theirs, ours = smp.Unet("mobilenet_v2", encoder_weights=None).eval(), tiny_segmenter("smp-unet").eval()
    theirs.encoder.load_state_dict(ours.encoder.state_dict())
    theirs.decoder.load_state_dict(ours.decoder.decoder.state_dict())  # type: ignore[union-attr]
    theirs.segmentation_head.load_state_dict(ours.decoder.head.state_dict())  # type: ignore[union-attr]
    images = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        assert torch.equal(theirs(images), ours(images))


def test_the_peer_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    with pytest.raises(MissingPackageError, match="pip install segmentation-models-pytorch"):
        decoder("smp-unet")


def test_the_peer_says_when_its_encoder_is_another() -> None:
    with pytest.raises(MissingPackageError, match=r"levels of .* channels, ours of \[4, 5, 6, 7, 8\]"):
        build_decoder("smp-unet", (4, 5, 6, 7, 8), STRIDES)

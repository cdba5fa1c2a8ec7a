"""Another library's networks, on our encoder."""

from __future__ import annotations

import sys

import pytest
import torch

from lesionseg_lib.errors import MissingPackageError
from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.decoders.smp import _SmpDecoder
from tests.helpers.decoders import STRIDES, decoder
from tests.helpers.tiny import tiny_segmenter

PEERS = {"smp-unet": "Unet", "smp-fpn": "FPN", "smp-deeplabv3plus": "DeepLabV3Plus"}


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_computes_what_the_other_librarys_whole_network_computes(name: str) -> None:
    smp = pytest.importorskip("segmentation_models_pytorch")
    theirs, ours = getattr(smp, PEERS[name])("mobilenet_v2", encoder_weights=None).eval(), tiny_segmenter(name).eval()
    assert isinstance(ours.decoder, _SmpDecoder)
    theirs.encoder.load_state_dict(ours.encoder.state_dict())
    theirs.decoder.load_state_dict(ours.decoder.decoder.state_dict())
    theirs.segmentation_head.load_state_dict(ours.decoder.head.state_dict())
    images = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        assert torch.equal(theirs(images), ours(images))


def test_only_deeplab_asks_for_a_dilated_stage() -> None:
    pytest.importorskip("segmentation_models_pytorch")
    strides = {name: tiny_segmenter(name).encoder.strides[-1] for name in PEERS}
    assert strides == {"smp-unet": 32, "smp-fpn": 32, "smp-deeplabv3plus": 16}


def test_a_peer_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    for name in PEERS:
        with pytest.raises(MissingPackageError, match=f"The decoder {name} .*pip install segmentation-models-pytorch"):
            decoder(name)


def test_a_peer_says_when_its_encoder_is_another() -> None:
    pytest.importorskip("segmentation_models_pytorch")
    with pytest.raises(MissingPackageError, match=r"levels of .* channels, ours of \[4, 5, 6, 7, 8\]"):
        build_decoder("smp-unet", (4, 5, 6, 7, 8), STRIDES)

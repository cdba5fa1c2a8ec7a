"""timm and fvcore: the encoder with the same weights, and operations counted."""

import pytest
import torch

from lesionseg_lib.models.cost import count_macs, parameters_of
from lesionseg_lib.models.decoders import DECODERS, build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.peers import row

ENCODER = row("timm", "encoder, deepest map", "same, with our weights in its modules")
PARAMETERS = row("timm", "parameters of the encoder")
PYRAMID = row(
    "timm", "channels and strides", "same, without the head; other: its deepest map has 320 channels, ours 1280"
)
OPERATIONS = row("fvcore", "multiply-accumulates of convolutions")


def test_the_encoder_is_timms() -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    torch.manual_seed(0)
    ours, theirs = MobileNetV2Encoder(None).eval(), timm.create_model("mobilenetv2_100", num_classes=0).eval()
    PARAMETERS.equal(parameters_of(ours), parameters_of(theirs), 0)
    # Both register their modules in the order in which they run.
    names, weights = theirs.state_dict(), list(ours.state_dict().values())
    theirs.load_state_dict(dict(zip(names, weights, strict=True)))
    for size in ((32, 32), (64, 96), (128, 128)):
        image = torch.randn(1, 3, *size)
        with torch.no_grad():
            ENCODER.equal(ours(image)[-1], theirs.forward_features(image), 1e-4)
    features = timm.create_model("mobilenetv2_100", features_only=True).feature_info
    PYRAMID.equal(ours.channels[:4], features.channels()[:4], 0)
    PYRAMID.equal(ours.strides, features.reduction(), 0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(DECODERS))
def test_operations_are_fvcores(name: str) -> None:
    nn = pytest.importorskip("fvcore.nn", reason="fvcore is not installed")
    if name == "smp-unet":
        pytest.importorskip("segmentation_models_pytorch", reason="segmentation_models.pytorch is not installed")
    encoder = MobileNetV2Encoder(None)
    network = Segmenter(encoder, build_decoder(name, encoder.channels, encoder.strides)).eval()
    analysis = nn.FlopCountAnalysis(network, torch.zeros(1, 3, 64, 96)).unsupported_ops_warnings(False)
    OPERATIONS.equal(count_macs(network, (64, 96)), analysis.by_operator()["conv"], 0)

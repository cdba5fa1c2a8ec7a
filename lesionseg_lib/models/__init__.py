"""Networks: photos -> logits -> masks. Importing anything from here loads torch.

The decoders themselves are handed on by ``lesionseg_lib.models.decoders``, and listed there alone.
"""

from lesionseg_lib.models.decoders import DECODERS, build_decoder
from lesionseg_lib.models.device import pick_device, wait_for_device
from lesionseg_lib.models.encoder import STAGES, MobileNetV2Encoder, weights_file, weights_sha256
from lesionseg_lib.models.postprocessing import binarise, enlarge, predict_mask, sigmoid
from lesionseg_lib.models.preprocessing import Preprocessing, default_preprocessing, normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.models.shipped import about_pretrained, pretrained

__all__ = [
    "DECODERS",
    "STAGES",
    "MobileNetV2Encoder",
    "Preprocessing",
    "Segmenter",
    "about_pretrained",
    "binarise",
    "build_decoder",
    "default_preprocessing",
    "enlarge",
    "normalise",
    "pick_device",
    "predict_mask",
    "pretrained",
    "sigmoid",
    "wait_for_device",
    "weights_file",
    "weights_sha256",
]

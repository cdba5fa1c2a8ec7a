"""Encoder + decoder = segmenter, with saving and loading."""

import json
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from lesionseg_lib.data.images import resize_image
from lesionseg_lib.errors import CheckpointError, ShapeError, UnknownNameError
from lesionseg_lib.models.decoders import DECODERS, build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.postprocessing import enlarge, sigmoid
from lesionseg_lib.models.preprocessing import Preprocessing, default_preprocessing, normalise
from lesionseg_lib.utils.checks import Need, check_arrays
from lesionseg_lib.utils.files import replacing

MODEL_FORMAT = 1
WEIGHTS_NAME = "model.safetensors"
CARD_NAME = "model.json"


class Segmenter(nn.Module):
    """Image batch (N, 3, H, W), normalised -> logits (N, 1, H, W). H and W: any multiples of the deepest stride, 32.

    Instead of images ``forward`` also takes a pyramid that the encoder has computed before.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder: Any = encoder
        self.decoder = decoder
        self.preprocessing: Preprocessing = default_preprocessing()

    def forward(self, inputs: Tensor | list[Tensor]) -> Tensor:
        stride = self.encoder.strides[-1]
        if isinstance(inputs, Tensor):
            _check_divisible(inputs.shape, stride)
            inputs = self.encoder(inputs)
        height, width = inputs[-1].shape[-2:]
        return self.decoder(inputs, (height * stride, width * stride))  # type: ignore[no-any-return]

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def normalise(self, images: npt.NDArray[np.uint8]) -> Tensor:
        """uint8 RGB (N, H, W, 3) -> float32 (N, 3, H, W) on the model's device, as the encoder was trained."""
        return normalise(torch.tensor(images, device=self.device), self.preprocessing)

    @torch.no_grad()
    def logits(self, images: npt.NDArray[np.uint8], batch_size: int = 32) -> npt.NDArray[np.float32]:
        """uint8 RGB (N, H, W, 3) -> float32 logits (N, H, W), in evaluation mode; the mode is restored.

        Raises ``ShapeError``.
        """
        check_arrays(images=Need(images, "N H W 3", "uint8"))
        with evaluation_mode(self):
            parts = [
                self(self.normalise(images[i : i + batch_size]))[:, 0].float().cpu().numpy()
                for i in range(0, len(images), batch_size)
            ]
        return np.concatenate(parts)

    def probabilities(self, image: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.float32]:
        """One uint8 RGB photo (H, W, 3) of any size -> probabilities of lesion, float32 (H, W), at the photo's size.

        The photo is resized to ``size`` (height, width) for the network; the probabilities are enlarged back. Threshold
        them after that, not before: enlarging a hard mask costs points at every border.
        """
        small = resize_image(image, size)
        return enlarge(sigmoid(self.logits(small[None])[0]), (image.shape[0], image.shape[1]))

    def save(self, folder: Path | str, *, recipe: str, threshold: float, size: tuple[int, int]) -> Path:
        """Write ``model.safetensors`` and ``model.json`` into ``folder``; an older model there is replaced at once.

        Raises ``CheckpointError`` when the disk is full or the folder cannot be written; an older model stays.
        """
        folder = Path(folder)
        card = {
            "format": MODEL_FORMAT,
            "recipe": recipe,
            "threshold": threshold,
            "size": list(size),
            "decoder": _decoder_name(self.decoder),
            "mean": list(self.preprocessing.mean),
            "std": list(self.preprocessing.std),
        }
        state = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        metadata = {"card": json.dumps(card)}  # the card travels inside too: the two files cannot be mixed up
        try:
            with replacing(folder / WEIGHTS_NAME) as part:
                save_file(state, part, metadata=metadata)
            with replacing(folder / CARD_NAME) as part:
                part.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        except (OSError, SafetensorError) as error:  # safetensors reports a full disk as its own error
            raise CheckpointError(
                f"{folder}: the model could not be written ({error}). Free some space, or name a folder that can be "
                f"written, and save again; a model that was there is unharmed."
            ) from error
        return folder

    @classmethod
    def load(cls, folder: Path | str, recipe: str | None = None) -> "tuple[Segmenter, dict[str, Any]]":
        """The model in ``folder`` in evaluation mode, and its card (recipe, threshold, size, mean, std).

        Raises ``CheckpointError`` when files are missing, cut short, of an unknown format, or of another recipe than
        ``recipe``. Needs neither network nor ImageNet weights.
        """
        folder = Path(folder)
        card = read_card(folder, recipe)
        encoder = MobileNetV2Encoder(weights=None)
        try:
            model = cls(encoder, build_decoder(card["decoder"], encoder.channels, encoder.strides))
            with safe_open(folder / WEIGHTS_NAME, framework="pt") as file:
                inside = json.loads((file.metadata() or {}).get("card", "null"))
            model.load_state_dict(load_file(folder / WEIGHTS_NAME))
        except UnknownNameError as error:
            raise CheckpointError(f"{folder / CARD_NAME}: {error} Use a matching version of lesionseg.") from error
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"{folder / WEIGHTS_NAME}: cannot be read as the weights of a {card['decoder']!r} segmenter "
                f"({shorten(str(error), 200)}). The file is damaged or incomplete; train again, or copy it again."
            ) from error
        if inside != card:
            raise CheckpointError(
                f"{folder}: {CARD_NAME} and {WEIGHTS_NAME} do not belong together (the weights carry {inside}). "
                f"Copy both files of one model."
            )
        model.preprocessing = Preprocessing(tuple(card["mean"]), tuple(card["std"]))
        return model.eval(), card


def read_card(folder: Path, recipe: str | None = None) -> dict[str, Any]:
    """``model.json`` of a saved segmenter, checked. Raises ``CheckpointError``."""
    path = folder / CARD_NAME
    if not path.exists() or not (folder / WEIGHTS_NAME).exists():
        raise CheckpointError(
            f"{folder}: no saved model here. Expected {WEIGHTS_NAME} and {CARD_NAME}, as `lesionseg train` writes them."
        )
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if card["format"] != MODEL_FORMAT:
            raise CheckpointError(f"{path}: format {card['format']}, expected {MODEL_FORMAT}. Use a matching version.")
        missing = {"recipe", "threshold", "size", "decoder", "mean", "std"} - card.keys()
        if missing:
            raise CheckpointError(f"{path}: lacks {', '.join(sorted(missing))}. Train again, or copy it again.")
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: not the card of a model ({error!r}). Train again, or copy it again.") from error
    if recipe is not None and card["recipe"] != recipe:
        raise CheckpointError(
            f"{folder}: this model was trained by recipe {card['recipe']!r}, expected {recipe!r}. "
            f"Name the folder of the recipe you mean."
        )
    return card


def _decoder_name(decoder: nn.Module) -> str:
    for name, cls in DECODERS.items():
        if type(decoder) is cls:
            return name
    raise CheckpointError(
        f"{type(decoder).__name__} is not one of the library's decoders ({', '.join(DECODERS)}), so a saved model "
        f"could not be rebuilt. Register it in lesionseg_lib.models.decoders.DECODERS first."
    )


def _check_divisible(shape: torch.Size, stride: int) -> None:
    height, width = shape[-2:]
    if height % stride or width % stride or not height or not width:
        fits = [max(stride, round(side / stride) * stride) for side in (height, width)]
        raise ShapeError(
            f"Images are {height} x {width}. Both sides must be multiples of {stride}, the encoder's deepest stride; "
            f"the nearest size that fits is {fits[0]} x {fits[1]}."
        )

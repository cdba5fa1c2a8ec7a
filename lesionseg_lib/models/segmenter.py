"""Encoder + decoder = segmenter, with saving and loading."""

import json
import warnings
from contextlib import suppress
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor, nn

from lesionseg_lib.data.images import resize_image
from lesionseg_lib.errors import CheckpointError, DataWarning, ShapeError, UnknownNameError
from lesionseg_lib.models.about import About, header_of, with_about
from lesionseg_lib.models.card import CARD_NAME, MODEL_FORMAT, WEIGHTS_NAME, check_card, demand_recipe, read_card
from lesionseg_lib.models.decoders import DECODERS, build_decoder
from lesionseg_lib.models.encoder import STAGES, MobileNetV2Encoder
from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.postprocessing import enlarge, sigmoid
from lesionseg_lib.models.preprocessing import Preprocessing, default_preprocessing, normalise
from lesionseg_lib.models.sound_weights import weights_fault
from lesionseg_lib.utils.bundles import DamageError, read_whole, write_bundle
from lesionseg_lib.utils.checks import Need, check_arrays
from lesionseg_lib.utils.files import sha256_of


class Segmenter(nn.Module):
    """Image batch (N, 3, H, W), normalised -> logits (N, 1, H, W).

    H and W: any multiples of the deepest stride: 32, or 16 behind an encoder that is cut after stage 3.

    Instead of images ``forward`` also takes a pyramid that the encoder has computed before.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        if getattr(decoder, "dilates_last_stage", False):
            encoder.dilate()  # type: ignore[operator]
        self.encoder: Any = encoder
        self.decoder = decoder
        self.preprocessing: Preprocessing = default_preprocessing()

    def forward(self, inputs: Tensor | list[Tensor]) -> Tensor:
        """Normalised photos (N, 3, H, W), or the encoder's pyramid of them -> logits (N, 1, H, W)."""
        stride = self.encoder.strides[-1]
        if isinstance(inputs, Tensor):
            _check_divisible(inputs.shape, stride)
            inputs = self.encoder(inputs)
        height, width = inputs[-1].shape[-2:]
        return self.decoder(inputs, (height * stride, width * stride))  # type: ignore[no-any-return]

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
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

    def save(
        self, folder: Path | str, *, recipe: str, threshold: float, size: tuple[int, int], about: About | None = None
    ) -> Path:
        """Write ``model.safetensors`` and ``model.json`` into ``folder``; an older model there is replaced at once.

        ``about`` travels inside the weights, see ``read_about``.

        Raises ``CheckpointError`` when the disk is full or the folder cannot be written (an older model stays), and
        when weights or card could not be used again.
        """
        folder = Path(folder)
        card, weights = self.pack(folder, recipe=recipe, threshold=threshold, size=size, about=about)
        try:
            write_bundle(folder / CARD_NAME, card, {folder / WEIGHTS_NAME: weights})
        except OSError as error:
            raise CheckpointError(
                f"{folder}: the model could not be written ({error}). Free some space, or name a folder that can be "
                f"written, and save again; a model that was there is unharmed."
            ) from error
        return folder

    def pack(
        self, folder: Path, *, recipe: str, threshold: float, size: tuple[int, int], about: About | None = None
    ) -> tuple[bytes, bytes]:
        """Bytes of ``model.json``, which tells the SHA-256 of the other, and of ``model.safetensors``.

        Raises ``CheckpointError``, which names ``folder``, when they could not be used again.
        """
        card: dict[str, Any] = {
            "format": MODEL_FORMAT,
            "recipe": recipe,
            "threshold": _plain(threshold),
            "size": _plain(size),
            "decoder": _decoder_name(self.decoder),
            "mean": list(self.preprocessing.mean),
            "std": list(self.preprocessing.std),
        }
        if self.encoder.last_stage < max(STAGES):
            card["last_stage"] = self.encoder.last_stage
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in self.state_dict().items()}
        if fault := weights_fault(state):
            raise CheckpointError(f"{folder}: the model is not saved: {fault}. Load or train it again.")
        check_card({**card, "format": 1}, folder / CARD_NAME)
        # The card travels inside too, without the digest: the two files cannot be mixed up.
        weights = safetensors.save(state, {"card": json.dumps(card)})
        if about is not None:
            weights = with_about(weights, about)
        card["sha256"] = sha256_of(weights)
        return (json.dumps(card, indent=2) + "\n").encode(), weights

    @classmethod
    def load(cls, folder: Path | str, recipe: str | None = None) -> "tuple[Segmenter, dict[str, Any]]":
        """The model in ``folder`` in evaluation mode, and its card (recipe, threshold, size, mean, std).

        Its bytes are compared with the SHA-256 in the card; a model of format 1 has none, which a ``DataWarning``
        says. Raises ``CheckpointError`` when files are missing, cannot be read, are damaged, of an unknown format, or
        of another recipe than ``recipe``. Needs neither network nor ImageNet weights.
        """
        folder = Path(folder)
        card, weights = _read_pair(folder)
        demand_recipe(card, folder, recipe)
        sha256 = card.pop("sha256", None)
        encoder = MobileNetV2Encoder(None, card.get("last_stage") or max(STAGES))
        try:
            inside = _card_inside(weights)
            model = cls(encoder, build_decoder(card["decoder"], encoder.channels, encoder.strides))
            state = safetensors.load(weights)
            model.load_state_dict(state)
        except UnknownNameError as error:
            raise CheckpointError(f"{folder / CARD_NAME}: {error} Use a matching version of lesionseg.") from error
        except (SafetensorError, RuntimeError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise _damaged(folder, card, str(error)) from error
        if inside != card:
            raise _of_two(folder, inside)
        if fault := weights_fault(state, strict=sha256 is None):
            raise _damaged(folder, card, fault)
        if sha256 is None:
            warnings.warn(
                f"{folder}: this model was saved before models carried a SHA-256, so it is used unverified. "
                f"Saved again, it carries one.",
                DataWarning,
                stacklevel=2,
            )
        model.preprocessing = Preprocessing(tuple(card["mean"]), tuple(card["std"]))
        return model.eval(), card


def _plain(value: Any) -> Any:
    """Numbers of NumPy and PyTorch as those of Python, which JSON knows."""
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _read_pair(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Card and weights that fit it; somebody may write a new model while they are read, so this is tried again."""
    path = folder / WEIGHTS_NAME
    while True:
        card = read_card(folder)
        try:
            return card, read_whole(path, card.get("sha256"))
        except DamageError as error:
            if read_card(folder) != card:
                continue
            with suppress(ValueError, TypeError, RecursionError, OSError):
                inside = _card_inside(path.read_bytes())
                if isinstance(inside, dict) and inside != {key: card[key] for key in card if key != "sha256"}:
                    raise _of_two(folder, inside) from error
            raise _damaged(folder, card, str(error)) from error
        except OSError as error:
            raise CheckpointError(
                f"{path}: cannot be read ({error.strerror or error}). Ask its owner to let you read it, or copy it "
                f"again."
            ) from error


def _card_inside(weights: bytes) -> Any:
    """The card that a safetensors file carries beside its tensors; None without. Raises ``ValueError``."""
    header = header_of(weights)
    beside = header.get("__metadata__") if isinstance(header, dict) else None
    card = json.loads(beside["card"]) if isinstance(beside, dict) and "card" in beside else None
    return {key: value for key, value in card.items() if key != "sha256"} if isinstance(card, dict) else card


def _of_two(folder: Path, inside: object) -> CheckpointError:
    return CheckpointError(
        f"{folder}: {CARD_NAME} and {WEIGHTS_NAME} do not belong together (the weights carry {inside}). "
        f"Copy both files of one model."
    )


def _damaged(folder: Path, card: dict[str, Any], reason: str) -> CheckpointError:
    return CheckpointError(
        f"{folder / WEIGHTS_NAME}: cannot be read as the weights of a {card['decoder']!r} segmenter "
        f"({shorten(reason, 200)}). The file is damaged or incomplete; train again, or copy it again."
    )


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

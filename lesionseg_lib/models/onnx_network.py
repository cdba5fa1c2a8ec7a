"""An exported network, run by onnxruntime alone: photo bytes in, probabilities out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.errors import CheckpointError, MissingPackageError
from lesionseg_lib.utils.checks import Need, check_arrays
from lesionseg_lib.utils.files import is_file

INPUT, OUTPUT = "photo", "probabilities"
"""Names in the file. In: uint8 (1, H, W, 3), RGB. Out: float32 (1, 1, H, W), 0 to 1."""
EDGE = "Install what the extra edge names: python -m pip install onnx onnxruntime onnxscript"

_NOT_OURS = "Expected a file that `lesionseg export` wrote; export the network again."


class OnnxNetwork:
    """A file that ``lesionseg export`` wrote, opened.

    Attributes:
        size: (height, width) of the photo that it takes.
        about: what the file tells of its network: recipe, threshold, licence, ...; texts, see ``models.about.About``.
        threshold: probability above which a pixel is lesion.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        """Open a file; ``threads``: at most so many, by default all.

        Raises ``CheckpointError`` when it is missing, cut short, has an operator that onnxruntime does not know, or is
        of somebody else's network; ``MissingPackageError`` without onnxruntime.
        """
        try:
            if not is_file(path):
                path.stat()  # says why where there is nothing
                raise CheckpointError(f"{path}: cannot be read (it is a folder or a device). {_NOT_OURS}")
            content = path.read_bytes()
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}). {_NOT_OURS}") from error
        self._session = open_session(content, str(path), threads)
        self.about: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.size = self._check_sides(path)
        try:
            self.threshold = float(self.about["threshold"])
        except (KeyError, ValueError):
            raise CheckpointError(f"{path}: an ONNX network without our card. {_NOT_OURS}") from None
        if not 0 <= self.threshold <= 1:
            raise CheckpointError(f"{path}: threshold {self.threshold:g}, expected 0 to 1. {_NOT_OURS}")

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 RGB (N, H, W, 3) at ``size`` -> float32 (N, H, W), probabilities of lesion. Raises ``ShapeError``."""
        height, width = self.size
        check_arrays(
            "resize the photos to the size of the file first",
            images=Need(images, f"N {height} {width} 3", "uint8"),
        )
        answers = [self._session.run([OUTPUT], {INPUT: image[None]})[0][0, 0] for image in images]
        return np.asarray(answers, np.float32)

    def _check_sides(self, path: Path) -> tuple[int, int]:
        ins, outs = self._session.get_inputs(), self._session.get_outputs()
        found = [(side.name, side.type, list(side.shape)) for side in (*ins, *outs)]
        shape = found[0][2] if found else []
        height, width = shape[1:3] if len(shape) == 4 else (0, 0)
        expected = [
            (INPUT, "tensor(uint8)", [1, height, width, 3]),
            (OUTPUT, "tensor(float)", [1, 1, height, width]),
        ]
        if found != expected or not isinstance(height, int) or not isinstance(width, int) or min(height, width) < 1:
            told = ", ".join(f"{name} {kind} {shape}" for name, kind, shape in found)
            raise CheckpointError(
                f"{path}: an ONNX network with {told[:300]}; expected {INPUT}, uint8 [1, H, W, 3], and {OUTPUT}, float "
                f"[1, 1, H, W]. {_NOT_OURS}"
            )
        return height, width


def open_session(content: bytes, name: str, threads: int | None = None) -> Any:
    """A session of onnxruntime on the CPU. Raises ``CheckpointError``, naming ``name``, and ``MissingPackageError``."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(
            f"{name}: an exported network is run by onnxruntime, which is not installed. {EDGE}"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is raised, and said once
    if threads is not None:
        options.intra_op_num_threads = options.inter_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own kinds are many, and stand in a private module
        raise CheckpointError(f"{name}: {_reason(str(error), content)} {_NOT_OURS}") from error


def _reason(said: str, content: bytes) -> str:
    said = " ".join(said.split())
    if "not a registered function/op" in said or "is not a registered" in said or "No opset import" in said:
        return f"it has an operator that onnxruntime does not know ({said[-160:]})."
    if "Protobuf parsing failed" in said or "INVALID_PROTOBUF" in said or not content:
        return f"no ONNX file, or one that is cut short ({len(content):,} bytes)."
    return f"onnxruntime cannot open it ({said[:200]})."

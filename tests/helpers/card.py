"""A graphics card that is not there: tensors that say they lie on another device, and refuse what a real one refuses.

``insert()`` makes ``pick_device`` choose it. A tensor moved there is a ``CardTensor``, which keeps its numbers on the
CPU and computes there, but raises as CUDA does when it meets a tensor of the CPU that has dimensions, and when it is
turned into a NumPy array without ``.cpu()``. The device goes by the name ``meta``: the only one beside the CPU that
torch knows everywhere, and for which gradients need no driver.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

CARD = torch.device("meta")
ACROSS = {torch.ops.aten.copy_.default, torch.ops.aten._to_copy.default}
"""What may read from one device and write to the other."""
INDEXING = {torch.ops.aten.index.Tensor, torch.ops.aten.index_put.default, torch.ops.aten.index_put_.default}
"""Places in a tensor of a card may be named by a tensor of the CPU, as with CUDA; not the other way round."""


class CardTensor(Tensor):
    """Says that it lies on ``CARD``; its numbers are in ``inner``, on the CPU."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> CardTensor:
        tensor: CardTensor = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            device=CARD,
            requires_grad=False,
        )
        tensor.inner = inner
        return tensor

    def __init__(self, inner: Tensor) -> None:
        pass

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"on the card: {self.inner!r}"

    def numpy(self, *, force: bool = False) -> Any:
        if force:
            return self.cpu().numpy()
        raise TypeError("can't convert a tensor on the card to numpy. Use Tensor.cpu() to copy it to the CPU first.")

    def __array__(self, *arguments: Any, **named: Any) -> Any:
        return self.numpy()

    def tolist(self) -> Any:
        return self.cpu().tolist()  # which CUDA does too

    @classmethod
    def __torch_dispatch__(
        cls, function: Any, types: Any, arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        return compute(function, arguments, named or {})


def tensors(*nests: Any) -> Iterator[Tensor]:
    """Every tensor in nests of tuples, lists and dicts."""
    for leaf in tree_flatten(nests)[0]:
        if isinstance(leaf, Tensor):
            yield leaf


def compute(function: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Compute on the CPU and say where the result lies; raise where a real card would."""
    given = list(tensors(arguments, named))
    on_card = any(isinstance(t, CardTensor) for t in given)
    on_cpu = [t for t in given if not isinstance(t, CardTensor) and t.dim() > 0]
    if function in INDEXING and isinstance(arguments[0], CardTensor):
        on_cpu = [t for t in tensors(arguments[2:]) if not isinstance(t, CardTensor) and t.dim() > 0]
    if on_card and on_cpu and function not in ACROSS:
        shapes = ", ".join(str(tuple(t.shape)) for t in given)
        raise RuntimeError(
            f"{function}: expected all tensors on the same device, but found the card and the CPU (shapes {shapes})"
        )
    wanted = named.get("device")
    to_card = on_card if wanted is None else torch.device(wanted).type == CARD.type
    if wanted is not None:
        named = {**named, "device": torch.device("cpu")}
    plain_arguments, plain_named = tree_map(lambda x: x.inner if isinstance(x, CardTensor) else x, (arguments, named))
    result = function(*plain_arguments, **plain_named)
    if function is torch.ops.aten._to_copy.default and result is plain_arguments[0]:
        result = result.clone()
    if function._schema.is_mutable and arguments and isinstance(arguments[0], Tensor) and result is plain_arguments[0]:
        return arguments[0]
    return tree_map(lambda x: CardTensor(x) if isinstance(x, Tensor) and to_card else x, result)


class _Dispatch(TorchDispatchMode):
    """Sees what is asked of tensors of the CPU: to be moved to the card, or to be made there."""

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        named = named or {}
        wanted = named.get("device")
        concerns = any(isinstance(t, CardTensor) for t in tensors(arguments, named))
        if concerns or (wanted is not None and torch.device(wanted).type == CARD.type):
            return compute(function, arguments, named)
        return function(*arguments, **named)


class _Construction(TorchFunctionMode):
    """``torch.tensor(data, device=...)`` and its like never reach the dispatcher with their data."""

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        named = dict(named or {})
        wanted = named.get("device")
        to_card = wanted is not None and torch.device(wanted).type == CARD.type
        if to_card and function in (torch.tensor, torch.as_tensor, torch.asarray):
            named["device"] = "cpu"
            return function(*arguments, **named).to(CARD)
        return function(*arguments, **named)


def insert() -> Callable[[], None]:
    """Put the card in: from now on ``pick_device`` chooses it. Returns what takes it out again."""
    from lesionseg_lib.models import device

    modes = (_Dispatch(), _Construction())
    for mode in modes:
        mode.__enter__()
    before = device.pick_device
    users = [module for module in sys.modules.values() if getattr(module, "pick_device", None) is before]
    for module in users:
        module.pick_device = lambda: CARD  # type: ignore[attr-defined]

    def take_out() -> None:
        for module in users:
            module.pick_device = before  # type: ignore[attr-defined]
        for mode in reversed(modes):
            mode.__exit__(None, None, None)

    return take_out


def run_lesson(source: str) -> None:
    """Run the code cells of a lesson, one after another, on the card. Raises what a cell raises, naming the cell."""
    from pathlib import Path

    from tools import ROOT
    from tools.notebooks import tags, write

    notebook = write(Path(source), ROOT / "results")
    insert()
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or "install" in tags(cell):
            continue
        try:
            exec(compile(cell.source, f"{Path(source).name}, cell {number}", "exec"), names)
        except Exception as error:
            raise SystemExit(f"{Path(source).stem}, cell {number}: {error!r}\n{cell.source}") from error


if __name__ == "__main__":
    run_lesson(sys.argv[1])

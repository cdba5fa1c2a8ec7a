"""ONNX files read from their bytes, held against the package ``onnx`` where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lesionseg_lib.assignments.onnx_file import read_onnx
from lesionseg_lib.errors import AssignmentError

onnx = pytest.importorskip("onnx")


def model(*nodes: Any, initializers: Any = (), **more: Any) -> Any:
    given = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3]) for name in ("x", "y")]
    graph = onnx.helper.make_graph(list(nodes), "g", given[:1], given[1:], list(initializers))
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], **more)


def relu() -> Any:
    return onnx.helper.make_node("Relu", ["x"], ["y"])


def test_operators_and_elements_are_those_of_the_package() -> None:
    weights = [
        onnx.numpy_helper.from_array(np.ones((4, 3), np.float32), "a"),
        onnx.helper.make_tensor("b", onnx.TensorProto.INT64, [5], [1, 2, 3, 4, 2**40]),
        onnx.helper.make_tensor("c", onnx.TensorProto.FLOAT, [2], [0.5, 1.5]),
    ]
    constant = onnx.helper.make_node("Constant", [], ["k"], value=onnx.numpy_helper.from_array(np.zeros(7, np.float32)))
    found = read_onnx(model(relu(), constant, initializers=weights).SerializeToString(), "m.onnx")
    assert found.operators == [("", "Relu"), ("", "Constant")]
    assert found.elements == 12 + 5 + 2 + 7
    assert found.domains == {"": 17}


def external() -> bytes:
    tensor = onnx.numpy_helper.from_array(np.ones(3, np.float32), "a")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return model(relu(), initializers=[tensor]).SerializeToString()


def claiming() -> bytes:
    tensor = onnx.numpy_helper.from_array(np.ones(3, np.float32), "a")
    tensor.dims[0] = 10**9
    return model(relu(), initializers=[tensor]).SerializeToString()


def inside_an_attribute() -> bytes:
    tensor = onnx.TensorProto(dims=[10**9], data_type=onnx.TensorProto.FLOAT)
    return model(relu(), onnx.helper.make_node("Constant", [], ["k"], value=tensor)).SerializeToString()


def with_function() -> bytes:
    whole = model(relu())
    whole.functions.add(name="mine", domain="here")
    return whole.SerializeToString()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (external, "external data"),
        (claiming, "claims 1,000,000,000 elements"),
        (inside_an_attribute, "claims 1,000,000,000 elements"),
        (with_function, "functions of its own"),
        (lambda: model().SerializeToString(), "no graph with an operator"),
        (lambda: b"", "no graph with an operator"),
        (lambda: b"\xff" * 40, "no ONNX file that can be read"),
        (lambda: model(relu()).SerializeToString()[:-3], "no ONNX file that can be read"),
    ],
)
def test_hostile_files_are_refused(content: Any, says: str) -> None:
    with pytest.raises(AssignmentError, match=says):
        read_onnx(content(), "m.onnx")

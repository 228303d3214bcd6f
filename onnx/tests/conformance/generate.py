"""Writes the node test data of the `onnx` package to a folder: for each case `model.onnx`, `input_*.pb` and `output_*.pb`.

The package's wheels bring the cases as Python code, and no longer as files. One argument: the folder. `pip install onnx`.
"""

import sys
from pathlib import Path

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases


def proto(value, value_info):
    """The protobuf of a value of a test case; nothing for an optional that is absent."""
    if value is None:
        return None
    if isinstance(value, (onnx.TensorProto, onnx.SequenceProto, onnx.OptionalProto)):
        return value
    if isinstance(value, (list, tuple)):
        return numpy_helper.from_list(list(value), value_info.name)

    tensor = numpy_helper.from_array(numpy.asarray(value), value_info.name)
    return tensor


def main(folder):
    count = 0
    for case in collect_testcases(None):
        if case.model is None:
            continue
        target = folder / case.name
        target.mkdir(parents=True, exist_ok=True)
        (target / "model.onnx").write_bytes(case.model.SerializeToString())
        inputs, outputs = case.data_sets[0]
        for kind, values, infos in (
            ("input", inputs, case.model.graph.input),
            ("output", outputs, case.model.graph.output),
        ):
            for index, (value, info) in enumerate(zip(values, infos)):
                value = proto(value, info)
                if value is not None:
                    (target / f"{kind}_{index}.pb").write_bytes(value.SerializeToString())
        count += 1
    print(f"{count} cases of onnx {onnx.__version__} in {folder}")


main(Path(sys.argv[1]))

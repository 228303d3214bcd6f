"""Writes `table.txt` beside it: every ai.onnx operator in every version that operator sets 7 and later use.

From the schemas of the `onnx` package (`pip install onnx==1.23.2`). A line is

    Operator since ; attribute:type[=default][!] ... ; input ... ; output ...

with `!` behind a required attribute, `?` behind an optional input or output, `*` behind the last one if it may repeat, and
`deprecated` in place of the three lists where a version takes an operator away. Types: i, f, s, t, g (graph), p (type), S
(sparse tensor), and the same in capitals, or with `s` behind, for lists: I, F, Ss, ts, gs, ps. Strings are quoted as JSON does.
"""

import json
from collections import defaultdict
from pathlib import Path

import onnx
from onnx.defs import OpSchema, get_all_schemas_with_history, onnx_opset_version
from onnx.helper import get_attribute_value

OLDEST = 7
TYPES = {
    "INT": "i",
    "FLOAT": "f",
    "STRING": "s",
    "TENSOR": "t",
    "GRAPH": "g",
    "TYPE_PROTO": "p",
    "SPARSE_TENSOR": "S",
    "INTS": "I",
    "FLOATS": "F",
    "STRINGS": "Ss",
    "TENSORS": "ts",
    "GRAPHS": "gs",
    "TYPE_PROTOS": "ps",
    "SPARSE_TENSORS": "SS",
}


def number(value):
    return repr(float(f"{value:.9g}"))


def default(attribute):
    value = attribute.default_value
    if not value.name:
        return ""
    value = get_attribute_value(value)
    kind = TYPES[attribute.type.name]
    if kind == "s":
        return "=" + json.dumps(value.decode())
    if kind == "f":
        return "=" + number(value)
    if kind == "i":
        return f"={value}"
    if kind == "I":
        return "=" + ",".join(map(str, value))
    if kind == "F":
        return "=" + ",".join(map(number, value))
    if kind == "Ss":
        return "=" + json.dumps([text.decode() for text in value], separators=(",", ":"))
    raise SystemExit(f"no notation for a default of type {kind}")


def parameter(formal):
    option = OpSchema.FormalParameterOption
    return formal.name + {option.Single: "", option.Optional: "?", option.Variadic: "*"}[formal.option]


def line(schema, is_newest):
    """An operator that a later version brings back is one of its set, if one that is advised against."""
    head = f"{schema.name} {schema.since_version}"
    if schema.deprecated and is_newest:
        return f"{head} ; deprecated"
    attributes = [
        f"{name}:{TYPES[attribute.type.name]}{default(attribute)}{'!' if attribute.required else ''}"
        for name, attribute in sorted(schema.attributes.items())
    ]
    lists = [attributes, map(parameter, schema.inputs), map(parameter, schema.outputs)]
    return " ; ".join([head, *(" ".join(entries) for entries in lists)]).replace("  ", " ").rstrip()


versions = defaultdict(list)
for schema in get_all_schemas_with_history():
    if schema.domain == "":
        versions[schema.name].append(schema)
lines = [f"# onnx {onnx.__version__}, operator sets {OLDEST} to {onnx_opset_version()}; written by generate.py"]
for name in sorted(versions):
    history = sorted(versions[name], key=lambda schema: schema.since_version)
    old = [schema for schema in history if schema.since_version <= OLDEST]
    new = [schema for schema in history if schema.since_version > OLDEST]
    lines += [line(schema, schema is history[-1]) for schema in old[-1:] + new]
Path(__file__).with_name("table.txt").write_text("\n".join(lines) + "\n")

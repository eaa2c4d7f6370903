"""Which operations a TFLite file holds, and which of them XNNPACK takes: checked, not hoped."""

from __future__ import annotations

import importlib
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.errors import ModelError
from device.inference.interpreter import PACKAGES, choose

DELEGATES = ("DELEGATE", "TfLiteXNNPackDelegate")  # what the interpreters call a part taken by XNNPACK


@dataclass(frozen=True, slots=True)
class Operation:
    """One node of the graph: its kind, the shape and dtype of what it gives, and whether XNNPACK runs it."""

    kind: str
    shape: tuple[int, ...]
    dtype: str
    delegated: bool


@dataclass(frozen=True, slots=True)
class DelegationReport:
    """A graph's operations in order, and the number of parts that XNNPACK made of those it takes."""

    package: str
    operations: list[Operation]
    partitions: int

    @property
    def whole(self) -> bool:
        """Whether XNNPACK takes the graph whole, in one partition."""
        return self.partitions == 1 and all(operation.delegated for operation in self.operations)

    @property
    def floats(self) -> list[str]:
        """The kinds of those operations that compute in float."""
        return [operation.kind for operation in self.operations if operation.dtype.startswith("float")]

    def table(self) -> str:
        """One line an operation, and the verdict."""
        lines = [f"{'operation':<18} {'gives':<18} {'dtype':<8} XNNPACK"]
        for op in self.operations:
            shape = "×".join(str(n) for n in op.shape)
            lines.append(f"{op.kind:<18} {shape:<18} {op.dtype:<8} {'yes' if op.delegated else 'no'}")
        taken = sum(op.delegated for op in self.operations)
        lines.append(f"{self.package}: {taken} of {len(self.operations)} in {self.partitions} partition(s)")
        return "\n".join(lines)


def delegation_report(path: Path | str, interpreter: str = "auto") -> DelegationReport:
    """Load the file with XNNPACK and read off what became of each operation; ModelError for no graph."""
    package = choose(interpreter)
    interpreters = importlib.import_module(f"{package}.interpreter")
    try:
        graph = interpreters.Interpreter(model_path=str(path), num_threads=1)
    except ValueError as error:
        raise ModelError(f"{path}: missing, or no TFLite file") from error
    graph.allocate_tensors()
    nodes = graph._get_ops_details()
    tensors = {detail["index"]: detail for detail in graph.get_tensor_details()}
    delegates = [node for node in nodes if node["op_name"] in DELEGATES]
    plain = [node for node in nodes if node["op_name"] not in DELEGATES]
    taken = set().union(*(_inside(delegate, plain) for delegate in delegates))
    operations = []
    for node in plain:
        given = tensors.get(int(node["outputs"][0]))
        shape = tuple(int(n) for n in given["shape"]) if given else ()
        dtype = np.dtype(given["dtype"]).name if given else "?"
        operations.append(Operation(node["op_name"], shape, dtype, node["index"] in taken))
    return DelegationReport(package, operations, len(delegates))


def _inside(delegate: dict, nodes: list[dict]) -> set[int]:
    """Indices of the nodes between a delegate's outputs and its inputs: those that it runs."""
    maker = {int(tensor): node for node in nodes for tensor in node["outputs"]}
    entrances = {int(tensor) for tensor in delegate["inputs"]}
    waiting, found = [int(tensor) for tensor in delegate["outputs"]], set()
    while waiting:
        node = maker.get(waiting.pop())
        if node is None or node["index"] in found:
            continue
        found.add(node["index"])
        waiting += [int(tensor) for tensor in node["inputs"] if int(tensor) not in entrances]
    return found


def main(argv: list[str]) -> int:
    """`python -m models delegation FILE`; exit status 1 where XNNPACK does not take it whole."""
    parser = ArgumentParser("python -m models delegation", description=__doc__)
    parser.add_argument("file", metavar="FILE.tflite")
    parser.add_argument("--interpreter", default="auto", choices=("auto", *PACKAGES))
    options = parser.parse_args(argv)
    report = delegation_report(options.file, options.interpreter)
    print(report.table())
    return 0 if report.whole else 1

"""Delegation report of a TFLite file: its operations, and which of them XNNPACK runs."""

from __future__ import annotations

import importlib
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.errors import ModelError
from device.inference.interpreter import PACKAGES, choose

DELEGATES = ("DELEGATE", "TfLiteXNNPackDelegate")  # the interpreters' names of a part that XNNPACK runs


@dataclass(frozen=True, slots=True)
class Operation:
    """One node of the graph: its kind, its output's shape and dtype, and whether XNNPACK runs it."""

    kind: str
    shape: tuple[int, ...]
    dtype: str
    delegated: bool


@dataclass(frozen=True, slots=True)
class DelegationReport:
    """A graph's operations in order, and the number of partitions that XNNPACK runs."""

    package: str
    operations: list[Operation]
    partitions: int

    @property
    def whole(self) -> bool:
        """Whether XNNPACK runs the whole graph, in one partition."""
        return self.partitions == 1 and all(operation.delegated for operation in self.operations)

    @property
    def floats(self) -> list[str]:
        """The kinds of the operations that compute in float."""
        return [operation.kind for operation in self.operations if operation.dtype.startswith("float")]

    def table(self) -> str:
        """A line for each operation, and a summary."""
        lines = [f"{'operation':<18} {'output':<18} {'dtype':<8} XNNPACK"]
        for op in self.operations:
            shape = "×".join(str(n) for n in op.shape)
            lines.append(f"{op.kind:<18} {shape:<18} {op.dtype:<8} {'yes' if op.delegated else 'no'}")
        delegated = sum(op.delegated for op in self.operations)
        lines.append(
            f"{self.package}: XNNPACK runs {delegated} of {len(self.operations)} operations "
            f"in {self.partitions} partition(s)"
        )
        return "\n".join(lines)


def delegation_report(path: Path | str, interpreter: str = "auto") -> DelegationReport:
    """Load the file with XNNPACK and list its operations. Raises ModelError for an unusable file."""
    package = choose(interpreter)
    interpreters = importlib.import_module(f"{package}.interpreter")
    try:
        graph = interpreters.Interpreter(model_path=str(path), num_threads=1)
    except ValueError as error:
        raise ModelError(f"{path}: missing, or not a TFLite file") from error
    graph.allocate_tensors()
    nodes = graph._get_ops_details()
    tensors = {detail["index"]: detail for detail in graph.get_tensor_details()}
    delegates = [node for node in nodes if node["op_name"] in DELEGATES]
    operation_nodes = [node for node in nodes if node["op_name"] not in DELEGATES]
    delegated_nodes = set().union(*(_inside(delegate, operation_nodes) for delegate in delegates))
    operations = []
    for node in operation_nodes:
        detail = tensors.get(int(node["outputs"][0]))
        shape = tuple(int(n) for n in detail["shape"]) if detail else ()
        dtype = np.dtype(detail["dtype"]).name if detail else "?"
        operations.append(Operation(node["op_name"], shape, dtype, node["index"] in delegated_nodes))
    return DelegationReport(package, operations, len(delegates))


def _inside(delegate: dict, nodes: list[dict]) -> set[int]:
    """Indices of the nodes between a delegate's inputs and its outputs: those that it runs."""
    producer = {int(tensor): node for node in nodes for tensor in node["outputs"]}
    partition_inputs = {int(tensor) for tensor in delegate["inputs"]}
    pending, found = [int(tensor) for tensor in delegate["outputs"]], set()
    while pending:
        node = producer.get(pending.pop())
        if node is None or node["index"] in found:
            continue
        found.add(node["index"])
        pending += [int(tensor) for tensor in node["inputs"] if int(tensor) not in partition_inputs]
    return found


def main(argv: list[str]) -> int:
    """`python -m models delegation FILE`; exit status 1 where XNNPACK does not run the whole graph."""
    parser = ArgumentParser("python -m models delegation", description=__doc__)
    parser.add_argument("file", metavar="FILE.tflite")
    parser.add_argument("--interpreter", default="auto", choices=("auto", *PACKAGES))
    options = parser.parse_args(argv)
    report = delegation_report(options.file, options.interpreter)
    print(report.table())
    return 0 if report.whole else 1

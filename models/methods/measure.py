"""A row's int8 file measured: by the same code as what ships, on the same faces."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from device.files import replacing
from models.evaluation.evaluate import measure
from models.evaluation.heads import HeadNet, open_network
from models.methods.faces import TESTS, read_test
from models.methods.figures import packed
from models.methods.run_files import FLOAT, INT8, MEASURED
from models.quantization.delegation import delegation_report

CALLS = 300  # timed, one face after the other
KEPT = ("mae", "bias", "ca3", "ca5", "ca7", "mae_16_77", "masked", "eyes_covered")  # of a report


def measure_row(folder: Path, cache: Path) -> None:
    """What the int8 file in `folder` says of the tests in `cache`, written beside it."""
    net = open_network(folder / INT8)
    assert isinstance(net, HeadNet)
    listing = delegation_report(folder / INT8)
    said = {
        **json.loads((folder / FLOAT).read_text()),
        "bytes": (folder / INT8).stat().st_size,
        "operations": len(listing.operations),
        "delegated": sum(op.delegated for op in listing.operations),
        "partitions": listing.partitions,
        "in_float": sorted({op.kind for op in listing.operations if op.dtype.startswith("float")}),
        "int8": {},
        "interpreter": net.package,
    }
    for name in TESTS:
        if test := read_test(cache, name):
            faces, crops, counts = test
            report, guesses = measure(net, faces, list(crops))
            kept = {"n": len(faces), **counts, **{key: report[key] for key in KEPT}}
            said["int8"][name] = kept | {"estimates": packed(guesses)}
            if "ms" not in said:
                said["ms"] = fastest(net, crops)
    with replacing(folder / MEASURED) as part:
        part.write_text(json.dumps(said))


def fastest(net: HeadNet, crops: np.ndarray) -> float:
    """Milliseconds of one estimate, the 5th percentile: what the network takes where nothing disturbs it."""
    times = []
    for i in range(CALLS):
        started = time.perf_counter()
        net.estimate(crops[i % len(crops)])
        times.append(time.perf_counter() - started)
    return round(float(np.percentile(times, 5)) * 1e3, 3)

"""Golden values: what the shipped files answer today, stored, so that nothing changes it unnoticed.

    make golden                 computes every value anew, writes what moved, and prints by how much
    make golden ARGS=--check    prints only; the exit status is 1 where something moved

`tests/golden/test_golden.py` compares the same values in every run of the tests. They need no sample data:
- `models/NETWORK.golden.json`, beside each age network: for forty of the committed calibration faces the age
  and all int8 outputs, by interpreter. A commit with a new network brings this file and shows the table.
- `pictures.json`: crops, detections and `photo` on three committed pictures of other shapes (`scenes.py`).
- `runs.json`: the whole program on the demo: tracks, events, and a film that is read again.

All cases stand in one list (`cases.py`) with their tolerances. Integers of ai_edge_litert are the same on all
processors; pixels and floats are not, for OpenCV and XNNPACK round differently with other vector units, and
the tolerances allow for that. An entry that is within its tolerance is left as it is stored.

Before a table is accepted, somebody must be able to say why each row moved.
"""

from __future__ import annotations

import argparse
import sys

from tests.golden.cases import ABSENT, CASES
from tests.golden.comparison import leaves, moves, read, write

SHOWN = 5  # moves of a case, the farthest


def main(arguments: list[str]) -> int:
    """Compare every case with what is stored, print the table, and write what moved unless `--check`."""
    parser = argparse.ArgumentParser("python -m tests.golden", description="golden values, written anew")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 where a value moved")
    check = parser.parse_args(arguments).check
    print(f"{'case':<42} {'values':>7} {'moved':>6}   farthest")
    moved = 0
    for case in CASES:
        entries = read(case.file)
        value = case.compute()
        found = moves(entries.get(case.name), value, case.tolerance)
        moved += bool(found)
        first, *others = found[:SHOWN] or [""]
        print(f"{case.title:<42} {sum(1 for _ in leaves(value)):>7} {len(found):>6}   {first}")
        for move in others:
            print(f"{'':<57}   {move}")
        if found and not check:
            write(case.file, entries | {case.name: value})
    for package in ABSENT:
        print(f"{package} is not installed here: its values stay as they are stored")
    return int(check and moved > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m device bench`: what a frame takes and what the program holds, measured on this machine."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from device.bench.drawing import DrawingReport
from device.bench.measure import measure, prepared
from device.bench.report import BenchReport, FacesRow, InterpreterReport
from device.board.machine import sentence
from device.budget.memory import COUNTED
from device.config.options import add_settings, settings_from, whole_number


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device bench`."""
    frames, warm_up = "frames measured; default 1000", "frames before them; default 100"
    parser.add_argument("--frames", type=whole_number, metavar="N", default=1000, help=frames)
    parser.add_argument("--warm-up", type=whole_number, metavar="N", default=100, help=warm_up)
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the figures")
    clips = "how every clip of a folder is tracked, with the detectors of both ranges, and nothing else"
    parser.add_argument("--clips", metavar="FOLDER", help=clips)
    faces = "how well faces are found in a folder's clips and photographs, good and bad, and nothing else"
    parser.add_argument("--faces", metavar="FOLDER", help=faces)
    add_settings(parser)


def main(args: Namespace) -> int:
    """Measure, print, and draw where asked to."""
    settings = settings_from(args)
    if args.clips:
        from device.bench.clips import print_figures

        return print_figures(settings, args.clips, args.json)
    if args.plot:
        from device.bench.plot import check

        check(args.plot)
    if args.faces:
        from device.bench.finding import print_finding

        return print_finding(settings, args.faces, args.json, args.plot)
    report = measure(prepared(settings), args.frames, args.warm_up)
    if args.plot:
        from device.bench.plot import draw

        draw(report, args.plot)
    print(json.dumps(report) if args.json else as_text(report))
    return 0


def as_text(report: BenchReport) -> str:
    """The figures as a table for people."""
    settled = report["settled"]
    threads = ", ".join(f"{ms} ms with {count}" for count, ms in report["detector_threads_ms"].items())
    every = f"frame, detection 1 in {settled['detect_every']}"
    return "\n".join(
        [
            sentence(report["machine"]),
            f"{report['source']}, {report['interpreter']}, {report['frames']} frames",
            "",
            f"{'stage':<22}{'p50':>9}{'p95':>9}{'p99':>9}  ms",
            *(_stage_line(name, stage) for name, stage in report["stages"].items()),
            _stage_line(every, settled["stages"]["frame"]),
            *(_interpreter_line(name, other) for name, other in report["other_interpreters"].items()),
            "",
            "faces   all estimated   in budget p50, p99   first age after   longest wait",
            *(_faces_line(row) for row in report["faces_scaling"]),
            "",
            f"frames a second        {report['frames_per_s']:.0f} (settled: {settled['frames_per_s']:.0f})",
            f"detection by threads   {threads}",
            _drawing_line(report["overlay_1080p"]),
            f"peak memory            {report['peak_memory_mib']} MiB ({COUNTED}), "
            f"grown by {report['memory_growth_mib']} MiB",
            f"peak resident set      {report['peak_rss_mib']} MiB (VmHWM: with pages of files)",
            f"memory blocks a frame  {report['allocations_per_frame']} more than were freed",
            f"start to first frame   {_or_unknown(report['start_to_first_frame_s'])} s",
        ]
    )


def _drawing_line(drawn: DrawingReport) -> str:
    return (
        f"overlay, 1080p, 1 face {drawn['p50_ms']:.2f} ms, p95 {drawn['p95_ms']:.2f}; "
        f"the whole picture blended anew takes {drawn['full_ratio']:.1f} times as long"
    )


def _or_unknown(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"


def _stage_line(name: str, stage: dict[str, float]) -> str:
    return f"{name:<22}{stage['p50']:9.3f}{stage['p95']:9.3f}{stage['p99']:9.3f}"


def _interpreter_line(name: str, other: InterpreterReport) -> str:
    frame = other["stages"]["frame"]
    return (
        f"{f'frame, {name}':<22}{frame['p50']:9.3f}{frame['p95']:9.3f}{other['peak_memory_mib']:>17} MiB peak"
    )


def _faces_line(row: FacesRow) -> str:
    budgeted = f"{row['p50_ms']:.2f}, {row['p99_ms']:.2f} of {row['budget_ms']:.0f} ms"
    return (
        f"{row['faces']:>5}{row['all_p50_ms']:>13.2f} ms   {budgeted:<24}{_or_unknown(row['first_age_s'])} s"
        f"{row['longest_wait_s']:>15.2f} s"
    )

"""The track benchmark: moving scenes with known truth, for the tracker and the smoother."""


def main(argv: list[str]) -> int:
    """`python -m models tracks`."""
    from models.tracks.benchmark import main

    return main(argv)

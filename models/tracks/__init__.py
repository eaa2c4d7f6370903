"""The track benchmark: moving scenes with known truth, for the tracker, the smoother and their noise model."""

"""The batch of filters against a textbook Kalman filter, written out densely here for one box at a time."""

import math

import numpy as np
import pytest

from device.tracks.kalman import KalmanFilters

CAPACITY = 4
SEEN = np.zeros(CAPACITY, bool)
ONE_UNSEEN = np.array([True, False, False, False])

# By component of the state's first half, [centre x, centre y, width, height], in face sizes
MEASUREMENT_STD = np.array([0.02, 0.02, 0.03, 0.03])
INITIAL_VELOCITY_STD = np.array([3.0, 3.0, 0.5, 0.5])
PROCESS_NOISE = np.array([2.5, 2.5, 0.5, 0.5])
MAX_POSITION_STD = np.array([1.0, 1.0, 0.2, 0.2])
PIXEL_NOISE, VELOCITY_DECAY_S, MIN_EXTENT = 0.8, 0.8, 2.0  # pixels, seconds, pixels


class DenseFilter:
    """One box: state x = (centre, extent, their velocities) in pixels, covariance P in squared face sizes."""

    def __init__(self, box):
        self.x = np.array([*box, 0, 0, 0, 0], float)
        self.R = self._noise()
        self.P = np.block([[self.R, np.zeros((4, 4))], [np.zeros((4, 4)), np.diag(INITIAL_VELOCITY_STD**2)]])

    def _noise(self):
        return np.diag(MEASUREMENT_STD**2 + (PIXEL_NOISE / (0.5 * (self.x[2] + self.x[3]))) ** 2)

    def predict(self, dt, unseen):
        if unseen:
            self.x[4:] *= math.exp(-dt / VELOCITY_DECAY_S)
        one, q = np.eye(4), np.diag(PROCESS_NOISE**2)
        F = np.block([[one, dt * one], [0 * one, one]])
        Q = np.block([[dt**3 / 3 * q, dt**2 / 2 * q], [dt**2 / 2 * q, dt * q]])
        self.x = F @ self.x
        self.x[2:4] = np.maximum(self.x[2:4], MIN_EXTENT)
        self.P = F @ self.P @ F.T + Q
        self.R = self._noise()
        self._cap()

    def _cap(self):
        """The deviations of position and velocity have a ceiling, and no correlation is above one."""
        for i in range(4):
            self.P[i, i] = min(self.P[i, i], MAX_POSITION_STD[i] ** 2)
            self.P[i + 4, i + 4] = min(self.P[i + 4, i + 4], INITIAL_VELOCITY_STD[i] ** 2)
            both = min(self.P[i, i + 4], math.sqrt(self.P[i, i] * self.P[i + 4, i + 4]))
            self.P[i, i + 4] = self.P[i + 4, i] = both

    def correct(self, box):
        H = np.hstack([np.eye(4), np.zeros((4, 4))])
        gain = self.P @ H.T @ np.linalg.inv(H @ self.P @ H.T + self.R)
        keep = np.eye(8) - gain @ H
        self.x = self.x + gain @ (box - H @ self.x)
        self.P = keep @ self.P @ keep.T + gain @ self.R @ gain.T  # Joseph's form, which holds for any gain


def same(filters, slot, dense):
    x, P = dense.x, dense.P
    np.testing.assert_allclose(filters.position[slot].ravel(), x[:4], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(filters.velocity[slot].ravel(), x[4:], rtol=1e-9, atol=1e-9)
    centre_and_extent = [0, 2]
    for row, (i, j) in enumerate([(0, 0), (0, 4), (4, 4)]):
        expected = [P[i + k, j + k] for k in centre_and_extent]
        np.testing.assert_allclose(filters.variance[row, slot], expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        filters.measurement_noise[slot], np.diag(dense.R)[centre_and_extent], rtol=1e-12
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_scenes_as_by_a_dense_filter(seed):
    """Boxes of 1 to 300 pixels that come, jump, shrink, go unseen and are seen again, in uneven steps."""
    rng = np.random.default_rng(seed)
    filters, dense = KalmanFilters(CAPACITY), {}
    for _ in range(80):
        dt = rng.choice([0.0, 0.01, 1 / 30, 1 / 15, 0.2, 0.9])
        unseen = np.array([slot in dense and rng.random() < 0.3 for slot in range(CAPACITY)])
        filters.predict(dt, unseen)
        for slot, one in dense.items():
            one.predict(dt, unseen[slot])
        for slot, one in dense.items():
            same(filters, slot, one)
        boxes = np.column_stack([rng.uniform(0, 640, (CAPACITY, 2)), rng.uniform(1, 300, (CAPACITY, 2))])
        if rng.random() < 0.2:
            slot = int(rng.integers(CAPACITY))
            filters.init(slot, boxes[slot].reshape(2, 2))
            dense[slot] = DenseFilter(boxes[slot])
        seen = [slot for slot in dense if not unseen[slot]]
        rng.shuffle(seen)
        if seen:
            boxes[seen] = [dense[slot].x[:4] + rng.normal(0, 8, 4) for slot in seen]
            filters.update(np.array(seen), boxes[seen].reshape(-1, 2, 2))
            for slot in seen:
                dense[slot].correct(boxes[slot])
        for slot, one in dense.items():
            same(filters, slot, one)


def test_slots_never_started_and_others_are_left_alone():
    filters = KalmanFilters(CAPACITY)
    filters.init(1, np.array([[50.0, 60.0], [20.0, 30.0]]))
    before = filters.position[[0, 2, 3]].copy()
    filters.update(np.array([1]), np.array([[[51.0, 60.0], [20.0, 30.0]]]))
    assert (filters.position[[0, 2, 3]] == before).all()
    assert (filters.velocity[[0, 2, 3]] == 0).all()
    assert (filters.variance[:, [0, 2, 3]] == 1).all()
    assert (filters.measurement_noise[[0, 2, 3]] == 1).all()


def test_a_second_detection_by_hand():
    """A face of 80 pixels, found 10 pixels further right a tenth of a second later.

    noise of a detection    0.02² + (0.8 / 80)²                    = 0.0005 squared face sizes
    variance of the position 0.0005 + 0.1² · 3² + 2.5² · 0.1³ / 3   = 0.0925833
    of the velocity         3² + 2.5² · 0.1 = 9.625, cut to        = 9
    of both                 0.1 · 3² + 2.5² · 0.1² / 2 = 0.93125, cut to √(0.0925833 · 9) = 0.9128253
    gain                    0.0925833 / (0.0925833 + 0.0005)       = 0.9946285
    gain of the velocity    0.9128253 / 0.0930833                  = 9.8065387 a second
    position left uncertain 0.0925833 · (1 - 0.9946285)            = 0.0004973
    """
    filters = KalmanFilters(1)
    filters.init(0, np.array([[100.0, 100.0], [80.0, 80.0]]))
    filters.predict(0.1, np.zeros(1, bool))
    assert filters.variance[:, 0, 0].tolist() == pytest.approx([0.0925833, 0.9128253, 9.0], abs=1e-7)
    filters.update(np.array([0]), np.array([[[110.0, 100.0], [80.0, 80.0]]]))
    assert filters.position[0, 0].tolist() == pytest.approx([109.946285, 100.0], abs=1e-5)
    assert filters.velocity[0, 0].tolist() == pytest.approx([98.065387, 0.0], abs=1e-4)
    assert filters.variance[0, 0, 0] == pytest.approx(0.0004973, abs=1e-7)


def test_a_face_out_of_view_coasts_to_a_stop():
    """In 0.8 s its velocity falls to 1/e; it is moved on by what is left of it."""
    filters = KalmanFilters(CAPACITY)
    for slot in (0, 1):
        filters.init(slot, np.array([[100.0, 100.0], [80.0, 80.0]]))
        filters.velocity[slot, 0] = (50.0, 0.0)
    filters.predict(0.8, ONE_UNSEEN)
    assert filters.velocity[:2, 0, 0].tolist() == pytest.approx([50 / math.e, 50.0])
    assert filters.position[:2, 0, 0].tolist() == pytest.approx([100 + 40 / math.e, 140.0])


def test_an_extent_never_falls_below_two_pixels():
    filters = KalmanFilters(CAPACITY)
    filters.init(0, np.array([[100.0, 100.0], [20.0, 30.0]]))
    filters.velocity[0, 1] = (-100.0, -10.0)
    filters.predict(0.5, SEEN)
    assert filters.position[0, 1].tolist() == [2.0, 25.0]

"""A site in recorded clips: what a camera sees of each step of a field test, frame by frame.

The people are those of the clips, put nearer, farther, aside and past one another before a plain wall. A
scene takes a frame's index and its share of the step, 0 to 1, and gives an 8-bit BGR picture.
"""

import cv2
import numpy as np

SIZE = WIDTH, HEIGHT = 640, 480
WALL = (188, 196, 200)
FIRST, SECOND, TURNING = (
    "kiosk_night.mkv",
    "kiosk_brother.mkv",
    "head-pose-face-detection-female-and-male.gif",
)
FACE = {FIRST: (302, 150), SECOND: (295, 120)}  # its middle in the clip, pixels
BODY = (110, 100, 110, 330)  # pixels of the clip around that middle: left, up, right, down
TURNED = slice(30, 270), slice(0, 210)  # rows and columns of the woman in the clip of heads that turn


class Site:
    """The clips of a folder, and the scenes made of them."""

    def __init__(self, folder):
        self._clips = {name: _frames(folder / name) for name in (FIRST, SECOND, TURNING)}
        near = self.near
        self.good = {
            "nobody": self.nobody,
            "1 m": near,
            "2 m": self.standing(0.7),
            "3 m": self.standing(0.36),
            "4 m": self.standing(0.27),
            "turn": self.turning,
            "mask": with_ellipses(near, (230, 200, 150), ((302, 178), (33, 24))),
            "sunglasses": with_ellipses(near, (20, 20, 20), ((285, 143), (14, 9)), ((319, 143), (14, 9))),
            "crossing": self.crossing,
            "light": near,
            "lamps": lambda i, share: (0.9 * near(i)).astype(np.uint8),
            "walk past": lambda i, share: self.body(FIRST, i, 1.0, 0.1 + 0.8 * share),
        }

    def clip(self, name, index):
        """The clip's frame, to and fro."""
        frames = self._clips[name]
        place = index % (2 * len(frames) - 2)
        return frames[min(place, 2 * len(frames) - 2 - place)]

    def nobody(self, index=0, share=0.0):
        """The wall."""
        return np.full((HEIGHT, WIDTH, 3), WALL, np.uint8)

    def near(self, index, share=0.0):
        """Somebody at arm's length."""
        return self.clip(FIRST, index).copy()

    def turning(self, index, share):
        """The same, then to the other side."""
        head = self.head(index)
        return head if share < 0.5 else head[:, ::-1]

    def standing(self, scale, across=0.5):
        """Somebody farther away, by the share of the near one's size."""
        return lambda index, share=0.0: self.body(FIRST, index, scale, across)

    def body(self, name, index, scale, across, onto=None):
        """Somebody cut out of their clip, the face's middle `across` of the picture's width."""
        image = self.nobody() if onto is None else onto
        (x, y), (left, up, right, down) = FACE[name], BODY
        cut = self.clip(name, index)[y - up : y + down, x - left : x + right]
        cut = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        at_x, at_y = round(across * WIDTH - scale * left), max(0, round(160 - scale * up))
        x0, x1 = max(0, at_x), min(WIDTH, at_x + cut.shape[1])
        y1 = min(HEIGHT, at_y + cut.shape[0])
        if x1 > x0:
            image[at_y:y1, x0:x1] = cut[: y1 - at_y, x0 - at_x : x1 - at_x]
        return image

    def crossing(self, index, share):
        """Two people, who change sides."""
        behind = self.body(SECOND, index, 0.75, 0.75 - 0.5 * share)
        return self.body(FIRST, index, 0.85, 0.25 + 0.5 * share, behind)

    def head(self, index, share=0.0):
        """A head that is turned aside, at arm's length."""
        image = self.nobody()
        cut = cv2.resize(self.clip(TURNING, index)[TURNED], (420, 480), interpolation=cv2.INTER_LINEAR)
        image[:, 110:530] = cut
        return image


def with_ellipses(scene, colour, *ellipses):
    """The scene with (middle, half axes) filled."""

    def drawn(index, share):
        image = scene(index, share)
        for middle, axes in ellipses:
            cv2.ellipse(image, middle, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
        return image

    return drawn


def _frames(path):
    opened, frames = cv2.VideoCapture(str(path)), []
    while (read := opened.read())[0]:
        frames.append(read[1])
    return frames

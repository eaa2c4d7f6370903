"""`--output drm`: the picture on a screen without a desktop, through the kernel's mode setting (KMS).

Every source takes the same way, the Pi's camera too. A plane that shows the camera's own buffers, with the
overlay on a second one, would save a copy; but what is blurred, turned, or shown in place of a camera would
not be on it.
"""

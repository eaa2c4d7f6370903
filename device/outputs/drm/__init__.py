"""`--output drm`: the picture on a screen without a desktop, through the kernel's mode setting (KMS)."""

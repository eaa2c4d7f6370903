"""Calibration with crops taken at a site."""

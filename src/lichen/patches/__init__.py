"""Patches: windows, search, scan orders, voting and cuts, on NumPy arrays."""

"""Image learning: the image's own values are drawn or iterated."""

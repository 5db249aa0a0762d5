"""φ: from an image to named feature maps. Nothing here knows a statistic."""

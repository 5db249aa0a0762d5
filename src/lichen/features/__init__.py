"""φ: from an image to named feature maps, independent of any statistic."""

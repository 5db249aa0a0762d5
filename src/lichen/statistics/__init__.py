"""E: feature maps to a fixed-size summary. Nothing here knows where the maps came from."""

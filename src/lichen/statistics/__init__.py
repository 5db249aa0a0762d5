"""E: feature maps to a summary of fixed size. Nothing here knows where the maps come from."""

"""E: from feature maps to a summary of fixed size, whatever network the maps come from."""

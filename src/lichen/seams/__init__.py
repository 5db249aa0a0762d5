"""Where one patch ends and the next begins."""

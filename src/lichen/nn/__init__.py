"""What networks are built from; knows no architecture."""

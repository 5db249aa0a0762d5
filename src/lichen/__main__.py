"""``python -m lichen``."""

from lichen.faces.cli import main

main()

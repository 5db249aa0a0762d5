"""``python -m lichen``."""

from lichen.faces.cli.main import main

main()

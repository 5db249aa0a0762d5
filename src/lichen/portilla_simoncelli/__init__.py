"""The model of Portilla and Simoncelli, whole."""

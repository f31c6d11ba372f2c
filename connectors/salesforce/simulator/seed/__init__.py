"""Data to begin with, made from a seed."""

"""Keeps secrets that are given to us while we run, such as refresh tokens: sealed, in files of one folder."""

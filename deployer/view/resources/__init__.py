"""The texts of each kind of resource: a file for each, and `texts.py` with a row for each."""

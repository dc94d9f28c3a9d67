"""Reads and writes a release: the folder that `training` writes and `instrument` reads (docs/release-format.md).

Importing this package loads nothing; take what you need from `card`, `reader` or `writer`.
"""

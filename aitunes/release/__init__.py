"""The Release: the folder that `training` writes and `instrument` reads. `docs/release-format.md` has its fields.

Importing this package loads nothing; take what you need from `card`, `reader` or `writer`.
"""

"""Names the files of a run that more than one package looks for."""

LAST_CHECKPOINT = "last.ckpt"
BEST_CHECKPOINT = "best.ckpt"
"""Of the epoch that was nearest to held-out items, where the recipe asks for it."""

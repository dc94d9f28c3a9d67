"""What stands beside an experiment while it trains, a callback a file."""

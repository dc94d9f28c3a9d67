"""The engine: everything between the OSC port and the output, in one process that does nothing else."""

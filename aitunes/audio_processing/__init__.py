"""Audio processing, live and offline. Import the module you need: importing this package loads nothing."""

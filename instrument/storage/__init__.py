"""The files that the instrument keeps: releases, snapshots, recordings, and where they lie."""

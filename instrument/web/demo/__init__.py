"""Builds a folder of static files that plays one release in a browser, without any server of ours."""

"""Composition: builds the service tree for twistd, and the ``callcenter`` command line."""

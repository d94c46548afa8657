"""The thin I/O layer: everything that touches network, files, clock or environment. Decisions are made in the core."""

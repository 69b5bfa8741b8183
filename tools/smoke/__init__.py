"""The parts of tools/smoke.py: what docs/limits.md asks for by hand, asked of a deployed stack."""

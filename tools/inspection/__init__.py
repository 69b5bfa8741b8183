"""The parts of tools/preflight.py: what is to be deployed, what the account answers, and the checks."""

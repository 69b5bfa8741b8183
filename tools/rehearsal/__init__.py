"""The parts of tools/rehearse.py: a deployment of Remedy, played on this machine."""

"""Zips release binaries as Lambda takes them, to the same bytes from the same binary: no times, no owner. Prints size and SHA-256.

Usage: zips.py FOLDER ...      FOLDER/bootstrap becomes FOLDER.zip
"""

import hashlib
import sys
import zipfile
from pathlib import Path


def zipped(folder: Path) -> Path:
    made = folder.with_suffix(".zip")
    entry = zipfile.ZipInfo("bootstrap")
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o755 << 16
    with zipfile.ZipFile(made, "w", compresslevel=9) as archive:
        archive.writestr(entry, (folder / "bootstrap").read_bytes())
    return made


def main() -> None:
    for folder in map(Path, sys.argv[1:]):
        made = zipped(folder)
        size, digest = made.stat().st_size, hashlib.sha256(made.read_bytes()).hexdigest()
        print(f"{made.name:<26}{size:>10,} bytes  sha256 {digest}")


if __name__ == "__main__":
    main()

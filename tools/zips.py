"""Zips release binaries as Lambda takes them, to the same bytes from the same binary: no times, no owner. Prints size and SHA-256.

Zopfli makes them 3 % smaller than zlib does, and takes half a minute for each: a function is zipped once and fetched at cold starts.

Usage: zips.py FOLDER ...      FOLDER/bootstrap becomes FOLDER.zip
"""

import hashlib
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import zopfli


def zipped(folder: Path) -> Path:
    made = folder.with_suffix(".zip")
    entry = zipfile.ZipInfo("bootstrap")
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o755 << 16
    with zopfli.ZipFile(made, "w") as archive:
        archive.writestr(entry, (folder / "bootstrap").read_bytes())
    return made


def main() -> None:
    with ProcessPoolExecutor() as processes:
        all_made = list(processes.map(zipped, map(Path, sys.argv[1:])))
    for made in all_made:
        size, digest = made.stat().st_size, hashlib.sha256(made.read_bytes()).hexdigest()
        print(f"{made.name:<26}{size:>10,} bytes  sha256 {digest}")


if __name__ == "__main__":
    main()

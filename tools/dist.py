"""Packs `remedy` with its completions and manual pages into one archive, the same bytes for the same binary.

Usage: dist.py BINARY FOLDER      FOLDER gets remedy-<version>-x86_64-linux.tar.gz and its SHA-256
"""

import gzip
import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BESIDE = ["LICENSE", "README.md"]


def version() -> str:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    if not found:
        sys.exit("Cargo.toml names no version")
    return found[1]


def is_static(binary: pathlib.Path) -> bool:
    """A static binary asks for no interpreter: it has no program header PT_INTERP."""
    data = binary.read_bytes()
    if data[:5] != b"\x7fELF\x02":
        sys.exit(f"{binary} is no 64-bit ELF file")
    start, size, count = (int.from_bytes(data[at : at + width], "little") for at, width in ((32, 8), (54, 2), (56, 2)))
    kinds = [int.from_bytes(data[start + index * size : start + index * size + 4], "little") for index in range(count)]
    return 3 not in kinds


def members(binary: pathlib.Path) -> dict[str, tuple[bytes, int]]:
    """What the archive holds: a name, its bytes and its mode."""
    held = {"remedy": (binary.read_bytes(), 0o755)}
    held |= {name: ((ROOT / name).read_bytes(), 0o644) for name in BESIDE}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary.resolve(), "dist", folder], check=True)
        made = pathlib.Path(folder)
        files = [file for file in made.rglob("*") if file.is_file()]
        held |= {str(file.relative_to(made)): (file.read_bytes(), 0o644) for file in files}
    return held


def packed(name: str, held: dict[str, tuple[bytes, int]]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path, (data, mode) in sorted(held.items()):
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), 9, mtime=0)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, folder = map(pathlib.Path, sys.argv[1:])
    if not is_static(binary):
        sys.exit(f"{binary} needs a loader, so it runs only where its libraries are: build it with `make dist`")
    name = f"remedy-{version()}-x86_64-linux"
    held = members(binary)
    archive = packed(name, held)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.tar.gz"
    file.write_bytes(archive)
    digest = hashlib.sha256(archive).hexdigest()
    (folder / f"{name}.tar.gz.sha256").write_text(f"{digest}  {file.name}\n")
    print(f"{file}: {len(archive):,} bytes, {len(held)} files, sha256 {digest}")


if __name__ == "__main__":
    main()

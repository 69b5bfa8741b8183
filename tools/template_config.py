"""Writes config-rules.yaml, the rules of AWS Config, from what the functions say of themselves and the pieces in tools/template.

Usage: template_config.py [FOLDER]      FOLDER has the binaries; target/debug without one. The template goes to standard output.
"""

import json

from template_parts import HEAD, Described, camel, described, is_global, piece

# What a managed rule must be told to agree with its control's defaults; AWS's own defaults do for the others.
PARAMETERS = {
    "IAM_PASSWORD_POLICY": {"MinimumPasswordLength": "14", "MaxPasswordAge": "90", "PasswordReusePrevention": "24"},
    "IAM_POLICY_BLACKLISTED_CHECK": {"policyArns": "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"},
    "IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS": {"blockedActionsPatterns": "kms:Decrypt,kms:ReEncryptFrom"},
}


# Followed where somebody has it, but not made: AWS Config has it in fewer Regions, and a periodic rule reports the same.
NOT_MADE = {"S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS": "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"}


def written(told: dict[str, str]) -> str:
    """The parameters of a rule, in one line."""
    return ", ".join(f"{name}: " + ("!Sub " if "${" in value else "") + json.dumps(value) for name, value in told.items())


def managed_rules(functions: list[Described]) -> str:
    """The managed rules that controls follow. A rule that a regional control follows is made in each Region."""
    followed: dict[str, list[str]] = {}
    whole: dict[str, bool] = {}
    for function in functions:
        for control in function["controls"]:
            for identifier in control["config_rules"]:
                followed.setdefault(identifier, []).append(control["id"])
                whole[identifier] = is_global(function) and whole.get(identifier, True)
    text = ""
    for identifier, controls in sorted(followed.items()):
        if NOT_MADE.get(identifier) in followed:
            continue
        told = PARAMETERS.get(identifier)
        text += piece("managed_rule", Rule=camel(identifier.lower()) + "Rule", rule=identifier.lower().replace("_", "-"),
                      identifier=identifier, controls=", ".join(controls),
                      parameters=f"\n      InputParameters: {{{written(told)}}}" if told else "",
                      condition="HasGlobalManagedRules" if whole[identifier] else "HasManagedRules")  # fmt: skip
    return text


def custom_rules(functions: list[Described]) -> str:
    """Our own rules, for what no managed rule looks at."""
    text = ""
    for function in functions:
        for control in function["controls"]:
            if not control["config_rules"]:
                text += piece("custom_rule", Rule=camel(control["id"]) + "Rule", control=control["id"], title=control["title"],
                              function=function["function"],
                              condition="HasGlobalCustomRules" if is_global(function) else "HasCustomRules")  # fmt: skip
    return text


def main() -> None:
    functions = [function for function in described() if function["controls"]]
    print(HEAD + piece("config_rules", rules=(managed_rules(functions) + custom_rules(functions)).rstrip("\n")), end="")


if __name__ == "__main__":
    main()

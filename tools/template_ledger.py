"""Which keys each function may put into Remedy's two buckets, as statements of its role's policies.

A decision is worth what it takes to write one. Only the operator function, which asks AWS STS who a person is, puts decisions, holds,
nonces and other settings; a function with controls puts what belongs to its own controls, and, but for the few keys of `AGAIN`,
only what is not there yet (`If-None-Match: *`). ARCHITECTURE.md, The ledger, says what the keys are.
"""

from template_parts import Described

# Of each control of a function, `<prefix>/<first id>/…`: written once, and written again.
OWN_ONCE = ["backlog", "budget", "held", "lock", "noted", "open", "wave"]
OWN_AGAIN = ["baseline", "exemption"]
# Of one control: the version of a policy that it last saw as the default one.
OF_CONTROL_AGAIN = {"iam-policy-unapproved": ["seen"]}
# Of every function with controls. A key of an ask ends in four digits: a decision's does not. Turns that a lost worker kept are given back
# by whoever comes by. Of settings, a function may only say which documents there were before anybody could decide: those in force
# are the operator's.
ONCE = ["ask/*/????", "lock/administrators/*.done", "lock/document/*.done", "notice/*", "settings/opening/*", "superseded/*"]
# An approval that a lost attempt used up is used by the next; a plan is kept anew with what came of it.
AGAIN = ["ask/*/????.spent", "plan/*"]
# Of functions without controls.
SERVICES = {
    "operator": {
        "Once": ["ask/*", "hold/*", "nonce/*", "notice/*", "open/*", "settings/opening/*", "settings/adopted", "superseded/*"],
        "Again": ["exemption/*", "indexed/asks", "settings/in-force"],
    },
    "sealer": {"Once": ["lock/*.done", "notice/*", "seal/*"], "Again": []},
}
# So many controls in one policy, with the longest names that a stack and its buckets can have.
MOST = 4
# Records: their keys begin with the year. Seals are the sealer's.
RECORDS = ["2*"]
SEALS = ["seal/*"]


def turns(function: Described) -> list[str]:
    """The turns that the controls of a function take: see shared/engine/src/turn.rs."""
    controls = function["controls"]
    taken = {
        "lock/administrators/*": any(control["identities"] == "touched" for control in controls),
        "lock/document/*": any(control["elements"] for control in controls),
    }
    return [key for key, takes in taken.items() if takes]


def filed(control: Described) -> str:
    """How keys name a control: by its first id, whatever it is called now (shared/domain/src/renamed.rs)."""
    return [control["id"], *control["former"]][-1]


def own_once(controls: list[str]) -> list[str]:
    return [f"{prefix}/{control}/*" for control in controls for prefix in OWN_ONCE]


def own_again(controls: list[str]) -> list[str]:
    return [f"{prefix}/{control}/*" for control in controls for prefix in [*OWN_AGAIN, *OF_CONTROL_AGAIN.get(control, [])]]


def portions(function: Described) -> dict[str, list[str]]:
    """The controls of a function by the policy that says what is their own: IAM takes 6,144 characters of one."""
    controls = [filed(control) for control in function["controls"]]
    return {f"Ledger{at // MOST or ''}": controls[at : at + MOST] for at in range(0, len(controls), MOST)}


def state(function: Described) -> dict[str, list[str]]:
    """The keys of the state bucket that a function may put, by the statement that says so; those of single controls are apart."""
    if not function["controls"]:
        return SERVICES[function["function"]]
    return {"Once": [*ONCE, *turns(function)], "Again": AGAIN}


def evidence(function: Described) -> list[str]:
    """The keys of the evidence bucket that a function may put."""
    return [*RECORDS, *(SEALS if function["function"] == "sealer" else [])]

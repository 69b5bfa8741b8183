"""MiniStack, with two things of AWS that it does not play itself: events that AWS sends, and the clock of schedules.

PutEvents refuses sources `aws.*` to callers, on AWS as here. An entry with the rehearsal's token in TraceHeader is
taken as AWS's own: it goes to its bus as it is, from the account that the header names. A token with `clock`
makes a scheduled rule due; the emulator's own scheduler then runs it. Everything else is MiniStack, unchanged.
Usage: server.py      settings come from the environment, as MiniStack reads them, and REHEARSAL_TOKEN
"""

import os
import time
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region, json_response, new_uuid
from ministack.services import eventbridge

TOKEN = os.environ["REHEARSAL_TOKEN"]
refusing = eventbridge._put_events


def put_events(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
    entries = data.get("Entries", [])
    if entries and all(entry.get("TraceHeader", "").startswith(TOKEN) for entry in entries):
        return json_response({"FailedEntryCount": 0, "Entries": [played(entry) for entry in entries]})
    return refusing(data, allow_aws_source)


def played(entry: dict[str, Any]) -> dict[str, str]:
    _, what = entry["TraceHeader"].split()
    event = new_uuid()
    if what == "clock":
        eventbridge._rule_last_fired[(get_account_id(), get_region(), rule_key(entry["Detail"]))] = 0
    else:
        sent = {"EventId": event, "EventBusName": entry["EventBusName"], "Time": int(time.time()), "Region": get_region()}
        sent |= {"Source": entry["Source"], "DetailType": entry["DetailType"], "Detail": entry["Detail"]}
        eventbridge._dispatch_event(sent | {"Account": what, "Resources": entry.get("Resources", [])})
    return {"EventId": event}


def rule_key(name: str) -> str:
    """The emulator's own key of a rule of the default bus."""
    return eventbridge._rule_key(name.strip('"'), "default")


if __name__ == "__main__":
    eventbridge._put_events = put_events
    app.main()

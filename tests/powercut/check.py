"""Holds what a server finds in $DATA against $ACKS_AT_CUT."""

import os

from line import Client, Server


def read_all(server):
    """What the reader has not read, in order; nothing if not even the account is there."""
    reader = Client(server.address)
    if reader.ask("auth reader rahasia")["status"] != "OK":
        return []
    found = []
    while messages := reader.must("inbox")["messages"]:
        found += [item["msg"] for item in messages.get("writer", [])]
    return found


acknowledged = open(os.environ["ACKS_AT_CUT"]).read().split()
with Server(os.environ["DATA"]) as server:
    found = read_all(server)
lost = len(set(acknowledged) - set(found))
dup = len(found) - len(set(found))
bad = sum(text != f"m{number}" for number, text in enumerate(found))
print(f"acknowledged={len(acknowledged)} found={len(found)} lost={lost} dup={dup} bad={bad}")
raise SystemExit(1 if lost or dup or bad else 0)

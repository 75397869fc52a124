#!/usr/bin/env python3
"""The detector of src/eval/detectors/stress.rs for the reference scorer's pipe."""
import json, sys
LEVELS = ["foreign", "premium", "intl", "out"]
tenant = ext = ""
def block(turn):
    return {"do": "block", "tenant": tenant, "level": LEVELS[turn % 4], "ext": ext if turn % 3 == 0 else None,
            "kill": turn % 2 == 0, "why": f"turn {turn % 5} with a reason that is longer than forty letters"}
for line in sys.stdin:
    e = json.loads(line); out = {}; call = e.get("call", 0)
    if e["ev"] == "start": tenant, ext = e["tenant"], e["ext"]
    if tenant:
        turn = ((e["t"] * 2654435761 + call * 40503) & 0xFFFFFFFF) >> 8; act = None
        if e["ev"] == "start" and turn % 97 == 0: out = {"v": "deny", "why": "turn"}
        if turn % 211 == 0: act = block(turn // 211)
        elif turn % 151 == 0: act = {"do": "terminate", "call": max(0, call - turn // 151 % 4)}
        elif turn % 173 == 0: act = {"do": "alert", "tenant": tenant}
        elif turn % 61 == 0: act = {"do": "unblock", "tenant": tenant, "ext": ext if turn // 61 % 2 == 0 else None}
        if act: out["act"] = [act]
    sys.stdout.write(json.dumps(out) + "\n"); sys.stdout.flush()

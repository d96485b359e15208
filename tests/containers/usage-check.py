#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the usage file of the container test against what was asked.

  usage-check.py FILE agent           a line for each provider that the agent has called
  usage-check.py FILE load ANSWERS    a line for each answer that load.mjs got whole, and a partial one for each stream
"""
import json
import sys


def lines(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    assert text.endswith("\n"), "the last line is cut off"
    return [json.loads(line) for line in text.splitlines()]


def check_agent(found):
    found = [line for line in found if not line["request_id"].startswith("load-")]
    providers = sorted(line["provider"] for line in found)
    assert providers == ["anthropic", "copilot", "gemini", "openai", "vertex"], providers
    for line in found:
        assert (line["input_tokens"], line["output_tokens"], line["status"]) == (7, 3, 200), line


def check_load(found, answers):
    with open(answers, encoding="utf-8") as f:
        asked = json.loads(f.read().splitlines()[-1])
    by_id = {line["request_id"]: line for line in found}
    assert len(by_id) == len(found), "a request has two lines"
    assert len(asked["whole"]) >= 200 and len(asked["streams"]) == 50, (len(asked["whole"]), len(asked["streams"]))
    for name in asked["whole"]:
        assert name in by_id and not by_id[name].get("partial"), (name, by_id.get(name))
    for name in asked["streams"]:
        assert name in by_id and by_id[name].get("partial") is True, (name, by_id.get(name))


if sys.argv[2] == "agent":
    check_agent(lines(sys.argv[1]))
else:
    check_load(lines(sys.argv[1]), sys.argv[3])

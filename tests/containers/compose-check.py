#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds a container that runs against its service in compose.yaml: what podman says of it, and what its processes see.

  compose-check.py COMPOSE SERVICE <JSON of podman inspect
"""
import json
import sys

import yaml

UNITS = {"m": 1 << 20, "g": 1 << 30}
wrong = []


def same(what, wanted, found):
    if wanted != found:
        wrong.append(f"{what}: compose.yaml says {wanted!r}, the container has {found!r}")


def size(text):
    return int(text[:-1]) * UNITS[text[-1]]


def seconds(nanoseconds):
    return f"{nanoseconds // 10**9}s"


def check(service, container):
    host, config = container["HostConfig"], container["Config"]
    addresses = {name: n["IPAddress"] for name, n in container["NetworkSettings"]["Networks"].items()}
    same("networks", sorted(service["networks"]), sorted(addresses))
    for name, settings in service["networks"].items():
        if "ipv4_address" in settings:
            same(f"address on {name}", settings["ipv4_address"], addresses.get(name))
    same("memory", size(service["mem_limit"]), host["Memory"])
    same("memory and swap", size(service["memswap_limit"]), host["MemorySwap"])
    same("pids", service["pids_limit"], host["PidsLimit"])
    same("root read-only", service.get("read_only", False), host["ReadonlyRootfs"])
    same("capabilities", sorted("CAP_" + c for c in service.get("cap_add", [])), sorted(container["EffectiveCaps"] or []))
    same("no new privileges", True, any(o.startswith("no-new-privileges") for o in host["SecurityOpt"] or []))
    if "cpu_shares" in service:
        same("shares of the CPU", service["cpu_shares"], host["CpuShares"])
    if "stop_grace_period" in service:
        same("time to stop", service["stop_grace_period"], f"{config['StopTimeout']}s")
    if "healthcheck" in service:
        wanted, found = service["healthcheck"], config["Healthcheck"]
        same("health check", wanted["test"][1:], found["Test"][-len(wanted["test"]) + 1:])
        same("retries", wanted["retries"], found["Retries"])
        same("time of a check", wanted["timeout"], seconds(found["Timeout"]))
        same("start period", wanted["start_period"], seconds(found["StartPeriod"]))
    given = {e.split("=", 1)[0]: e.split("=", 1)[1] for e in config["Env"]}
    for name, text in service["environment"].items():
        if "$" in text:
            same(f"environment has {name}", True, name in given)
        else:
            same(f"environment: {name}", text, given.get(name))


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        service = yaml.safe_load(f)["services"][sys.argv[2]]
    check(service, json.load(sys.stdin)[0])
    print("\n".join(wrong))
    sys.exit(bool(wrong))


main()

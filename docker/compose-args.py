#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The arguments of `podman create` for a service of compose.yaml, each ended by a NUL.

  compose-args.py FILE SERVICE [--extra ARGUMENT]... [-- COMMAND...]
  compose-args.py FILE --print SERVICE.KEY.KEY      a value, for scripts

Knows the keys that compose.yaml uses; any other is an error, so that nothing in the file is passed over.
podman's health timers need systemd: the check is there, and whoever starts the container runs it.
"""
import json
import os
import re
import sys

import yaml


def expand(value):
    """${NAME}, ${NAME-default}, ${NAME:+instead}, as compose does."""
    def one(m):
        name, how, text = m.group(1), m.group(2), m.group(3)
        here = os.environ.get(name)
        if how == ":+":
            return text if here else ""
        if here is None:
            return text if how == "-" else ""
        return here
    return re.sub(r"\$\{([A-Za-z_]\w*)(?:(-|:\+)([^}]*))?\}", one, value)


def expanded(node):
    if isinstance(node, str):
        return expand(node)
    if isinstance(node, list):
        return [expanded(n) for n in node]
    if isinstance(node, dict):
        return {k: expanded(v) for k, v in node.items()}
    return node


def networks(value):
    """With a hardware address that is always the same, as Docker's: who has it in a table finds a restarted one."""
    for name, settings in value.items():
        address = settings.get("ipv4_address")
        if address:
            mac = ":".join(f"{part:02x}" for part in (2, 0x42, *map(int, address.split("."))))
            yield f"--network={name}:ip={address},mac={mac}"
        else:
            yield f"--network={name}"


def environment(value):
    """What is passed on as it is goes by name: values of command lines can be read by everybody on the machine."""
    for name, text in value.items():
        yield f"--env={name}" if os.environ.get(name) == text else f"--env={name}={text}"


def health(value):
    yield "--health-cmd=" + json.dumps(value["test"][1:])
    yield "--health-interval=disable"
    yield f"--health-timeout={value['timeout']}"
    yield f"--health-retries={value['retries']}"
    yield f"--health-start-period={value['start_period']}"


def each(option):
    return lambda values: (f"{option}={v}" for v in values)


def single(option):
    return lambda value: [f"{option}={value}"]


KEYS = {
    "container_name": single("--name"),
    "networks": networks,
    "environment": environment,
    "volumes": each("--volume"),
    "user": single("--user"),
    "healthcheck": health,
    "cap_drop": each("--cap-drop"),
    "cap_add": each("--cap-add"),
    "security_opt": lambda values: (f"--security-opt={v.removesuffix(':true')}" for v in values),
    "read_only": lambda value: ["--read-only", "--read-only-tmpfs=false"] if value else [],
    "tmpfs": each("--tmpfs"),
    "mem_limit": single("--memory"),
    "memswap_limit": single("--memory-swap"),
    "pids_limit": single("--pids-limit"),
    "cpu_shares": single("--cpu-shares"),
    "stop_grace_period": lambda value: [f"--stop-timeout={value.removesuffix('s')}"],
}
ELSEWHERE = {"image", "build", "depends_on", "command"}


def arguments(service, extra, command):
    for key, value in service.items():
        if key in KEYS:
            yield from KEYS[key](value)
        elif key not in ELSEWHERE:
            sys.exit(f"compose-args.py: does not know the key {key}")
    yield from extra
    yield service["image"]
    yield from command or service.get("command", [])


def main(words):
    with open(words[0], encoding="utf-8") as f:
        services = expanded(yaml.safe_load(f))["services"]
    if words[1] == "--print":
        value = services
        for key in words[2].split("."):
            value = value[key]
        print(value)
        return
    at = words.index("--") if "--" in words else len(words)
    extra = [words[i + 1] for i in range(2, at) if words[i] == "--extra"]
    out = arguments(services[words[1]], extra, words[at + 1:])
    sys.stdout.write("".join(f"{a}\0" for a in out))


main(sys.argv[1:])

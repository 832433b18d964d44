#!/usr/bin/env python3
"""A stand-in for hashicorp/random 3.7.2, for Terraform in tests on machines that cannot fetch the real one.

It serves one resource type, `random_password`, over version 6 of Terraform's provider plugin protocol, with the real
one's schema (version 3). Messages are encoded by hand, as there are few: FIELDS of each are named where they are read.
"""
import json
import os
import secrets
import string
import sys
import tempfile
import threading
from concurrent import futures

import grpc
import msgpack

COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
UNKNOWN = msgpack.ExtType(0, b"\0")
SYMBOLS = "!@#$%&*()-_=+[]{}<>:?"

# name: (type, flags, value planned when not configured)
BOOL, NUMBER, STRING = "bool", "number", "string"
ATTRIBUTES = {
    "bcrypt_hash": (STRING, ("computed", "sensitive"), UNKNOWN),
    "id": (STRING, ("computed",), UNKNOWN),
    "keepers": (["map", STRING], ("optional",), None),
    "length": (NUMBER, ("required",), None),
    "lower": (BOOL, ("optional", "computed"), True),
    "min_lower": (NUMBER, ("optional", "computed"), 0),
    "min_numeric": (NUMBER, ("optional", "computed"), 0),
    "min_special": (NUMBER, ("optional", "computed"), 0),
    "min_upper": (NUMBER, ("optional", "computed"), 0),
    "number": (BOOL, ("optional", "computed"), True),
    "numeric": (BOOL, ("optional", "computed"), True),
    "override_special": (STRING, ("optional",), None),
    "result": (STRING, ("computed", "sensitive"), UNKNOWN),
    "special": (BOOL, ("optional", "computed"), True),
    "upper": (BOOL, ("optional", "computed"), True),
}
FLAGS = {"required": 4, "optional": 5, "computed": 6, "sensitive": 7}


# Protocol buffers: a message is a sequence of (field number, varint or bytes).

def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(message):
    """Reads a message into {field number: last value}; enough where no field repeats."""
    out, at = {}, 0

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = read()
        value = read()
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        out[key >> 3] = value
    return out


def unpack(dynamic):
    return msgpack.unpackb(fields(dynamic).get(1, b"\xc0"), raw=False)


def pack(value):
    return field(1, msgpack.packb(value))


def schema():
    attributes = b"".join(
        field(2, field(1, name) + field(2, json.dumps(kind)) + b"".join(field(FLAGS[f], 1) for f in flags))
        for name, (kind, flags, _) in ATTRIBUTES.items())
    return field(1, 3) + field(2, attributes)


def get_schema(_):
    entry = field(1, "random_password") + field(2, schema())
    return field(1, field(2, b"")) + field(2, entry) + field(6, field(1, 1))


def upgrade(request):
    stored = json.loads(fields(fields(request)[3])[1])
    return field(1, pack({name: stored.get(name) for name in ATTRIBUTES}))


def read(request):
    request = fields(request)
    return field(1, request[2]) + (field(3, request[4]) if 4 in request else b"")


def plan(request):
    request = fields(request)
    prior, planned, config = unpack(request[2]), unpack(request[3]), unpack(request[4])
    if planned is None:
        return field(1, pack(None))
    for name, (_, flags, default) in ATTRIBUTES.items():
        if config[name] is None and (prior is None or "optional" in flags):
            planned[name] = default
    for one, other in (("number", "numeric"), ("numeric", "number")):  # the former name is kept equal
        if config[one] is not None and config[other] is None:
            planned[other] = config[one]
    changed = [] if prior is None else [n for n in ATTRIBUTES if prior[n] != planned[n]]
    return field(1, pack(planned)) + b"".join(field(2, field(1, field(1, name))) for name in changed)


def generate(wanted):
    special = wanted["override_special"] or SYMBOLS
    classes = [("lower", string.ascii_lowercase), ("upper", string.ascii_uppercase), ("numeric", string.digits), ("special", special)]
    chosen = [secrets.choice(letters) for name, letters in classes for _ in range(wanted["min_" + name])]
    letters = "".join(letters for name, letters in classes if wanted[name])
    chosen += [secrets.choice(letters) for _ in range(wanted["length"] - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def apply(request):
    planned = unpack(fields(request)[3])
    if planned is not None and isinstance(planned["result"], msgpack.ExtType):
        # The real provider stores a bcrypt hash; nothing here compares it.
        planned.update(id="none", result=generate(planned), bcrypt_hash="$2a$10$" + secrets.token_hex(26)[:53])
    return field(1, pack(planned))


def main():
    if os.environ.get("TF_PLUGIN_MAGIC_COOKIE") != COOKIE:
        sys.exit("This program is a provider plugin: Terraform starts it.")
    server = grpc.server(futures.ThreadPoolExecutor(16))
    nothing = lambda _: b""
    calls = {
        "GetProviderSchema": get_schema, "GetMetadata": lambda _: field(1, field(2, 1)) + field(4, field(1, "random_password")),
        "ValidateProviderConfig": nothing, "ConfigureProvider": nothing, "StopProvider": nothing, "ValidateResourceConfig": nothing,
        "UpgradeResourceState": upgrade, "ReadResource": read, "PlanResourceChange": plan, "ApplyResourceChange": apply,
    }

    def handlers(functions):
        return {name: grpc.unary_unary_rpc_method_handler(lambda request, _, f=f: f(request)) for name, f in functions.items()}

    def shutdown(_):
        threading.Timer(0.05, os._exit, [0]).start()
        return b""

    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler("tfplugin6.Provider", handlers(calls)),
        grpc.method_handlers_generic_handler("plugin.GRPCController", handlers({"Shutdown": shutdown})),
    ))
    folder = tempfile.mkdtemp(prefix="plugin-", dir=os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or None)
    address = os.path.join(folder, "socket")
    server.add_insecure_port(f"unix:{address}")
    server.start()
    print(f"1|6|unix|{address}|grpc|", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        server.wait_for_termination(1)


if __name__ == "__main__":
    main()

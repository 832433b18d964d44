"""hashicorp/aws itself, asked by its plugin protocol: what Terraform does around a provider's validation and planning, without Terraform.

One process answers thousands of configurations in the time of a single `terraform plan`. There are no texts and no marks.
Source: plugin protocol 5; Terraform's rules of the proposed new object (`ProposedNew`) as observed. Messages are encoded by hand, as there
are few: a message is a sequence of (field number, value).
"""
import json
import os
import subprocess

import aws_variations
import grpc
import msgpack

UNKNOWN = msgpack.ExtType(0, b"\0")
COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
SINGLE, LIST, SET = 1, 2, 3


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
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
    """Reads a message into {field number: [values]}."""
    out, at, end = {}, 0, len(message)

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

    while at < end:
        key = read()
        value = read()
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        out.setdefault(key >> 3, []).append(value)
    return out


def text(message, number):
    return bytes(message.get(number, [b""])[0]).decode()


def unpack(dynamic):
    return msgpack.unpackb(fields(dynamic).get(1, [b"\xc0"])[0], raw=False, strict_map_key=False)


def pack(value):
    return field(1, msgpack.packb(value))


def block_of(message):
    """Reads a block's schema: attributes by name, nested blocks by name."""
    message = fields(message)
    attributes, blocks = {}, {}
    for one in map(fields, message.get(2, [])):
        attributes[text(one, 1)] = {"type": json.loads(bytes(one[2][0])), **{k: bool(one.get(n, [0])[0]) for k, n in
                                    (("required", 4), ("optional", 5), ("computed", 6), ("sensitive", 7), ("write_only", 10))}}
    for one in map(fields, message.get(3, [])):
        blocks[text(one, 1)] = {"block": block_of(one[2][0]), "nesting": one[3][0], "min": one.get(4, [0])[0], "max": one.get(5, [0])[0]}
    return {"attributes": attributes, "blocks": blocks}


class Refused(Exception):
    """What Terraform itself refuses before a provider sees it."""


def converted(kind, value):
    """Converts a value of the configuration to an attribute's type."""
    if value == aws_variations.UNKNOWN:
        return UNKNOWN
    if value is None or value == UNKNOWN:
        return value
    if isinstance(kind, list):
        of, inner = kind[0], kind[1]
        if of in ("list", "set"):
            if not isinstance(value, list):
                raise Refused(f"{of} required")
            items = [converted(inner, v) for v in value]
            return distinct(items) if of == "set" else items
        if not isinstance(value, dict):
            raise Refused(f"{of} required")
        if of == "map":
            return {k: converted(inner, v) for k, v in value.items()}
        return {k: converted(t, value.get(k)) for k, t in inner.items()}
    if kind == "dynamic":
        return value
    if isinstance(value, (list, dict)):
        raise Refused(f"{kind} required")
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value).replace("$${", "${").replace("%%{", "%{")
    if kind == "bool":
        if str(value).lower() not in ("true", "false") or isinstance(value, str) and value.lower() != value:
            raise Refused("a bool is required")
        return str(value).lower() == "true"
    if isinstance(value, bool):
        raise Refused("a number is required")
    try:
        return value if isinstance(value, (int, float)) else int(value)
    except ValueError:
        try:
            return float(value)
        except ValueError:
            raise Refused("a number is required") from None


def distinct(items):
    out = []
    for item in items:
        if item not in out:
            out.append(item)
    return out


def fit(block, config, judge=True):
    """Brings a block of the configuration into the form of its schema."""
    for name in config:
        if name not in block["attributes"] and name not in block["blocks"]:
            raise Refused(f"unsupported argument {name}")
    out = {}
    for name, attribute in block["attributes"].items():
        out[name] = converted(attribute["type"], config.get(name))
        if judge and out[name] is None and attribute["required"]:
            raise Refused(f"missing required argument {name}")
        if judge and out[name] is not None and not (attribute["required"] or attribute["optional"]):
            raise Refused(f"{name} is decided by the provider")
    for name, nested in block["blocks"].items():
        given = config.get(name)
        given = [] if given is None else given if isinstance(given, list) else [given]
        items = [fit(nested["block"], g, judge) for g in given]
        if judge and (len(items) < nested["min"] or nested["max"] and len(items) > nested["max"]):
            raise Refused(f"{len(items)} blocks {name}")
        if nested["nesting"] == SINGLE:
            out[name] = items[0] if items else None
        else:
            out[name] = distinct(items) if nested["nesting"] == SET else items
    return out


def empty(block):
    return {**dict.fromkeys(block["attributes"]), **{n: None if b["nesting"] == SINGLE else [] for n, b in block["blocks"].items()}}


def proposed(block, prior, config):
    """The configuration, completed by what is there where the provider decides."""
    if config is None or config == UNKNOWN:
        return prior
    prior = empty(block) if prior is None else prior
    out = {}
    for name, attribute in block["attributes"].items():
        out[name] = prior[name] if attribute["computed"] and config[name] is None else config[name]
    for name, nested in block["blocks"].items():
        before, now, inner = prior[name], config[name], nested["block"]
        if nested["nesting"] == SINGLE:
            out[name] = now if now is None else proposed(inner, before, now)
        elif not now or now == UNKNOWN:
            out[name] = now
        elif nested["nesting"] == LIST:
            before = before if isinstance(before, list) else []
            out[name] = [proposed(inner, before[i] if i < len(before) else None, c) for i, c in enumerate(now)]
        else:
            left = list(before) if isinstance(before, list) else []
            out[name] = []
            for c in now:
                pair = next((p for p in left if may_come_from(inner, p, c)), None)
                if pair is not None:
                    left.remove(pair)
                out[name].append(proposed(inner, pair, c))
    return out


def may_come_from(block, prior, config):
    """Tells whether an object differs from its configuration only in what the provider decides."""
    for name, attribute in block["attributes"].items():
        if config[name] != prior[name] and not (attribute["computed"] and config[name] is None):
            return False
    for name, nested in block["blocks"].items():
        a, b = prior[name], config[name]
        if a == b:
            continue
        if nested["nesting"] == SET or not isinstance(a, list) or not isinstance(b, list) or len(a) != len(b):
            return False
        if not all(may_come_from(nested["block"], x, y) for x, y in zip(a, b)):
            return False
    return True


def shown(kind, value):
    """Returns (value, what is unknown) of an attribute as JSON plans have them; the value is UNKNOWN where nothing is known."""
    if isinstance(value, msgpack.ExtType):
        return UNKNOWN, True
    if value is None:
        return None, False
    if kind == "number" and isinstance(value, str):
        return float(value), False
    if isinstance(kind, list) and kind[0] in ("list", "set", "tuple"):
        pairs = [shown(kind[1], v) for v in value]
        return [None if v is UNKNOWN else v for v, _ in pairs], [u for _, u in pairs]
    if isinstance(kind, list):
        pairs = {k: shown(kind[1] if kind[0] == "map" else kind[1][k], v) for k, v in value.items()}
        return parts(pairs)
    return value, False


def parts(pairs):
    known = {k: v for k, (v, _) in pairs.items() if v is not UNKNOWN}
    return known, {k: u for k, (_, u) in pairs.items() if u is not False}


def shown_block(block, value):
    if isinstance(value, msgpack.ExtType):
        return UNKNOWN, True
    if value is None:
        return None, False
    pairs = {n: shown(a["type"], value[n]) for n, a in block["attributes"].items()}
    for name, nested in block["blocks"].items():
        inner = value[name]
        if isinstance(inner, list):
            items = [shown_block(nested["block"], v) for v in inner]
            pairs[name] = [None if v is UNKNOWN else v for v, _ in items], [u for _, u in items]
        else:
            pairs[name] = shown_block(nested["block"], inner)
    return parts(pairs)


def at(value, path):
    """Returns what stands at a path, None where nothing does."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


class Plugin:
    """The provider as an engine of comparisons."""

    def __init__(self, program, environment):
        self.name = "terraform"
        kept = {**environment, "TF_PLUGIN_MAGIC_COOKIE": COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "5", "TF_LOG": "off"}
        self.process = subprocess.Popen([program], env=kept, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = self.process.stdout.readline().split("|")[3]
        self.channel = grpc.insecure_channel(f"unix:{address}", options=[("grpc.max_receive_message_length", -1)])
        schema = fields(self.call("GetSchema", b""))
        read = lambda number: {text(e, 1): fields(e[2][0]) for e in map(fields, schema[number])}
        self.schemas, self.data = read(2), read(3)
        self.blocks = {}
        provider = block_of(fields(schema[1][0])[2][0])
        here = "http://127.0.0.1:1"
        settings = {"region": "eu-west-1", "access_key": "a", "secret_key": "b", "skip_credentials_validation": True, "max_retries": 1,
                    "skip_requesting_account_id": True, "skip_metadata_api_check": "true", "skip_region_validation": True,
                    "s3_use_path_style": True, "endpoints": [{k: here for k in ("sts", "iam", "ec2")}]}
        config = pack(fit(provider, settings))
        prepared = fields(self.call("PrepareProviderConfig", field(1, config)))
        self.errors(prepared.get(2), must=True)
        answer = fields(self.call("Configure", field(1, "1.11.4") + field(2, prepared.get(1, [config])[0]) + field(3, field(2, 1))))
        self.errors(answer.get(1), must=True)

    def call(self, method, request):
        return self.channel.unary_unary(f"/tfplugin5.Provider/{method}")(request)

    def close(self):
        self.channel.close()
        self.process.kill()
        self.process.wait()

    def errors(self, diagnostics, must=False):
        """Returns the first error."""
        for one in map(fields, diagnostics or []):
            if one.get(1) == [1]:
                said = f"{text(one, 2)}: {text(one, 3)[:160]}".strip(": \n")
                if must:
                    raise SystemExit(said)
                return said
        return None

    def block(self, kind):
        if kind not in self.blocks:
            schema = self.data[kind[5:]] if kind.startswith("data.") else self.schemas[kind]
            self.blocks[kind] = block_of(schema[2][0])
        return self.blocks[kind]

    def refused(self, configurations):
        """Returns {number: first message} of the configurations that validation refuses."""
        out, known = {}, {}
        for number, (kind, configuration) in configurations.items():
            key = kind, json.dumps(configuration, sort_keys=True)
            if key not in known:
                known[key] = self.refusal(kind, configuration)
            if known[key]:
                out[number] = known[key]
        return out

    def refusal(self, kind, configuration):
        data = kind.startswith("data.")
        try:
            config = fit(self.block(kind), configuration)
        except Refused as e:
            return str(e)
        method = "ValidateDataSourceConfig" if data else "ValidateResourceTypeConfig"
        request = field(1, kind.removeprefix("data.")) + field(2, pack(config)) + (b"" if data else field(3, field(2, 1)))
        return self.errors(fields(self.call(method, request)).get(1))

    def planned(self, configurations, instances=None):
        """Returns ({number: change}, no texts, {number: error})."""
        changes, errors = {}, {}
        for number, (kind, configuration) in configurations.items():
            change, error = self.change(kind, configuration, instances and instances[number][1])
            if error:
                errors[number] = error
            else:
                changes[number] = change
        return changes, None, errors

    def change(self, kind, configuration, instance):
        block = self.block(kind)
        try:
            config = fit(block, configuration)
        except Refused as e:
            return None, str(e)
        prior = None
        if instance:
            stored = json.dumps(instance["attributes"])
            request = field(1, kind) + field(2, instance["schema_version"]) + field(3, field(1, stored))
            answer = fields(self.call("UpgradeResourceState", request))
            if error := self.errors(answer.get(2)):
                return None, error
            prior = unpack(answer[1][0])
        planned, replace, error = self.plan(kind, block, prior, config)
        if error:
            return None, error
        paths = [p for p in replace if prior is not None and differs(at(prior, p), at(planned, p))]
        actions = ["create"] if prior is None else ["no-op"] if planned == prior else ["update"]
        if paths and actions == ["update"]:
            actions = ["delete", "create"]
            planned, _, error = self.plan(kind, block, None, config)
            if error:
                return None, error
        before, _ = shown_block(block, prior)
        after, unknown = shown_block(block, planned)
        change = {"actions": actions, "before": before, "after": after, "after_unknown": unknown}
        if paths and "delete" in actions:
            change["replace_paths"] = paths
        return change, None

    def plan(self, kind, block, prior, config):
        wanted = proposed(block, prior, config)
        request = (field(1, kind) + field(2, pack(prior)) + field(3, pack(wanted)) + field(4, pack(config)) + field(7, field(2, 1)))
        answer = fields(self.call("PlanResourceChange", request))
        if error := self.errors(answer.get(4)):
            return None, [], error
        return unpack(answer[1][0]), [list(steps(p)) for p in answer.get(2, [])], None


def differs(a, b):
    return isinstance(b, msgpack.ExtType) or a != b


def steps(path):
    for step in map(fields, fields(path).get(1, [])):
        yield step[3][0] if 3 in step else text(step, 1 if 1 in step else 2)

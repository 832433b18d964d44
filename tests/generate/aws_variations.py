"""Configurations of AWS types and what can be varied in them, made from the cases of the conformance suite and the facts of each type."""
import copy
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREFIXES = {"aws_vpc": "vpc", "aws_subnet": "subnet", "aws_security_group": "sg", "aws_route_table": "rtb", "aws_internet_gateway": "igw",
            "aws_eip": "eipalloc", "aws_nat_gateway": "nat", "aws_network_acl": "acl", "aws_network_interface": "eni",
            "aws_vpc_endpoint": "vpce", "aws_vpc_dhcp_options": "dopt", "aws_vpc_peering_connection": "pcx",
            "aws_efs_file_system": "fs", "aws_efs_access_point": "fsap"}
# What the service answers where a sample of the facts would be no answer of it.
STORED = {"aws_dynamodb_table": {"read_capacity": 0, "write_capacity": 0},
          "aws_sns_topic": {"fifo_throughput_scope": ""},
          "aws_s3_bucket_lifecycle_configuration": {"object_size_greater_than": None, "object_size_less_than": None}}
# What a configuration says for a value that only apply will tell, of any type.
UNKNOWN = "${jsondecode(terraform_data.u.output)}"
BALANCING = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
ARNS = {"aws_lb": "loadbalancer/app/x/0123456789abcdef", "aws_lb_target_group": "targetgroup/x/0123456789abcdef",
        "aws_lb_listener": "listener/app/x/0123456789abcdef/0123456789abcdef"}
BAD = {"arn": ["nonsense", "arn:aws"], "cidr": ["10.0.0.0", "10.0.0.1/16"], "ipv4_cidr": ["10.0.0.0", "2001:db8::/32", "10.0.0.1/16"],
       "ipv6_cidr": ["10.0.0.0/8"], "json": ["{", "nonsense"], "rfc3339": ["yesterday"], "url": ["nonsense"], "duration": ["soon"],
       "ipv4": ["nonsense", "300.0.0.1"]}


def types(data=False):
    """Returns the resource types that have facts and a case, or the data sources that have facts."""
    if data:
        return sorted(f"data.{p.stem}" for p in facts_path("data.x").parent.glob("*.json"))
    cards = {p.stem for p in (ROOT / "tests/conformance/aws").glob("aws_*.json")}
    return sorted(t for t in cards if facts_path(t).exists())


def facts_path(kind):
    return ROOT / f"tests/facts/aws/{kind.replace('data.', 'data/')}.json"


def facts(kind):
    return json.loads(facts_path(kind).read_text())


def card(kind):
    """Returns the case of the conformance suite: what it needs, its configuration, its updates."""
    return json.loads((ROOT / f"tests/conformance/aws/{kind}.json").read_text())


def more_bases(kind):
    """Returns further configurations to vary, by name: shapes which the case does not have."""
    return json.loads((Path(__file__).parent / "aws_bases.json").read_text()).get(kind, {})


def resolved(value, lookup):
    """Puts the attributes of what a case needs where it refers to them."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\.(\w+)\}", lambda m: str(lookup(m.group(1), m.group(2))), value)
    if isinstance(value, list):
        return [resolved(v, lookup) for v in value]
    return {k: resolved(v, lookup) for k, v in value.items()} if isinstance(value, dict) else value


def invented(needs):
    """Returns a lookup that invents attributes of the right form, where nothing has been applied."""
    def lookup(name, attribute):
        need = needs[name]
        kind, config = need["type"], need["config"]
        if isinstance(config.get(attribute), (str, int)) and "${" not in str(config[attribute]):
            return config[attribute]
        if attribute.endswith("arn"):
            return BALANCING + ARNS[kind] if kind in ARNS else f"arn:aws:{kind.split('_')[1]}:eu-west-1:123456789012:{name}/abc"
        if attribute == "id" and kind in PREFIXES:
            return PREFIXES[kind] + "-0123456789abcdef0"
        if attribute == "id" and ("name" in config or "bucket" in config):
            return config.get("name") or config["bucket"]
        return f"{name}-{attribute}"
    return lookup


def sample(attribute, number=0):
    """Returns a value that an attribute takes, the nth."""
    kind = attribute["type"]
    if isinstance(kind, list):
        if kind[0] == "object":
            return {k: sample({"type": v}, number) for k, v in kind[1].items()}
        inner = sample(dict(attribute, type=kind[1]), number)
        return {"k": inner} if kind[0] == "map" else [inner]
    if attribute.get("enum"):
        return attribute["enum"][number % len(attribute["enum"])]
    if kind == "bool":
        return number % 2 == 0
    low, high = attribute.get("range") or (None, None)
    if kind == "number":
        return low + number if low is not None else high - number if high is not None else 10 + number
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": f"s3:Get{number}", "Resource": "*", "Principal": "*"}]}
    forms = {"arn": f"arn:aws:iam::123456789012:role/x{number}", "cidr": f"10.{number}.0.0/16", "ipv4_cidr": f"10.{number}.0.0/16",
             "ipv6_cidr": f"2001:db8:{number}::/56", "json": json.dumps(policy, sort_keys=True, separators=(",", ":")),
             "rfc3339": f"2030-01-0{number + 1}T00:00:00Z", "ipv4": f"10.0.0.{number + 4}", "url": f"https://example.com/{number}",
             "duration": f"{number + 1}m"}
    text = forms.get(attribute.get("format"), f"val{number}")
    shortest, longest = attribute.get("length") or (None, None)
    text += "x" * ((shortest or 0) - len(text))
    return text if not longest or len(text) <= longest else "ab"[number % 2] * longest


def block(fact, number=0):
    """Returns a block with what it requires."""
    out = {k: sample(a, number) for k, a in fact.get("attributes", {}).items() if a.get("required")}
    out.update({k: [block(b, number)] * b["min"] for k, b in fact.get("blocks", {}).items() if b.get("min")})
    return out


def places(fact, at=()):
    """Yields (path, fact, is_block) of all that can be configured."""
    for name, attribute in fact.get("attributes", {}).items():
        if (at or name not in ("id", "tags_all")) and (attribute.get("optional") or attribute.get("required")):
            yield (*at, name), attribute, False
    for name, inner in fact.get("blocks", {}).items():
        yield (*at, name), inner, True
        if len(at) < 3:
            yield from places(inner, (*at, name))


def put(config, fact, path, value):
    """Returns a copy with a value at a path, or without one for None; blocks on the way are made."""
    config = copy.deepcopy(config)
    here = config
    for name in path[:-1]:
        fact = fact["blocks"][name]
        if not here.get(name):
            if value is None:
                return config
            here[name] = [block(fact)]
        if isinstance(here[name], dict):
            here[name] = [here[name]]
        here = here[name][0]
    if value is None:
        here.pop(path[-1], None)
    else:
        here[path[-1]] = value
    return config


def get(config, path):
    for name in path:
        config = config[0] if isinstance(config, list) and config else config
        config = config.get(name) if isinstance(config, dict) else None
    return config


def fact_at(fact, path):
    for name in path[:-1]:
        fact = fact["blocks"][name]
    return fact["attributes"].get(path[-1]) or fact["blocks"][path[-1]]


def something(fact, number=0):
    return [block(fact, number)] if "nesting" in fact else sample(fact, number)


def changes(kind, base, updates=()):
    """Yields (label, configuration before, configuration after): one attribute or block set, changed, unknown, emptied or removed."""
    fact = facts(kind)
    yield "same", base, base
    for update in updates:
        yield "update " + ",".join(update["set"]), base, {**base, **update["set"]}
    for path, one, is_block in places(fact):
        name, present = ".".join(path), get(base, path)
        without = put(base, fact, path, None)
        if is_block:
            if len(path) == 1 and present is None:
                yield f"{name} added", base, put(base, fact, path, [block(one)])
                yield f"{name} removed", put(base, fact, path, [block(one)]), base
            elif present is not None and not one.get("min"):
                yield f"{name} removed", base, without
            continue
        first, second = put(base, fact, path, sample(one, 0)), put(base, fact, path, sample(one, 1))
        if present is not None:
            first = base
            if isinstance(one["type"], list) or get(second, path) == present:
                second = put(base, fact, path, sample(one, 2))
        yield f"{name} changed", first, second
        yield f"{name} unknown", first, put(base, fact, path, UNKNOWN)
        if not one.get("required"):
            yield f"{name} set", without, second
            yield f"{name} unset", first, without
        if one["type"] == "string":
            yield f"{name} emptied", first, put(base, fact, path, "")
        elif one["type"] == "number" and not one.get("required"):
            yield f"{name} to zero", first, put(base, fact, path, 0)
        elif one["type"] == "bool" and not one.get("required"):
            yield f"{name} to false from nothing", without, put(base, fact, path, False)
        elif isinstance(one["type"], list) and one["type"][0] != "object" and not one.get("required"):
            yield f"{name} to none", first, put(base, fact, path, {} if one["type"][0] == "map" else [])


def inputs(kind, base):
    """Yields (label, configuration) of what validation judges: limits, formats, enumerations, combinations."""
    fact = facts(kind)
    yield "base", base
    for path, one, is_block in places(fact):
        name = ".".join(path)
        if is_block:
            if one.get("max"):
                yield f"{name} too many", put(base, fact, path, [block(one, i) for i in range(one["max"] + 1)])
            if one.get("min"):
                yield f"{name} missing", put(base, fact, path, None)
            continue
        inner = one["type"][1] if isinstance(one["type"], list) else one["type"]
        wrap = (lambda v: v) if inner is one["type"] else (lambda v: {"k": v}) if one["type"][0] == "map" else (lambda v: [v])
        values = {"sample": sample(one)}
        if one.get("required"):
            values["missing"] = None
        if inner == "string":
            values.update({"empty": wrap(""), "with a blank": wrap("bo gus!"), "upper": wrap("BOGUS"), "very long": wrap("a" * 300)})
        for i, value in enumerate(one.get("enum") or []):
            values[f"enum {i}"] = wrap(value)
            if isinstance(value, str):
                values[f"enum {i} other case"] = wrap(value.swapcase())
        low, high = one.get("range") or (None, None)
        values.update({f"{v}": wrap(v) for v in ([low - 1, low] if low is not None else []) + ([high, high + 1] if high is not None else [])})
        if inner == "number" and not one.get("range"):
            values.update({f"{v}": wrap(v) for v in (-1, 0, 1000000)})
        low, high = one.get("length") or (None, None)
        values.update({f"length {n}": wrap("a" * n) for n in ([low - 1] if low else []) + ([high, high + 1] if high else [])})
        values.update({f"bad {one['format']} {i}": wrap(v) for i, v in enumerate(BAD.get(one.get("format"), []))})
        for label, value in values.items():
            yield f"{name} {label}", put(base, fact, path, value)
    yield from combinations(fact, base)


def combinations(fact, base):
    """Yields what the declared constraints between attributes allow and forbid."""
    plain = lambda text: re.sub(r"\.\d+\.", ".", text).split(".")
    for constraint in fact.get("constraints", []):
        kind = constraint["kind"]
        try:
            if constraint.get("attribute"):
                one = plain(constraint["attribute"])
                for text in constraint.get("with", []):
                    other = plain(text)
                    both = put(put(base, fact, one, something(fact_at(fact, one))), fact, other, something(fact_at(fact, other)))
                    yield f"{kind} {'.'.join(one)} with {text}", both
                    yield f"{kind} {'.'.join(one)} without {text}", put(both, fact, other, None)
                continue
            names = [plain(n) for n in constraint.get("attributes", [])]
            none = every = base
            for name in names:
                none = put(none, fact, name, None)
            yield f"{kind} none", none
            for name in names:
                every = put(every, fact, name, something(fact_at(fact, name)))
                yield f"{kind} {'.'.join(name)} alone", put(none, fact, name, something(fact_at(fact, name)))
            yield f"{kind} all", every
        except KeyError:
            continue  # An attribute that the facts name and do not describe.

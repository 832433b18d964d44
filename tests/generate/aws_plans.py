#!/usr/bin/env python3
"""Varies configurations of AWS types one attribute at a time, and compares how sdt and Terraform with hashicorp/aws plan them.

    tests/generate/aws_plans.py --bin target/debug/sdt [--kind input|data|plan|applied] [TYPE ...]

`input`: values at and beyond each limit, and combinations: does validation refuse the same? `data`: that of data sources. `plan`: plans of
creations, then plans of changes on a state made of what Terraform planned. `applied`: the same changes on states as applied: each case of
the conformance suite is applied to a local AWS (by --apply), both engines must then plan no changes, and its instance stands in the state
once for each variation.

`--by plugin` asks hashicorp/aws by its plugin protocol in place of Terraform (aws_plugin.py; needs grpcio and msgpack).

TYPE is a part of a type's name. Prints each difference: actions, paths that replace, what is unknown, planned values, sensitivity, text.
"""
import argparse
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import aws_variations as variations

sys.path.insert(0, str(variations.ROOT / "tests" / "e2e"))
sys.dont_write_bytecode = True
from harness import LocalAws, terraform_mirror  # noqa: E402

SERVICES = ("acm appautoscaling cloudwatch dynamodb ec2 ecs efs elbv2 iam kms logs rds s3 secretsmanager servicediscovery sns ssm sts").split()
NAMED = re.compile(r"with aws_\w+\.p(\d+)")
# Terraform's graph costs more than linear time.
AT_ONCE = 250
PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]'


class Engine:
    """A program in a folder of its own, which gets one configuration after the other."""

    def __init__(self, name, program, folder, environment):
        self.name, self.program, self.folder, self.environment = name, program, folder, environment
        folder.mkdir(parents=True)
        self.endpoint = "http://127.0.0.1:1"
        self.write({})
        self.run("init", "-input=false", "-no-color", must=True)

    def run(self, *arguments, must=False):
        done = subprocess.run([self.program, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        if must and done.returncode:
            sys.exit(f"{self.name} {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done

    def write(self, resources, state=None):
        provider = {"region": "eu-west-1", "access_key": "a", "secret_key": "b", "skip_credentials_validation": True, "max_retries": 1,
                    "skip_requesting_account_id": self.endpoint.endswith(":1"), "skip_metadata_api_check": True,
                    "skip_region_validation": True, "s3_use_path_style": True, "endpoints": [dict.fromkeys(SERVICES, self.endpoint)]}
        document = {"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}, "provider": {"aws": provider}}
        if variations.UNKNOWN in json.dumps(resources):
            document["resource"] = {"terraform_data": {"u": {"input": "x"}}}
        for kind, instances in resources.items():
            mode, name = ("data", kind[5:]) if kind.startswith("data.") else ("resource", kind)
            document.setdefault(mode, {})[name] = instances
        (self.folder / "main.tf.json").write_text(json.dumps(document, indent=1))
        for old in self.folder.glob("terraform.tfstate*"):
            old.unlink()
        if state:
            (self.folder / "terraform.tfstate").write_text(json.dumps(state))

    def refused(self, configurations):
        """Returns {number: first message} of the configurations that validation refuses."""
        out = {}
        for some in pieces(configurations):
            out.update(self.refused_of(some))
        return out

    def refused_of(self, configurations):
        self.write(by_type(configurations))
        answer = self.run("validate", "-json")
        try:
            diagnostics = json.loads(answer.stdout)["diagnostics"]
        except ValueError:
            sys.exit(f"{self.name} validate: {answer.stdout[-500:]}{answer.stderr[-3000:]}")
        owners, owner = {}, None
        for number, line in enumerate((self.folder / "main.tf.json").read_text().splitlines(), 1):
            owner = (re.match(r'   "p(\d+)": ', line) or [None, owner])[1]
            owners[number] = owner
        out = {}
        for d in diagnostics:
            line = ((d.get("range") or {}).get("start") or {}).get("line")
            if d["severity"] == "error" and line is None:
                print(f"{self.name}: no place: {d['summary']}: {d.get('detail', '')[:300]}")
            elif d["severity"] == "error":
                out.setdefault(int(owners[line] or -1), f"{d['summary']}: {d.get('detail', '')[:160]}")
        return out

    def planned(self, configurations, instances=None):
        """Returns ({number: change}, {number: text}, {number: error}); what is refused is left out and the rest planned again."""
        changes, texts, errors = {}, {}, {}
        for some in pieces(configurations):
            for all_of, these in zip((changes, texts, errors), self.planned_of(some, instances)):
                all_of.update(these)
        return changes, texts, errors

    def planned_of(self, configurations, instances):
        errors = {}
        for _ in range(12):
            live = {n: c for n, c in configurations.items() if n not in errors}
            self.write(by_type(live), instances and state_of({n: instances[n] for n in live}))
            plan = self.run("plan", "-input=false", "-refresh=false", "-no-color", "-lock=false", "-out=p.bin")
            if not plan.returncode:
                shown = json.loads(self.run("show", "-json", "p.bin", must=True).stdout)
                text = self.run("show", "-no-color", "p.bin", must=True).stdout
                texts = texts_of(text)
                changes = {number_of(c): c["change"] for c in shown["resource_changes"] if c["type"].startswith("aws_")}
                return changes, {n: texts.get(n, "") for n in changes}, errors
            found = {int(n): m.split("\n")[0] for m in re.split(r"\n(?:│ )?Error: ", plan.stderr + plan.stdout)[1:] for n in NAMED.findall(m)}
            if not found:
                print(f"{self.name} plan: {plan.stdout[-300:]}{plan.stderr[-2000:]}")
                break
            errors.update(found)
        return {}, {}, errors


def by_plugin(environment):
    from aws_plugin import Plugin  # Needs grpcio and msgpack, which Terraform's own plans do not.
    (program,) = (terraform_mirror.mirror() / "registry.terraform.io/hashicorp/aws").glob("5.100.0/*/terraform-provider-aws*")
    return Plugin(str(program), environment)


def pieces(mapping):
    items = list(mapping.items())
    return [dict(items[i:i + AT_ONCE]) for i in range(0, len(items), AT_ONCE)]


def by_type(configurations):
    out = {}
    for number, (kind, configuration) in configurations.items():
        out.setdefault(kind, {})[f"p{number}"] = configuration
    return out


def number_of(change):
    return int(change["address"].split(".p")[1])


def texts_of(text):
    """Returns what a plan's text says of each resource."""
    parts = re.split(r"\n  # aws_\w+\.p(\d+) ", text.split("\nPlan:")[0])
    return {int(n): re.sub(r"\n+$", "", t) for n, t in zip(parts[1::2], parts[2::2])}


def state_of(instances):
    resources = [{"mode": "managed", "type": kind, "name": f"p{n}", "provider": PROVIDER, "instances": [instance]}
                 for n, (kind, instance) in instances.items()]
    return {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "outputs": {}, "resources": resources}


def unknown_paths(value, at=""):
    if value is True:
        return {at}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return set().union(*(unknown_paths(v, f"{at}.{k}") for k, v in items))


def leaves(value, at=""):
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = json.dumps(json.loads(value), sort_keys=True)
        except ValueError:
            pass
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        return {at: value}
    return {k: v for key, inner in items for k, v in leaves(inner, f"{at}.{key}").items()} or {at: type(value)()}


def differences(theirs, ours, text_theirs=None, text_ours=None):
    """Returns what differs between two changes of one instance, as texts."""
    out = []
    if theirs["actions"] != ours["actions"]:
        out.append(f"actions {'/'.join(theirs['actions'])}, not {'/'.join(ours['actions'])} {ours.get('replace_paths', '')}")
    elif sorted(map(str, theirs.get("replace_paths", []))) != sorted(map(str, ours.get("replace_paths", []))):
        out.append(f"replaced by {theirs.get('replace_paths')}, not {ours.get('replace_paths')}")
    unknown, mine = unknown_paths(theirs.get("after_unknown")), unknown_paths(ours.get("after_unknown"))
    if unknown != mine:
        out.append(f"unknown too {sorted(unknown - mine)}, but not {sorted(mine - unknown)}")
    for part in ("before", "after"):
        a, b = leaves(theirs.get(part)), leaves(ours.get(part))
        apart = [f"{k}: {a.get(k, '-')!r}, not {b.get(k, '-')!r}" for k in sorted({*a, *b})
                 if a.get(k, "-") != b.get(k, "-") and not any(k.startswith(u) for u in unknown ^ mine)]
        if apart:
            out.append(f"{part} " + "; ".join(apart[:4]))
        a, b = unknown_paths(theirs.get(f"{part}_sensitive")), unknown_paths(ours.get(f"{part}_sensitive"))
        if f"{part}_sensitive" in theirs and a != b:
            out.append(f"{part}_sensitive too {sorted(a - b)}, but not {sorted(b - a)}")
    if not out and text_theirs != text_ours:
        a, b = (text_theirs or "").splitlines(), (text_ours or "").splitlines()
        first = next((p for p in zip(a, b) if p[0] != p[1]), ("", f"{len(a)} lines, not {len(b)}"))
        out.append(f"text {first[0].strip()!r}, not {first[1].strip()!r}")
    return out


def filled(kind, fact, after, unknown, inside=False):
    """Makes an object as state holds it of what a plan says: samples for what is unknown, and in blocks zeros for nulls where the type is
    one of the older SDK."""
    legacy = variations.facts(kind).get("legacy_type_system")
    out = {}
    for name, attribute in fact["attributes"].items():
        out[name] = (after or {}).get(name)
        marks = (unknown or {}).get(name)
        if out[name] is None and marks:
            stored = variations.STORED.get(kind, {})
            out[name] = "x-0123456789abcdef0" if name == "id" else {} if name == "tags_all" else stored[name] if name in stored else likely(attribute)
        elif out[name] is None and inside and legacy:
            of = attribute["type"]
            zero = {"list": [], "set": [], "map": {}}.get(of[0]) if isinstance(of, list) else {"string": "", "number": 0, "bool": False}[of]
            out[name] = copy.copy(zero)
        elif isinstance(out[name], list) and isinstance(marks, list):
            out[name] = [{**v, **{k: "x" for k, u in m.items() if u is True}} if isinstance(m, dict) else "x" if m else v for v, m in zip(out[name], marks)]
    for name, inner in fact.get("blocks", {}).items():
        value, marks = (after or {}).get(name) or [], (unknown or {}).get(name)
        if isinstance(value, list):
            value = [filled(kind, inner, v, marks[i] if isinstance(marks, list) and i < len(marks) else None, True) for i, v in enumerate(value)]
        out[name] = value
    if fact.get("timeouts"):
        out["timeouts"] = (after or {}).get("timeouts")
    return out


def likely(attribute):
    return False if attribute["type"] == "bool" else variations.sample(attribute)


def instance_of(kind, change):
    fact = variations.facts(kind)
    attributes = filled(kind, fact, change["after"], change["after_unknown"])
    secret = [[{"type": "get_attr", "value": n}] for n, a in fact["attributes"].items() if a.get("sensitive") and attributes[n] is not None]
    return kind, {"schema_version": fact["schema_version"], "attributes": attributes, "sensitive_attributes": secret}


class Comparison:
    def __init__(self, theirs, ours):
        self.theirs, self.ours, self.found, self.seen = theirs, ours, Counter(), 0

    def tell(self, kind, label, what):
        self.found[kind] += 1
        print(f"{kind} {label}: {what}".replace("\n", " "), flush=True)

    def inputs(self, kinds):
        probes = [(k, label, c) for k in kinds for base in bases(k) for label, c in variations.inputs(k, base)]
        configurations = {n: (k, c) for n, (k, _, c) in enumerate(probes)}
        theirs, ours = self.theirs.refused(configurations), self.ours.refused(configurations)
        self.seen += len(probes)
        for n, (kind, label, _) in enumerate(probes):
            if (n in theirs) != (n in ours):
                self.tell(kind, label, f"refused: {theirs[n]}" if n in theirs else f"only refused by sdt: {ours[n]}")

    def both(self, configurations, labels, instances=None):
        """Plans with both, tells differences, and returns Terraform's changes."""
        (a, ta, ea), (b, tb, eb) = (e.planned(configurations, instances) for e in (self.theirs, self.ours))
        ta = tb if ta is None else ta
        self.seen += len(configurations)
        for n, (kind, _) in configurations.items():
            if (n in ea) != (n in eb):
                self.tell(kind, labels[n], f"refused at plan: {ea[n]}" if n in ea else f"only refused by sdt at plan: {eb[n]}")
            elif n in a and n in b:
                what = differences(a[n], b[n], ta.get(n), tb.get(n))
                if what:
                    self.tell(kind, labels[n], "; ".join(what))
        return a

    def accepted(self, probes):
        """Leaves out what Terraform's validation refuses."""
        flat = {(p[0], json.dumps(c, sort_keys=True)): c for p in probes for c in p[2:4]}
        numbered = {n: (kind, c) for n, ((kind, _), c) in enumerate(flat.items())}
        names = list(flat)
        bad = {names[n] for engine in (self.theirs, self.ours) for n in engine.refused(numbered)}
        return [p for p in probes if not any((p[0], json.dumps(c, sort_keys=True)) in bad for c in p[2:4])]

    def plans(self, kinds):
        probes = [(k, label, x, y) for k in kinds for base in bases(k) for label, x, y in variations.changes(k, base, updates_of(k))]
        probes = dict(enumerate(self.accepted(probes)))
        first = {}
        for n, p in probes.items():
            for c in p[2:4]:
                first.setdefault((p[0], json.dumps(c, sort_keys=True)), (p[1] if c is p[3] else f"before {p[1]}", c))
        creations = {i: (kind, c) for i, ((kind, _), (_, c)) in enumerate(first.items())}
        labels = {i: f"created: {label}" for i, (label, _) in enumerate(first.values())}
        planned = self.both(creations, labels)
        index = {key: i for i, key in enumerate(first)}
        created = {n: planned[i] for n, p in probes.items() if (i := index[p[0], json.dumps(p[2], sort_keys=True)]) in planned}
        instances = {n: instance_of(probes[n][0], c) for n, c in created.items()}
        changes = {n: (probes[n][0], probes[n][3]) for n in created}
        self.both(changes, {n: probes[n][1] for n in changes}, instances)

    def applied(self, kinds, by, aws):
        for engine in (self.theirs, self.ours):
            engine.endpoint = aws.environment()["AWS_ENDPOINT_URL"]
        for kind in kinds:
            aws.reset()
            card = variations.card(kind)
            needs = {f"need_{n}": need for n, need in card.get("needs", {}).items()}
            refer = lambda name, attribute: f"${{{card['needs'][name]['type']}.need_{name}.{attribute}}}"
            resources = {kind: {"it": variations.resolved(card["config"], refer)}}
            for name, need in needs.items():
                resources.setdefault(need["type"], {})[name] = variations.resolved(need["config"], refer)
            by.write(resources)
            done = by.run("apply", "-auto-approve", "-input=false", "-no-color")
            if done.returncode:
                self.tell(kind, "applied", (done.stdout[-200:] + done.stderr[-1500:]).strip())
                continue
            state = json.loads((by.folder / "terraform.tfstate").read_text())
            for engine in (self.theirs, self.ours):
                engine.write(resources, state)
                again = engine.run("plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false")
                self.seen += 1
                if again.returncode:
                    self.tell(kind, f"planned again by {engine.name}", (again.stdout + again.stderr)[-2500:])
            objects = {r["name"]: r["instances"][0] for r in state["resources"] if r["mode"] == "managed"}
            base = variations.resolved(card["config"], lambda name, attribute: objects[f"need_{name}"]["attributes"][attribute])
            updates = [{**u, "set": variations.resolved(u["set"], lambda n, a: objects[f"need_{n}"]["attributes"][a])} for u in card.get("updates", [])]
            # Only variations of the configuration that was applied: what is before is in the state.
            probes = [(kind, label, x, y) for label, x, y in variations.changes(kind, base, updates) if x == base]
            probes = dict(enumerate(self.accepted(probes)))
            instance = objects["it"]
            self.both({n: (kind, p[3]) for n, p in probes.items()}, {n: p[1] for n, p in probes.items()},
                      {n: (kind, instance) for n in probes})


def bases(kind):
    if kind.startswith("data."):
        return [variations.block(variations.facts(kind)), *variations.more_bases(kind).values()]
    card = variations.card(kind)
    return [variations.resolved(c, variations.invented(card.get("needs", {}))) for c in [card["config"], *variations.more_bases(kind).values()]]


def updates_of(kind):
    card = variations.card(kind)
    return variations.resolved(card.get("updates", []), variations.invented(card.get("needs", {})))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True, help="sdt's program")
    parser.add_argument("--kind", choices=("input", "data", "plan", "applied"), default="plan")
    parser.add_argument("--apply", choices=("sdt", "terraform"), default="sdt", help="who applies, of --kind applied")
    parser.add_argument("--by", choices=("terraform", "plugin"), default="terraform",
                        help="`plugin` asks the provider by its protocol: much faster, without texts and marks")
    parser.add_argument("--group", type=int, default=4, help="so many types at once")
    parser.add_argument("types", nargs="*", help="parts of names; an exact name with a leading =")
    options = parser.parse_args()
    if terraform_mirror.why_not():
        sys.exit(terraform_mirror.why_not())
    matches = lambda kind, word: kind == word[1:] if word.startswith("=") else word in kind
    kinds = [k for k in variations.types(options.kind == "data") if not options.types or any(matches(k, w) for w in options.types)]
    work = Path(tempfile.mkdtemp(prefix="sdt-plans-"))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_", "SDT_"))}
    kept.update(terraform_mirror.settings(), HOME=str(work), AWS_EC2_METADATA_DISABLED="true", NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    try:
        theirs = by_plugin(kept) if options.by == "plugin" else Engine("terraform", shutil.which("terraform"), work / "terraform", kept)
        ours = Engine("sdt", str(Path(options.bin).resolve()), work / "sdt", kept)
        compared = Comparison(theirs, ours)
        if options.kind == "applied":
            with LocalAws() as aws:
                compared.applied(kinds, ours if options.apply == "sdt" else theirs, aws)
        else:
            for start in range(0, len(kinds), options.group):
                (compared.plans if options.kind == "plan" else compared.inputs)(kinds[start:start + options.group])
    finally:
        if options.by == "plugin":
            theirs.close()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(kinds)} types, {compared.seen} compared, {sum(compared.found.values())} differ {dict(compared.found.most_common(8)) or ''}")
    return 1 if compared.found else 0


if __name__ == "__main__":
    sys.exit(main())

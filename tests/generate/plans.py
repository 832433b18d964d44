#!/usr/bin/env python3
"""Makes random configurations that change step by step, and compares how sdt and Terraform plan and apply them.

    tests/generate/plans.py --bin target/debug/sdt --count 100 --seed 0 [--kind values|resources]

`values`: attributes and outputs of every shape (text of several lines, JSON in text, sensitive, unknown), of which single parts change: what
counts is how the plan shows it. `resources`: resources that use each other, in the root module and in a child, with count, for_each
and lifecycle arguments; from step to step they change, move, go, are removed, tainted, targeted, replaced.

Compared are, for each step: exit codes, summaries of diagnostics, the plan's structure as text, its changes as JSON, outputs and the
state's resources after apply. Ids are alike. Where there is no `terraform`, sdt has to survive and to answer the same twice.
"""
import argparse
import concurrent.futures
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
# Terraform finds cycles where create_before_destroy spreads to what is destroyed; sdt finds an order.
CYCLE = "Cycle"
PROGRESS = re.compile(r": (Refreshing state|Reading|Read complete|Still reading)\b")
LEGEND = re.compile(r"^ *(?:[-+~/<=.]+) +(?:create|update|destroy|read|forget)\b.*$")
TEXTS = ['"a"', '"b"', '""', r'"with \"quote\""', '"é日本"', r'"line\nbreak"', r'"tab\tx"', '"$${x}"', '"[not json"', r'"{\"a\":1}"',
         '"[1,2,3]"', '"true"', '"a text that goes on and on, for longer than most lines of a plan are"']
NUMBERS = ["0", "1", "2.5", "-7", "1e20", "123456789012345678", "0.1", "3.0"]


# Values.

def value(luck, depth=0, unknown=True):
    part = luck.random() * (0.6 if depth > 2 else 1)
    deeper = lambda: value(luck, depth + 1, unknown)
    some = lambda letters, most: luck.sample(letters, luck.randint(0, most))
    quoted = lambda words: ", ".join(f'"{w}"' for w in words)
    if part < 0.08:
        return "null"
    if part < 0.16:
        return luck.choice(["true", "false"])
    if part < 0.28:
        return luck.choice(NUMBERS)
    if part < 0.46:
        return luck.choice(TEXTS)
    if part < 0.50:
        return rf'"one\ntwo\nthree {luck.randint(1, 5)}\nfour\n"'
    if part < 0.54:
        return f"jsonencode({value(luck, depth + 1, False)})"
    if part < 0.57 and unknown:
        return luck.choice(["terraform_data.u.id", '"x-${terraform_data.u.id}"', "terraform_data.u.output"])
    if part < 0.60:
        return luck.choice(["var.s", 'sensitive("q")', "sensitive([1, 2])"])
    if part < 0.74:
        return f"[{', '.join(deeper() for _ in range(luck.randint(0, 4)))}]"
    if part < 0.90:
        return "{" + ", ".join(f"{k} = {deeper()}" for k in some(["a", "b", "c", '"d-e"', '"f g"', "long_name", "z"], 4)) + "}"
    if part < 0.93:
        return f"toset([{quoted(some('abcdef', 4))}])"
    if part < 0.95:
        return "tomap({" + ", ".join(f'{k} = "{luck.choice("pqr")}"' for k in some("abcdef", 4)) + "})"
    if part < 0.97:
        return f"tolist([{quoted(luck.choice('abcdef') for _ in range(luck.randint(0, 4)))}])"
    return "toset([" + ", ".join(f'{{ k = "{k}", v = {luck.randint(0, 2)} }}' for k in some("abcd", 3)) + "])"


def changed(luck, text):
    """The same value with one of its leaves replaced, or another value."""
    leaves = re.finditer(r'"[^"\\]*(?:\\.[^"\\]*)*"|\b\d+\b|\b(?:true|false|null)\b', text)
    leaves = [m for m in leaves if not text[m.end():].lstrip().startswith("=")]
    if not leaves or luck.random() < 0.2:
        return value(luck)
    leaf = luck.choice(leaves)
    return text[:leaf.start()] + value(luck, 2) + text[leaf.end():]


def configuration_of_values(parts, trigger):
    out = 'variable "s" {\n  default   = "hidden"\n  sensitive = true\n}\n'
    out += f'resource "terraform_data" "u" {{\n  triggers_replace = {trigger}\n}}\n'
    for n, (given, replace, output) in enumerate(parts):
        replace = f"  triggers_replace = {replace}\n" if replace else ""
        out += f'resource "terraform_data" "r{n}" {{\n  input = {given}\n{replace}}}\n'
        if output:
            hidden = "  sensitive = true\n" if "var.s" in output or "sensitive(" in output else ""
            out += f'output "o{n}" {{\n  value = {output}\n{hidden}}}\n'
    return {"main.tf": out}


def steps_of_values(luck):
    now = [(value(luck), luck.random() < 0.3 and value(luck), luck.random() < 0.4 and value(luck)) for _ in range(8)]
    later = [tuple(v and (changed(luck, v) if luck.random() < 0.7 else v) for v in part) for part in now]
    later = later[:luck.choice([8, 8, 7])]
    return [{"files": configuration_of_values(now, 1)}, {"files": configuration_of_values(later, luck.randint(1, 2))}]


# Resources.

def resource(luck, number):
    earlier = lambda chance: luck.randrange(number) if number and luck.random() < chance else None
    return {
        "name": f"r{number}", "repeat": luck.choice([None, None, None, "count", "for_each"]), "count": luck.randint(0, 3),
        "keys": luck.sample("abc", luck.randint(0, 3)), "input": luck.randint(1, 3), "trigger": luck.choice([None, None, 1, 2]),
        "uses": earlier(0.6), "depends_on": earlier(0.2), "replaced_with": earlier(0.15), "child": luck.random() < 0.3,
        "create_first": luck.random() < 0.25, "ignore": luck.random() < 0.1, "prevent": luck.random() < 0.05,
        "condition": luck.random() < 0.1, "output": luck.random() < 0.4 and luck.choice(["id", "input"]), "triggered_by_use": luck.random() < 0.3,
    }


def reference(world, user, number, attribute):
    used = world.get(number)
    if used is None or used["child"] != user["child"] and user["child"]:
        return None
    if used["child"] != user["child"]:
        return f"module.m.{used['name']}_{attribute}"
    address = f"terraform_data.{used['name']}"
    if used["repeat"] is None:
        return f"{address}.{attribute}"
    if attribute == "id":
        all_of = f"{address}[*].id" if used["repeat"] == "count" else f"[for k, v in {address} : v.id]"
        return f'join("-", {all_of})'
    return f"length({address})" if used["repeat"] == "count" else f"keys({address})"


def block(world, r):
    beside = lambda number: number in world and world[number]["child"] == r["child"]
    lines, rules = [], []
    if r["repeat"] == "count":
        lines.append(f"count = {r['count']}")
    if r["repeat"] == "for_each":
        keys = ", ".join(f'"{k}"' for k in r["keys"])
        lines.append(f"for_each = toset([{keys}])")
    use = reference(world, r, r["uses"], "id")
    lines.append(f"input = {{ v = {r['input']}, d = {use} }}" if use else f"input = {r['input']}")
    if r["trigger"]:
        lines.append(f"triggers_replace = [{r['trigger']}, {use}]" if use and r["triggered_by_use"] else f"triggers_replace = {r['trigger']}")
    if beside(r["depends_on"]):
        lines.append(f"depends_on = [terraform_data.{world[r['depends_on']]['name']}]")
    if r["create_first"]:
        rules.append("create_before_destroy = true")
    if r["ignore"]:
        rules.append("ignore_changes = [input]")
    if r["prevent"]:
        rules.append("prevent_destroy = true")
    if beside(r["replaced_with"]):
        rules.append(f"replace_triggered_by = [terraform_data.{world[r['replaced_with']]['name']}]")
    if r["condition"]:
        rules.append(f'precondition {{\n      condition     = {r["input"]} < 3\n      error_message = "too much"\n    }}')
    if rules:
        lines.append("lifecycle {\n    " + "\n    ".join(rules) + "\n  }")
    return f'resource "terraform_data" "{r["name"]}" {{\n  ' + "\n  ".join(lines) + "\n}\n"


def configuration_of_resources(world, more=""):
    root, child = "", ""
    for number, r in world.items():
        if r["child"]:
            child += block(world, r)
            for attribute in ("id", "input"):
                child += f'output "{r["name"]}_{attribute}" {{\n  value = {reference(world, r, number, attribute)}\n}}\n'
            continue
        root += block(world, r)
        if r["output"]:
            shown = reference(world, r, number, r["output"])
            root += f'output "{r["name"]}" {{\n  value = {shown}\n}}\n'
    files = {"main.tf": root + more}
    if child:
        files = {"m/main.tf": child, "main.tf": 'module "m" {\n  source = "./m"\n}\n' + files["main.tf"]}
    return files


def address(r, instance=None):
    return ("module.m." if r["child"] else "") + f"terraform_data.{r['name']}" + (instance or "")


def an_instance(luck, r):
    if r["repeat"] == "count" and r["count"]:
        return address(r, f"[{luck.randrange(r['count'])}]")
    if r["repeat"] == "for_each" and r["keys"]:
        return address(r, f'["{luck.choice(r["keys"])}"]')
    return address(r)


def next_step(luck, world):
    world, more = copy.deepcopy(world), ""
    for number in list(world):
        r, part = world[number], luck.random()
        if part < 0.20:
            r["input"] = luck.randint(1, 3)
        elif part < 0.35:
            r["trigger"] = luck.choice([None, 1, 2, 3])
        elif part < 0.42:
            r["create_first"] = not r["create_first"]
        elif part < 0.50:
            r["count"], r["keys"] = luck.randint(0, 3), luck.sample("abcd", luck.randint(0, 3))
        elif part < 0.55:
            del world[number]
            if luck.random() < 0.4:
                more += f"removed {{\n  from = {address(r)}\n  lifecycle {{\n    destroy = {luck.choice(['true', 'false'])}\n  }}\n}}\n"
        elif part < 0.62:
            old = address(r)
            r["name"] += "x"
            if luck.random() < 0.8:
                more += f"moved {{\n  from = {old}\n  to   = {address(r)}\n}}\n"
        elif part < 0.67:
            r["repeat"] = luck.choice([None, "count", "for_each"])
        elif part < 0.70:
            r["prevent"] = False
    if world and luck.random() < 0.3:
        world[max(world) + 1] = resource(luck, max(world) + 1)
    before, options, part = [], [], luck.random()
    if world:
        one = an_instance(luck, luck.choice(list(world.values())))
        if luck.random() < 0.25:
            before = ["taint", "-allow-missing", an_instance(luck, luck.choice(list(world.values())))]
        options = ([f"-target={one}"] if part < 0.12 else [f"-replace={one}"] if part < 0.24 else ["-destroy"] if part < 0.30
                   else ["-refresh=false"] if part < 0.34 else ["-refresh-only"] if part < 0.37
                   else ["-destroy", f"-target={one}"] if part < 0.40 else [])
    return world, {"files": configuration_of_resources(world, more), "before": before, "options": options}


def steps_of_resources(luck):
    world = {n: resource(luck, n) for n in range(luck.randint(2, 6))}
    steps = [{"files": configuration_of_resources(world)}]
    for _ in range(luck.randint(1, 3)):
        world, step = next_step(luck, world)
        steps.append(step)
    return steps


# What an engine makes of them.

def alike(data, folder):
    return json.loads(UUID.sub("<id>", json.dumps(data)).replace(str(folder), "<folder>"))


def structure(text):
    """The changes and the summary line, without an engine's own prose."""
    kept = [line.rstrip() for line in text.splitlines() if not PROGRESS.search(line) and not LEGEND.match(line)]
    marks = ("  ", "-/+ ", "+/- ", " <= ", "Plan: ")
    return [line for line in kept if line.startswith(marks) or line == "Changes to Outputs:"]


def summaries(stream):
    found = []
    for line in stream.splitlines():
        try:
            told = json.loads(line).get("diagnostic")
        except ValueError:
            continue
        if told:
            # The members of a cycle come in no certain order.
            found.append([told["severity"], told["summary"].split(": ")[0]])
    return sorted(found)


def changes(plan):
    """Actions, reasons and values of each change; outputs, too."""
    wanted = ("actions", "before", "after", "after_unknown", "after_sensitive")
    resources = [[c["address"], c.get("previous_address"), c.get("action_reason"), c.get("deposed") is not None,
                  {k: c["change"].get(k) for k in wanted}] for c in plan.get("resource_changes", [])]
    outputs = {name: {k: o.get(k) for k in wanted} for name, o in plan.get("output_changes", {}).items()}
    return {"resources": sorted(resources, key=lambda r: (r[0], r[3])), "outputs": outputs}


def resources_of(module):
    here = [[r["address"], r.get("tainted", False), r["values"], sorted(r.get("depends_on", []))] for r in module.get("resources", [])]
    return here + [r for child in module.get("child_modules", []) for r in resources_of(child)]


def live(binary, steps):
    """Everything compared, step by step."""
    seen = []
    with tempfile.TemporaryDirectory(prefix="plans-") as folder:
        def run(*args):
            environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
            return subprocess.run([binary, *args], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)

        for step in steps:
            for old in Path(folder).glob("*"):
                if "tfstate" not in old.name:
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
            for name, text in step["files"].items():
                path = Path(folder, name)
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
            run("init", "-no-color")
            if step.get("before"):
                run(*step["before"])
            options = step.get("options", [])
            text = run("plan", "-no-color", *options)
            told = run("plan", "-json", "-detailed-exitcode", "-out=plan.out", *options)
            found = {"plan": told.returncode, "diagnostics": summaries(told.stdout)}
            if told.returncode in (0, 2):
                found["text"] = structure(text.stdout)
                found["changes"] = changes(json.loads(run("show", "-json", "plan.out").stdout))
                found["apply"] = run("apply", "-json", "plan.out").returncode
                found["outputs"] = json.loads(run("output", "-json").stdout or "{}")
                state = json.loads(run("show", "-json").stdout or "{}")
                found["state"] = sorted(resources_of(state.get("values", {}).get("root_module", {})), key=lambda r: r[0])
            seen.append(alike(found, folder))
    return seen


def difference(kind, seed, ours, theirs):
    """The first difference of a seed in words, or None."""
    luck = random.Random(f"{kind} {seed}")
    steps = steps_of_values(luck) if kind == "values" else steps_of_resources(luck)
    mine, other = live(ours, steps), live(theirs, steps)
    for n, (here, there) in enumerate(zip(mine, other), 1):
        if ["error", CYCLE] in there["diagnostics"] and here["plan"] in (0, 2):
            return None
        for part in there:
            one, two = here.get(part), there[part]
            if one == two:
                continue
            if isinstance(one, list) and isinstance(two, list):
                at = next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
                one, two = one[at:at + 3], two[at:at + 3]
            return f"step {n}, {part}:\n  sdt       {json.dumps(one)[:600]}\n  terraform {json.dumps(two)[:600]}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default="target/debug/sdt")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=["values", "resources"])
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    ours = str(Path(chosen.bin).resolve())
    theirs = shutil.which("terraform") or ours
    work = [(kind, seed) for kind in ([chosen.kind] if chosen.kind else ["values", "resources"])
            for seed in range(chosen.seed, chosen.seed + chosen.count)]
    differ = 0
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        for (kind, seed), found in zip(work, pool.map(lambda w: difference(*w, ours, theirs), work)):
            if found:
                differ += 1
                print(f"{kind} {seed}: {found}", flush=True)
    print(f"{len(work)} configurations, {differ} differ" + ("" if theirs != ours else " from themselves: there is no terraform"))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())

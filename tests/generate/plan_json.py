#!/usr/bin/env python3
"""Compares the whole JSON of plans with Terraform's, on the module cases; --record keeps Terraform's answers for the Rust test.

usage: tests/generate/plan_json.py --bin target/debug/sdt [--record] [--recorded FOLDER] [NAME ...]

Every step of a case is planned, shown as JSON and applied by both programs, each in its own folder. UUIDs, times and folders are made
alike; everything else must be equal. Terraform's answers are kept in the folder of --recorded and used again from there.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "tests" / "lang" / "modules"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def plans(engine, case):
    """The normalised plan of each step, None where the engine made none."""
    steps = json.loads((case / "expect.json").read_text())["steps"]
    environment = {k: v for k, v in os.environ.items() if k != "TF_CLI_CONFIG_FILE" and not k.startswith("TF_")}
    found = []
    with tempfile.TemporaryDirectory() as work:
        def run(*arguments, env):
            return subprocess.run([engine, *arguments], cwd=work, env=env, capture_output=True, text=True, timeout=120)
        for step in steps:
            keep = {".terraform", "terraform.tfstate", ".terraform.lock.hcl"}
            for entry in Path(work).iterdir():
                if entry.name not in keep:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            for entry in (case / step["config"]).iterdir():
                if entry.name in ("expect.json", "plan.txt") or entry.name.startswith("step"):
                    continue
                target = Path(work) / entry.name
                shutil.copytree(entry, target) if entry.is_dir() else shutil.copy(entry, target)
            env = environment | step.get("env", {}) | {"CHECKPOINT_DISABLE": "1"}
            run("init", "-input=false", env=env)
            for command in step.get("pre", []):
                run(*command, env=env)
            made = run("plan", "-input=false", "-out=p.tfplan", *step.get("plan", []), env=env)
            shown = run("show", "-json", "p.tfplan", env=env) if Path(work, "p.tfplan").exists() else None
            if made.returncode != 0 or shown is None or shown.returncode != 0:
                found.append(None)
            else:
                text = UUID.sub("<uuid>", TIME.sub("<time>", shown.stdout)).replace(work, "<workdir>")
                found.append(json.loads(text))
            run("apply", "-input=false", "p.tfplan", env=env)
    return found


def differences(expected, actual, path=""):
    if type(expected) is not type(actual):
        yield f"{path}: {json.dumps(expected)[:120]} is {json.dumps(actual)[:120]}"
    elif isinstance(expected, dict):
        for key in sorted(expected.keys() | actual.keys()):
            if key not in actual:
                yield f"{path}.{key}: missing, Terraform has {json.dumps(expected[key])[:120]}"
            elif key not in expected:
                yield f"{path}.{key}: Terraform has none, here {json.dumps(actual[key])[:120]}"
            else:
                yield from differences(expected[key], actual[key], f"{path}.{key}")
    elif isinstance(expected, list):
        if len(expected) != len(actual):
            yield f"{path}: {json.dumps(expected)[:200]} is {json.dumps(actual)[:200]}"
        else:
            for i, (e, a) in enumerate(zip(expected, actual)):
                yield from differences(e, a, f"{path}[{i}]")
    elif expected != actual:
        yield f"{path}: {json.dumps(expected)[:120]} is {json.dumps(actual)[:120]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", help="sdt; without it only Terraform's answers are recorded")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--recorded", type=Path, default=ROOT / "tests" / "plan_json")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.recorded.mkdir(parents=True, exist_ok=True)
    same = wrong = 0
    for case in sorted(MODULES.iterdir()):
        if options.names and case.name not in options.names:
            continue
        kept = options.recorded / f"{case.name}.json"
        if options.record and not kept.exists():
            kept.write_text(json.dumps(plans("terraform", case), sort_keys=True))
        if not options.bin or not kept.exists():
            continue
        for number, (expected, actual) in enumerate(zip(json.loads(kept.read_text()), plans(os.path.abspath(options.bin), case))):
            found = list(differences(expected, actual)) if expected is not None else []
            same, wrong = (same, wrong + 1) if found else (same + 1, wrong)
            if found:
                print(f"{case.name} step {number + 1}", *(f"  {line}" for line in found[:12]), sep="\n", flush=True)
    print(f"{same} equal, {wrong} differ")


if __name__ == "__main__":
    main()

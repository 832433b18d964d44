#!/usr/bin/env python3
"""Makes small modules with several mistakes each, and compares what sdt and Terraform find when they validate them.

    tests/generate/mistakes.py --bin target/debug/sdt [--count 300] [--seed 1]

A module has one to three blocks of any kind whose arguments are drawn from what belongs there and what does not, and outputs
whose expressions fail in more than one place. Compared are severity, file, line and summary of all diagnostics, and whether init succeeds.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

SURROUNDINGS = '''
variable "ok" {
  default = "x"
}

locals {
  ok = ["a"]
}

resource "terraform_data" "ok" {}

resource "terraform_data" "many" {
  count = 2
}

resource "terraform_data" "each" {
  for_each = toset(["a"])
}

module "m" {
  source = "./m"
  in     = 1
}

module "many" {
  source = "./m"
  count  = 2
  in     = 1
}
'''
CHILD = '''
variable "in" {}

variable "opt" {
  type    = number
  default = 1
}

resource "terraform_data" "inner" {}

output "out" {
  value = var.in
}
'''
VALUES = ['"a"', "3", "[1]", "{ a = 1 }", "null", "true", 'sensitive("x")', "upper(1)", "upper([])", "nosuch()", "1 / 0", "[1][2]"]
REFERENCES = ["local.ok", "local.ok[3]", "local.none", "var.ok", "var.none", "terraform_data.ok.id", "terraform_data.ok.nothing",
              "terraform_data.none", "terraform_data.none.id", "terraform_data.many[0].id", "terraform_data.many.id", 'terraform_data.each["a"].id',
              "terraform_data.each.a", "module.m.out", "module.m.none", "module.m", "module.none.x", "module.many[0].out", "module.many.out",
              "data.terraform_data.x.id", "ephemeral.x.y", "each.key", "count.index", "self.id", "path.nothing", "terraform.nothing", "module",
              "var", "terraform_data", "local"]
ADDRESSES = ["terraform_data.ok", "terraform_data.gone", "terraform_data.many[0]", "module.m", "module.gone", 'terraform_data.many["x"]', "local.ok",
             "module.m.terraform_data.inner", "data.x.y", "foo", '"x"', "terraform_data", "module.gone.terraform_data.z[0]"]
TYPES = ["string", "number", "list(string)", "list", "map(any)", 'object({ a = string, b = optional(number, "x") })', '"string"', "foo", "list(foo)",
         "tuple([string])", "optional(string)", "any"]
STRAY = ['nothing "x" {}', 'resource "a" {}', "variable {}", 'output "a" "b" {}', 'resource "terraform_data" "1x" {}', 'variable "count" {}', "x = 1"]
# Expressions that fail, some in two places, and some that do not.
BROKEN = ["local.ok[3]", "local.ok.x", "[] + 1", "{} - []", '-"a"', "!3", "upper([])", "upper([], 1)", "nosuch(1)", 'local.ok["a"]', 'jsondecode("{")',
          '"${{}}"', '"a${[1]}b"', "null + 1", "toset(1)", 'tonumber("x")', "[for v in 3 : v]", "{ for k, v in { a = 1 } : {} => v }", '"x" > 1',
          '"%{ if [] }a%{ endif }"', '"%{ for x in 3 }a%{ endfor }"', "{ [] = 1 }", "local.ok[local.ok[4]]", "local.ok[{}]", "local.ok[*].q", "[1][7]",
          '"a"', "3", "{}", "[]", "null", "true"]
FORMS = ["% + %", "% == %", "[%, %]", "{ a = %, b = % }", "% ? % : %", "true ? % : %", '"${%}-${%}"', "coalesce(%, %)", "[for v in % : %]",
         "[for v in [1] : % if %]", '{ for v in ["a"] : % => % }', "local.ok[% + %]", "(%)[%]", "% > %", "substr(%, %, 1)", "try(%, %)", "can(%)",
         "length(%)", "max(%...)", "(%).foo", "(%)[*].x", "merge(%, %)", "replace(\"a\", %, %)", "{ (%) = % }", "-% + %", "join(%, %)", "zipmap(%, %)",
         "setunion(%, %)", "format(%, %)", "lookup(%, %, %)", "slice(%, %, %)", "range(%, %)", "flatten(%)", "concat(%, %)", "split(%, %)"]


class Maker:
    """Draws blocks. The same seed draws the same ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, choices):
        return self.random.choice(choices)

    def value(self):
        return self.one(VALUES + REFERENCES)

    def arguments(self, names, most, values=None):
        some = self.random.sample(names, min(self.random.randint(0, most), len(names)))
        return [f"{name} = {self.one((values or {}).get(name) or [self.value()])}" for name in some]

    def block(self, header, *content):
        lines = [line for part in content for text in part for line in text.split("\n")]
        return "\n".join([f"{header} {{", *(f"  {line}" for line in lines), "}"])

    def maybe(self, share, make):
        return [make()] if self.random.random() < share else []

    def lifecycle(self):
        settings = {name: ["true", '"x"', "[input]", "all", "[terraform_data.ok]", "[terraform_data.none]", "null", "[nothing]", self.value()]
                    for name in ("create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by", "nothing")}
        rule = self.block(self.one(["precondition", "postcondition"]), self.arguments(["condition", "error_message", "other"], 3))
        return self.block("lifecycle", self.arguments(list(settings), 3, settings), self.maybe(0.4, lambda: rule))

    def resource(self, name):
        provisioner = lambda: self.block(f'provisioner "{self.one(["local-exec", "file", "nothing", "remote-exec"])}"',
                                         self.arguments(["command", "inline", "when", "on_failure", "source", "nothing"], 2))
        stray = lambda: self.block(self.one(["nothing", "connection", "timeouts"]), self.arguments(["host", "x"], 1))
        names = ["input", "triggers_replace", "nothing", "count", "for_each", "depends_on", "provider"]
        return self.block(f'resource "{self.one(["terraform_data"] * 7 + ["terraform_dat"])}" "{name}"', self.arguments(names, 3),
                          self.maybe(0.3, self.lifecycle), self.maybe(0.2, provisioner), self.maybe(0.1, stray))

    def variable(self, name):
        conditions = {"condition": [self.value(), f"var.{name} != 3", "true", f"length(var.{name}) > 2"]}
        rule = lambda: self.block("validation", self.arguments(["condition", "error_message", "x"], 3, conditions))
        names = ["type", "default", "sensitive", "nullable", "description", "nothing", "ephemeral"]
        return self.block(f'variable "{name}"', self.arguments(names, 3, {"type": TYPES}), self.maybe(0.3, rule))

    def output(self, name):
        if self.random.random() < 0.5:
            form = self.one(FORMS)
            while "%" in form.replace("%{", ""):
                form = form.replace("%", self.one(BROKEN).replace("%", "\0"), 1)
            return self.block(f'output "{name}"', ["value = " + form.replace("\0", "%")])
        rule = lambda: self.block("precondition", self.arguments(["condition", "error_message", "x"], 2))
        names = ["value", "sensitive", "description", "depends_on", "ephemeral", "nothing"]
        return self.block(f'output "{name}"', self.arguments(names, 4), self.maybe(0.2, rule))

    def module(self, name):
        source = f'source = {self.one([chr(34) + "./m" + chr(34)] * 5 + ["var.ok", "3"])}'
        return self.block(f'module "{name}"', [source], self.arguments(["in", "opt", "nothing", "count", "for_each", "depends_on", "providers", "version"], 3))

    def check(self, name):
        rules = [self.block("assert", self.arguments(["condition", "error_message", "x"], 3)) for _ in range(self.random.randint(0, 2))]
        return self.block(f'check "{name}"', rules)

    def any(self, name):
        addresses = {"from": ADDRESSES, "to": ADDRESSES}
        kinds = [
            lambda: self.resource(name), lambda: self.resource(name), lambda: self.output(name), lambda: self.output(name),
            lambda: self.variable(name), lambda: self.module(name), lambda: self.check(name),
            lambda: self.block("locals", [f"{name} = {self.value()}"]),
            lambda: self.block(f'data "{self.one(["terraform_remote_state", "terraform_data"])}" "{name}"',
                               self.arguments(["backend", "config", "nothing", "count"], 3)),
            lambda: self.block("moved", self.arguments(["from", "to", "x"], 3, addresses)),
            lambda: self.block("removed", self.arguments(["from", "x"], 2, addresses),
                               self.maybe(0.5, lambda: self.block("lifecycle", self.arguments(["destroy"], 1)))),
            lambda: self.block("import", self.arguments(["to", "id", "x", "for_each", "provider"], 4, addresses)),
            lambda: self.block('provider "terraform"', self.arguments(["alias", "version"], 2)),
            lambda: self.block("terraform", self.arguments(["required_version", "experiments", "x"], 1)),
            lambda: self.one(STRAY),
        ]
        return self.one(kinds)()

    def text(self):
        return "\n\n".join(self.any(f"n{i}") for i in range(self.random.randint(1, 3))) + "\n"


def answers(program, text):
    """Returns (exit code of init, every diagnostic of validate as (severity, file, line, summary))."""
    with tempfile.TemporaryDirectory(prefix="mistakes-") as folder:
        os.mkdir(os.path.join(folder, "m"))
        for name, content in (("main.tf", SURROUNDINGS), ("m/main.tf", CHILD), ("x.tf", text)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(content)
        run = lambda *arguments: subprocess.run([program, *arguments, "-no-color"], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        code, said = run("init").returncode, run("validate", "-json").stdout
        try:
            diagnostics = json.loads(said)["diagnostics"]
        except ValueError:
            return code, [("crash", "", 0, said[-300:])]
        ranges = [(d, d.get("range") or {}) for d in diagnostics]
        return code, sorted((d["severity"], os.path.basename(r.get("filename", "")), r.get("start", {}).get("line", 0), d["summary"]) for d, r in ranges)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="target/debug/sdt")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    terraform = shutil.which("terraform")
    if not terraform:
        sys.exit("skipped: there is no terraform here to compare with")
    os.environ.pop("TF_CLI_CONFIG_FILE", None)
    texts = [Maker(f"{arguments.seed}/{i}").text() for i in range(arguments.count)]
    both = lambda text: (text, answers(os.path.abspath(arguments.bin), text), answers(terraform, text))
    differing = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for text, (code, ours), (wanted_code, theirs) in pool.map(both, texts):
            if (code, ours) == (wanted_code, theirs):
                continue
            differing += 1
            print(f"{'=' * 40}\n{text}")
            if code != wanted_code:
                print(f"  init: sdt {code}, terraform {wanted_code}")
            counts = collections.Counter(ours), collections.Counter(theirs)
            for name, more in (("sdt", counts[0] - counts[1]), ("terraform", counts[1] - counts[0])):
                for diagnostic in more.elements():
                    print(f"  only {name}: {diagnostic}")
    print(f"{arguments.count} modules, {differing} differences")


if __name__ == "__main__":
    main()

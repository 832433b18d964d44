#!/usr/bin/env python3
"""Makes random expressions and compares what sdt and Terraform make of them.

    tests/generate/expressions.py --bin target/debug/sdt --count 3000 --seed 1

Expressions are typed, nested, and use every form of the language and every function that gives the same answer twice; among their
inputs are null, sensitive values and values that are unknown until apply. Each expression is an output of one root module.
Compared are: whether it is accepted and with which summary it is refused; what the plan says of it; type and value after apply; how the
console writes it. Nothing is compared where there is no `terraform`: then sdt has to survive, which is a test, too.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

SETUP = r'''
resource "terraform_data" "u" {
  input = { s = "known later", n = 3, b = true, l = ["x", "y"], m = { k = "v" }, o = { a = 1, b = ["z"] } }
}
locals {
  us = "pre-${terraform_data.u.output.s}"
  s0 = "hello"
  s1 = "a,b,,c"
  s2 = "Ünïcödé 日本 👩‍👩‍👧"
  s3 = sensitive("secret")
  n0 = 5
  n1 = -2.75
  n2 = sensitive(7)
  b0 = true
  b1 = sensitive(false)
  ls = tolist(["b", "a", "c", "a"])
  le = tolist([])
  ln = tolist([3, 1, 2])
  lx = sensitive(["p", "q"])
  ly = ["p", sensitive("q")]
  ss = toset(["c", "a", "b"])
  sn = toset([10, 9, 1])
  ms = tomap({ a = "1", b = "2" })
  mn = tomap({ x = 1, y = 2 })
  mp = { user = "u", pass = sensitive("p") }
  ob = { a = 1, b = "two", c = [1, 2, 3], d = { e = null } }
  tu = [1, "a", true, null]
  lo = [{ a = 1, b = "x" }, { a = 2, b = "y" }]
  nu = null
  ns = tostring(null)
}
variable "vo" {
  type    = object({ a = string, b = optional(number, 5), c = optional(list(string)) })
  default = { a = 12 }
}
variable "va" {
  type    = any
  default = { a = [1, "x"], b = null }
}
'''

REFS = {
    "string": ["local.s0", "local.s1", "local.s2", "local.s3", "local.us", "var.vo.a", "local.ls[0]", "local.ms.a",
               "terraform_data.u.output.s", "local.ns", "local.ob.b", "path.module", "terraform.workspace", "local.lo[1].b"],
    "number": ["local.n0", "local.n1", "local.n2", "var.vo.b", "terraform_data.u.output.n", "local.ob.a", "local.ln[1]", "length(local.ls)"],
    "bool": ["local.b0", "local.b1", "terraform_data.u.output.b", "local.tu[2]"],
    "list": ["local.ls", "local.ln", "local.le", "local.lx", "local.ly", "terraform_data.u.output.l", "local.tu", "local.lo", "var.vo.c", "local.ss"],
    "liststr": ["local.ls", "local.le", "local.lx", "local.ly", "terraform_data.u.output.l"],
    "listnum": ["local.ln", "[1, 2, 3]", "tolist([1.5, 2])"],
    "set": ["local.ss", "local.sn"],
    "map": ["local.ms", "local.mn", "local.mp", "local.ob", "terraform_data.u.output.m", "terraform_data.u.output.o", "var.vo", "var.va"],
    "any": ["local.nu", "local.tu", "local.ob", "var.va", "terraform_data.u.output", "local.lo"],
}

STRINGS = ['""', '"a"', '"b"', '"Hello, World"', '"x y  z"', '"é"', '"日本"', r'"tab\there"', r'"q\"q"', r'"nl\nx"', '"10"', '"9"', '"1.50"', '"true"', '"-3"', '"a-b_c"',
           '"  pad "', r'"\u00e9\U0001F600"', '"$${x}"', '"%%{y}"', '"<&>"', '"a/b/c"', '"ABC"', '"ab,cd"', '"null"', r'"back\\slash"', '"0x1F"', '"1e3"', '"k"', '"v"', '"#"']
NUMBERS = ["0", "1", "2", "3", "-1", "10", "0.5", "1.5", "2.25", "-7", "100", "1e3", "1e-3", "12345678901234567890", "0.1", "255", "64", "3.14159", "7"]
REGEXES = [r'"[a-z]+"', r'"(\\w)(\\w*)"', r'"(?P<x>a)|b"', r'"^$"', r'"."', r'"[0-9]{1,3}"', r'"(?i)HELLO"', r'"\\s+"', r'"(a)(b)?"', r'"[[:alpha:]]"', r'"\\pL+"', r'"a*"']
LAYOUTS = ['"YYYY-MM-DD"', '"DD MMM YYYY hh:mm ZZZ"', '"EEEE, DD-MMM-YY hh:mm:ss ZZZ"', '"h:mm aa"', '"H\'x\'AA Z ZZZZZ M MM MMMM D EEE"', '"YYYY \'at\' hh"']
STAMPS = ['"2018-01-02T23:12:01Z"', '"2024-02-29T00:00:00+05:30"', '"1999-12-31T23:59:59-08:00"', '"2020-01-01T00:00:00Z"']
CIDRS = ['"10.0.0.0/8"', '"192.168.1.0/24"', '"10.1.2.3/16"', '"fd00::/48"', '"2001:db8::/32"', '"0.0.0.0/0"', '"172.16.0.0/30"']
ADDRS = ['"10.0.0.5"', '"192.168.1.77"', '"fd00::1"', '"10.1.0.0/24"', '"2001:db8:1::/48"']
FORMATS = ['"%s"', '"%d"', '"%5.2f|"', '"%-8s|"', '"%08.3f"', '"%q"', '"%v"', '"%#v"', '"%t"', '"%x"', '"%X"', '"%o"', '"%b"', '"%e"', '"%g"', '"%%"', '"%[1]s %[1]q"', '"%s-%s"',
           '"%+d"', '"% d"', '"%05d"', '"%10s"', '"%.2s"', '"%*d"', '"%[2]*[1]d"', '"%G"', '"%s"']
# What each parameter of each function is made of; functions that answer differently each time are left out.
CALLS = """
abs number | ceil number | floor number | signum number | log number number | pow number small | max number number | min number number number | parseint digits base
max listnum... | min listnum... | sum listnum | range small | range small small | range small small small
lower string | upper string | title string | chomp string | trimspace string | trim string string | trimprefix string string | trimsuffix string string
strrev string | substr string small small | split string string | join string liststr | join string liststr liststr | replace string string string | replace string regexlit string
startswith string string | endswith string string | strcontains string string | indent small string | regex regex string | regexall regex string
format fmt any | format fmt any any | format fmt string | format fmt number | format string any... | formatlist fmt list | formatlist fmt list any | formatdate layout stamp | timeadd stamp duration | timecmp stamp stamp
length list | length map | length string | length set | element list small | index list any | contains list any | contains liststr string
concat list list | concat list list list | flatten list | flatten [list,list] | compact liststr | distinct list | reverse list | sort liststr | slice list small small
chunklist list small | coalesce any any | coalesce string string | coalescelist list list | setunion set set | setintersection set set | setsubtract set set | setproduct list list
setproduct set set set | setunion list list | keys map | values map | lookup map string any | lookup map string | merge map map | merge map map map | zipmap liststr list | transpose mapliststr | matchkeys list liststr liststr
one list | one set | alltrue listbool | anytrue listbool | tostring any | tonumber any | tobool any | tolist list | toset list | tomap map | tolist any | toset any | tomap any
jsonencode any | jsondecode json | yamlencode any | yamldecode yaml | csvdecode csv | base64encode string | base64decode b64 | base64gzip string | urlencode string
textencodebase64 string encoding | textdecodebase64 b64 encoding | md5 string | sha1 string | sha256 string | sha512 string | base64sha256 string | base64sha512 string
uuidv5 ns string | cidrhost cidr small | cidrnetmask cidr | cidrsubnet cidr small small | cidrsubnets cidr small small | basename string | dirname string | pathexpand string
sensitive any | nonsensitive any | issensitive any | try any any | can any | try bad any | can bad | type any | defaults any any
""".replace("type any | defaults any any", "ephemeralasnull any")


class Gen:
    def __init__(self, rng):
        self.r = rng
        self.calls = []
        for part in CALLS.replace("\n", "|").split("|"):
            words = part.split()
            if words:
                self.calls.append((words[0], words[1:]))
        self.scope = []

    def pick(self, xs):
        return self.r.choice(xs)

    def chance(self, p):
        return self.r.random() < p

    def expr(self, kind, depth):
        """An expression that is probably of `kind`."""
        if self.chance(0.03):
            kind = self.pick(["string", "number", "bool", "list", "map", "any", "set"])
        if self.scope and self.chance(0.25):
            return self.pick(self.scope)
        if depth <= 0:
            return self.leaf(kind)
        return self.build(kind, depth)

    def build(self, kind, depth):
        roll = self.r.random()
        d = depth - 1
        if roll < 0.10:
            return self.leaf(kind)
        if roll < 0.18:
            return f"({self.expr('bool', d)} ? {self.expr(kind, d)} : {self.expr(kind, d)})"
        if roll < 0.21:
            return f"({self.expr(kind, d)})"
        if roll < 0.26:
            return self.access(d)
        if roll < 0.62:
            made = self.call(kind, d)
            if made:
                return made
        return getattr(self, "make_" + kind, self.make_any)(d)

    def leaf(self, kind):
        if kind in REFS and self.chance(0.4):
            return self.pick(REFS[kind])
        if self.chance(0.03):
            return "null"
        simple = {
            "string": STRINGS, "number": NUMBERS, "bool": ["true", "false"], "small": ["0", "1", "2", "3", "-1", "5", "local.n0"],
            "digits": ['"ff"', '"777"', '"101"', '"-7f"', '"zz"', "12"], "base": ["16", "8", "2", "10", "36", "62"], "regex": REGEXES, "layout": LAYOUTS, "stamp": STAMPS,
            "cidr": CIDRS, "addr": ADDRS, "fmt": FORMATS, "duration": ['"1h"', '"-30m"', '"1.5s"', '"24h30m"', '"500ms"'],
            "regexlit": ['"/[aeiou]/"', '"/(l+)/"', '"/^/"', '"//"', '"/"', r'"/\\s/"'],
            "json": [r'"{\"a\": [1, 2.50, null, true, \"x\"]}"', '"[]"', r'"\"s\""', '"1e5"', '"{"', '"null"', r'"{\"b\":{},\"a\":[[]]}"', r'"[1,\"a\"]"'],
            "yaml": [r'"a: 1\nb: [x, yes, 017, 0o17, ~]\n"', r'"- 1\n- \"2\"\n- 3.5\n"', '"{a: 1, b: {c: null}}"', r'"a: &x [1]\nb: *x\n"', '"2020-01-01"', '"x: |\\n  t\\n  u\\n"', '"1_000"', '"!!str 5"'],
            "csv": [r'"a,b\n1,2\n3,4\n"', r'"h\n\"x,y\"\n"', r'"a,b\n1\n"', '"a"', r'"a,a\n1,2\n"'], "b64": ['"aGVsbG8="', '"w6k="', '"!"', '""', '"/wA="'],
            "encoding": ['"UTF-16LE"', '"UTF-8"', '"ISO-8859-1"', '"Shift_JIS"', '"windows-1252"', '"nope"'], "ns": ['"dns"', '"url"', '"oid"', '"x500"', '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"', '"bad"'],
            "bad": ["local.ob.zz", "tonumber(\"x\")", "nofunc()", "local.ls[9]", "1 + \"a\"", "local.nu.x", "jsondecode(\"{\")"],
        }
        if kind in simple:
            return self.pick(simple[kind])
        return getattr(self, "make_" + kind, self.make_any)(0)

    def arg(self, kind, depth):
        if kind.endswith("..."):
            return self.expr(kind[:-3], depth) + "..."
        if kind.startswith("["):
            return "[" + ", ".join(self.expr(k, depth) for k in kind[1:-1].split(",")) + "]"
        known = {"small", "digits", "base", "regex", "layout", "stamp", "cidr", "addr", "fmt", "duration", "regexlit", "json", "yaml", "csv", "b64", "encoding", "ns", "bad"}
        if kind in known:
            if self.chance(0.08):
                return self.expr({"small": "number"}.get(kind, "string"), depth)
            return self.leaf(kind)
        return self.expr(kind, depth)

    RESULT = {
        "number": "abs ceil floor signum log pow max min parseint sum length timecmp index tonumber element one",
        "bool": "startswith endswith strcontains contains alltrue anytrue tobool issensitive can",
        "string": "lower upper title chomp trimspace trim trimprefix trimsuffix strrev substr join replace indent format formatdate timeadd tostring jsonencode yamlencode base64encode base64decode "
                  "base64gzip urlencode textencodebase64 textdecodebase64 md5 sha1 sha256 sha512 base64sha256 base64sha512 uuidv5 cidrhost cidrnetmask cidrsubnet basename dirname coalesce regex",
        "list": "range split regexall formatlist concat flatten compact distinct reverse sort slice chunklist coalescelist setproduct keys values matchkeys tolist csvdecode cidrsubnets toset",
        "liststr": "split formatlist compact sort keys concat cidrsubnets",
        "listnum": "range concat",
        "set": "toset setunion setintersection setsubtract setproduct",
        "map": "merge zipmap transpose tomap jsondecode yamldecode",
    }

    def call(self, kind, depth):
        names = self.RESULT.get(kind, "").split()
        if self.chance(0.1) or not names:
            name, params = self.pick(self.calls)
        else:
            fit = [c for c in self.calls if c[0] in names]
            name, params = self.pick(fit)
        if self.chance(0.02) and params:
            params = params[:-1] if self.chance(0.5) else params + ["any"]
        prefix = "core::" if self.chance(0.02) else ""
        return f"{prefix}{name}({', '.join(self.arg(p, depth) for p in params)})"

    def access(self, d):
        return self.pick([
            lambda: f"{self.expr('list', d)}[{self.leaf('small')}]", lambda: f"{self.expr('map', d)}[{self.leaf('string')}]", lambda: f"{self.pick(REFS['map'])}.{self.pick('abcdexy')}",
            lambda: f"{self.expr('map', d)}.a", lambda: f"{self.expr('list', d)}[*]", lambda: f"local.lo[*].{self.pick('abz')}", lambda: f"local.lo.*.a", lambda: f"{self.expr('any', d)}[*].a",
            lambda: f"local.tu.{self.pick('0123')}", lambda: f"local.ob[{self.leaf('string')}]", lambda: f"local.ob.c[{self.expr('number', d)}]", lambda: f"{self.pick(REFS['any'])}[*]"])()

    def make_string(self, d):
        roll = self.r.random()
        if roll < 0.55 and d >= 0:
            parts = []
            for _ in range(self.r.randint(1, 3)):
                parts.append(self.pick([
                    lambda: self.pick(["a", " ", "-", "é", "x y", r"\n", "$", "%", "$${"]), lambda: "${" + self.pick(["", "", "~ "]) + self.expr("string", d - 1) + self.pick(["", "", " ~"]) + "}",
                    lambda: "${" + self.expr("number", d - 1) + "}", lambda: "%{ if " + self.expr("bool", d - 1) + self.pick([" }", " ~}"]) + " y %{ else }n%{ endif }",
                    lambda: self.loop(d)])())
            return '"' + "".join(parts) + '"'
        if roll < 0.6:
            return f"<<{self.pick(['', '-'])}EOT\n  {self.pick(['x', 'é', ''])}${{{self.expr('string', d - 1)}}}\n    indented\n\nEOT\n"
        return self.pick(STRINGS)

    def loop(self, d):
        self.scope.append("v")
        body = "${" + self.expr("string", d - 1) + "}"
        self.scope.pop()
        return "%{ for v in " + self.expr("list", d - 1) + " }[" + body + "]%{ endfor ~}"

    def make_number(self, d):
        if d < 0 or self.chance(0.15):
            return self.pick(NUMBERS)
        if self.chance(0.1):
            return f"-{self.expr('number', d - 1)}"
        return f"({self.expr('number', d - 1)} {self.pick('+-*/%')} {self.expr('number', d - 1)})"

    def make_bool(self, d):
        if d < 0:
            return self.pick(["true", "false"])
        roll = self.r.random()
        if roll < 0.3:
            return f"({self.expr('number', d - 1)} {self.pick(['<', '<=', '>', '>='])} {self.expr('number', d - 1)})"
        if roll < 0.6:
            kind = self.pick(["string", "number", "any", "list", "map", "bool"])
            return f"({self.expr(kind, d - 1)} {self.pick(['==', '!='])} {self.expr(kind, d - 1)})"
        if roll < 0.85:
            return f"({self.expr('bool', d - 1)} {self.pick(['&&', '||'])} {self.expr('bool', d - 1)})"
        return f"!{self.expr('bool', d - 1)}"

    def items(self, kind, d, low=0):
        return ", ".join(self.expr(kind, d - 1) for _ in range(self.r.randint(low, 3)))

    def make_list(self, d):
        roll = self.r.random()
        if d >= 0 and roll < 0.35:
            return self.for_list(d)
        if d >= 0 and roll < 0.45:
            return f"to{self.pick(['list', 'set'])}([{self.items(self.pick(['string', 'number', 'map']), d)}])"
        kind = self.pick(["string", "number", "bool", "any", "list", "map"]) if d > 0 else self.pick(["string", "number"])
        return f"[{self.items(kind, d)}]"

    def for_list(self, d):
        source = self.pick(["list", "map", "set"])
        over = self.expr(source, d - 1)
        names = self.pick([["v"], ["k", "v"]])
        self.scope += names
        body = self.expr(self.pick(["string", "number", "any"]), d - 1)
        when = f" if {self.expr('bool', d - 1)}" if self.chance(0.3) else ""
        del self.scope[-len(names):]
        return f"[for {', '.join(names)} in {over} : {body}{when}]"

    def make_liststr(self, d):
        return f"[{self.items('string', d)}]"

    def make_listnum(self, d):
        return f"[{self.items('number', d)}]"

    def make_listbool(self, d):
        return f"[{self.items('bool', d)}]"

    def make_mapliststr(self, d):
        return f"{{ a = {self.make_liststr(d)}, b = [\"x\"] }}"

    def make_set(self, d):
        return f"toset([{self.items(self.pick(['string', 'number', 'list']) if d > 0 else 'string', d)}])"

    def make_map(self, d):
        if d >= 0 and self.chance(0.3):
            over = self.expr(self.pick(["list", "map", "set"]), d - 1)
            self.scope += ["k", "v"]
            key = self.pick(["k", "v", f'"${{k}}-${{v}}"', self.expr("string", d - 1)])
            body = self.expr(self.pick(["string", "number", "any"]), d - 1)
            dots = "..." if self.chance(0.4) else ""
            when = f" if {self.expr('bool', d - 1)}" if self.chance(0.2) else ""
            del self.scope[-2:]
            return f"{{ for k, v in {over} : {key} => {body}{dots}{when} }}"
        kind = self.pick(["string", "number", "any", "list"]) if d > 0 else self.pick(["string", "number"])
        entries = []
        for _ in range(self.r.randint(0, 3)):
            key = self.pick(["a", "b", "c", '"d e"', "1", '"${local.s0}"', "(local.s0)", "true"])
            entries.append(f"{key} {self.pick(['=', ':'])} {self.expr(kind, d - 1)}")
        body = f"{{ {', '.join(entries)} }}"
        return f"tomap({body})" if self.chance(0.2) else body

    def make_any(self, d):
        return self.expr(self.pick(["string", "number", "bool", "list", "map", "set"]), d) if d > 0 else self.leaf(self.pick(["string", "number", "bool"]))


# ---------------------------------------------------------------- asking

def environment():
    env = {k: v for k, v in os.environ.items() if not k.startswith("TF_") or k == "TF_CLI_CONFIG_FILE"}
    env.update(CHECKPOINT_DISABLE="1", LC_ALL="C.UTF-8", TZ="UTC")
    return env


def run(binary, args, cwd, stdin=None):
    try:
        p = subprocess.run([binary] + args, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=180, env=environment())
        return p.returncode, p.stdout, p.stderr
    except subprocess.TimeoutExpired:
        return 124, "", "timeout"


class Num(str):
    pass


def loads(text):
    return json.loads(text, parse_int=Num, parse_float=Num)


def errors(out):
    for line in out.splitlines():
        if line.startswith("{"):
            try:
                m = json.loads(line)
            except ValueError:
                continue
            d = m.get("diagnostic")
            if d and d["severity"] == "error":
                yield d


def ask(binary, exprs, folder):
    """Answers of one engine: index -> dict."""
    answers = {i: {} for i in exprs}
    with open(os.path.join(folder, "setup.tf"), "w") as f:
        f.write(SETUP)
    for i, e in exprs.items():
        with open(os.path.join(folder, f"e_{i}.tf"), "w") as f:
            f.write(f"locals {{\n  e_{i} = {e}\n}}\noutput \"e_{i}\" {{\n  value     = local.e_{i}\n  sensitive = true\n}}\n"
                    f"output \"s_{i}\" {{\n  value = nonsensitive(issensitive(local.e_{i}))\n}}\n")
    rc, out, err = run(binary, ["init", "-no-color", "-input=false"], folder)
    left = dict(exprs)

    def drop(found):
        hit = {}
        for d in found:
            name = os.path.basename((d.get("range") or {}).get("filename", ""))
            m = re.match(r"e_(\d+)\.tf$", name)
            names = [int(m.group(1))] if m else [int(n) for n in re.findall(r"\be_(\d+)\b", d.get("detail", ""))]
            for n in names:
                if n in left:
                    hit.setdefault(n, []).append((d["summary"], d.get("detail", "")))
        for n, ds in hit.items():
            answers[n]["error"] = ds
            del left[n]
            os.unlink(os.path.join(folder, f"e_{n}.tf"))
        return bool(hit)

    for stage, args in [("plan", ["plan", "-json", "-input=false", "-lock=false", "-out=p"]), ("apply", ["apply", "-json", "-auto-approve", "-input=false", "-lock=false"])]:
        for _ in range(40):
            rc, out, err = run(binary, args, folder)
            if rc == 0 or not left:
                break
            if not drop(errors(out)):
                for n in left:
                    answers[n]["crash"] = (stage, rc, out[-600:], err[-600:])
                return answers
        if not left:
            return answers
        if stage == "plan":
            rc, out, err = run(binary, ["show", "-json", "p"], folder)
            if rc == 0:
                changes = loads(out).get("output_changes", {})
                for n in left:
                    c = changes.get(f"e_{n}", {})
                    answers[n]["plan"] = {k: c.get(k) for k in ("after", "after_unknown")}
                    answers[n]["plan_s"] = changes.get(f"s_{n}", {}).get("after_unknown")
    rc, out, err = run(binary, ["output", "-json"], folder)
    values = loads(out) if rc == 0 else {}
    for n in left:
        answers[n]["value"] = {k: (values.get(f"e_{n}") or {}).get(k) for k in ("type", "value")}
        answers[n]["sensitive"] = (values.get(f"s_{n}") or {}).get("value")
    order = sorted(left)
    rc, out, err = run(binary, ["console", "-no-color"], folder, "\n".join(["[" + ", ".join(f"[\"#{n}\", nonsensitive_(local.e_{n})]".replace("nonsensitive_", "") for n in order) + "]"]) + "\n")
    for m in re.finditer(r'(?ms)^  \[\n    "#(\d+)",\n(.*?)^  \],$', out):
        if int(m.group(1)) in answers:
            answers[int(m.group(1))]["console"] = m.group(2)
    if rc != 0:
        for n in order:
            answers[n]["console"] = "failed: " + err[-300:]
    return answers


def compare(want, got):
    if "crash" in want:
        return None
    if "crash" in got:
        return f"no answer: {got['crash']}"
    if "error" in want or "error" in got:
        w, g = ([d[0] for d in a.get("error", [])] for a in (want, got))
        if not w:
            return f"should work, got {got['error'][:2]}; want {want.get('value')}"
        if not g:
            return f"should fail with {want['error'][:2]}; got {got.get('value')}"
        return None if w[0] in g and g[0] in w else f"summaries: want {want['error'][:2]}\n       got {got['error'][:2]}"
    for key in ("plan", "value", "sensitive", "console", "plan_s"):
        if want.get(key) != got.get(key):
            return f"{key}: want {json.dumps(want.get(key), ensure_ascii=False)[:500]}\n       got {json.dumps(got.get(key), ensure_ascii=False)[:500]}"
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default="sdt", help="the engine to test")
    ap.add_argument("--against", default="terraform", help="the engine that is right; none to only run")
    ap.add_argument("--count", type=int, default=300)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--depth", type=int, default=3)
    ap.add_argument("--batch", type=int, default=150)
    ap.add_argument("--limit", type=int, default=40, help="differences to print")
    ap.add_argument("--dump", help="write the differing expressions here, as JSON lines")
    a = ap.parse_args()
    against = shutil.which(a.against)
    binary = shutil.which(a.bin) or os.path.abspath(a.bin)
    rng = random.Random(a.seed)
    total, accepted, bad = 0, 0, []
    while total < a.count:
        gen = Gen(rng)
        exprs = {i: gen.expr(rng.choice(["string", "number", "bool", "list", "map", "set", "any"]), rng.randint(1, a.depth)) for i in range(min(a.batch, a.count - total))}
        with tempfile.TemporaryDirectory(prefix="expr-") as root:
            folders = [os.path.join(root, x) for x in "ab"]
            for f in folders:
                os.mkdir(f)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                got = pool.submit(ask, binary, exprs, folders[0])
                want = pool.submit(ask, against, exprs, folders[1]) if against else None
                got, want = got.result(), want.result() if want else None
        for i, e in exprs.items():
            total += 1
            accepted += "error" not in got[i]
            why = compare(want[i], got[i]) if want else ("crash" in got[i] and str(got[i]["crash"])) or None
            if why:
                bad.append((e, why))
    for e, why in bad[: a.limit]:
        print(f"DIFF {e!r}\n     {why}")
    if a.dump:
        with open(a.dump, "w") as f:
            for e, why in bad:
                f.write(json.dumps({"expr": e, "why": why}) + "\n")
    print(f"{total} expressions, {accepted} accepted, {len(bad)} differences" + ("" if against else " (no terraform: only run)"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

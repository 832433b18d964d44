#!/usr/bin/env python3
"""Mangles the layout of configurations and compares what `sdt fmt` and `terraform fmt` make of them.

    tests/generate/formatting.py --bin target/debug/sdt --count 2000 --seed 1

The inputs are the files of the corpus and of the project, and generated expressions, with spaces, line breaks, indentation and comments put in and
taken out at random. Without `terraform` it is only checked that sdt survives and that its answer stays as it is when formatted again.
"""
import argparse
import filecmp
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import expressions

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def sources():
    found = []
    for folder in ("tests/lang", "modules", "envs", "state"):
        for at, dirs, names in os.walk(os.path.join(ROOT, folder)):
            dirs[:] = sorted(d for d in dirs if d != ".terraform")
            for n in sorted(names):
                if n.endswith((".tf", ".tfvars")):
                    with open(os.path.join(at, n), encoding="utf-8", errors="surrogateescape", newline="") as f:
                        found.append(f.read())
    return found


def mangle(r, text):
    out, heredoc = [], None
    for line in text.split("\n"):
        if heredoc:
            out.append(line)
            if line.strip() == heredoc:
                heredoc = None
            continue
        m = re.search(r"<<-?([A-Za-z_]+)\s*$", line)
        if m:
            heredoc = m.group(1)
            out.append(line)
            continue
        if r.random() < 0.3:
            line = " " * r.randint(0, 7) + line.lstrip() if r.random() < 0.8 else "\t" + line.lstrip()
        if '"' not in line and "#" not in line and "//" not in line and r.random() < 0.5:
            for a, b in [("=", r.choice(["=", " =", "= ", "   =   "])), (",", r.choice([",", " ,", ",  "])), ("{", r.choice(["{", " {", "{ "])),
                         ("(", r.choice(["(", "( "])), (")", r.choice([")", " )"])), ("[", r.choice(["[", "[ "])), ("]", r.choice(["]", " ]"])),
                         ("+", r.choice(["+", " + "])), ("?", r.choice(["?", " ? "])), (".", r.choice([".", "."]))]:
                if r.random() < 0.4:
                    line = re.sub(r"(?<![=!<>])" + re.escape(a) + r"(?![=>])", b, line)
        if r.random() < 0.08 and line.strip() and not line.rstrip().endswith("\\"):
            line += r.choice([" # c", "  // d", "#", " /* e */", "     # 日本"])
        if r.random() < 0.05:
            line += " " * r.randint(1, 4)
        out.append(line)
        if r.random() < 0.06:
            out.append(r.choice(["", "", "# comment", "   // other", "\t", "/* a\n b */"]))
    text = "\n".join(out)
    if r.random() < 0.05:
        text = text.replace("\n", "\r\n")
    if r.random() < 0.1:
        text = text.rstrip("\n")
    return text


def generated(r, gen):
    lines = []
    for i in range(r.randint(1, 6)):
        e = gen.expr(r.choice(["string", "number", "bool", "list", "map", "any"]), r.randint(1, 3))
        e = e if "<<" in e else r.choice([e, e, e.replace(", ", ","), e.replace(" ", "  "), e.replace(", ", ",\n"), e.replace("{ ", "{\n").replace(" }", "\n}")])
        lines.append(f"{r.choice(['a', 'bbb', 'cc_d', 'x1'])}{i}{r.choice([' ', '', '   '])}={r.choice([' ', '', '   '])}{e}")
        if r.random() < 0.2:
            lines.append("")
    body = "\n".join(lines)
    if r.random() < 0.5:
        body = f"resource \"x\"   \"y\"{r.choice(['', ' '])}{{\n{body}\n}}"
    return body + "\n"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default="sdt")
    ap.add_argument("--against", default="terraform")
    ap.add_argument("--count", type=int, default=500)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--limit", type=int, default=10)
    ap.add_argument("--keep", help="keep differing inputs in this folder")
    a = ap.parse_args()
    r = random.Random(a.seed)
    binary, against = shutil.which(a.bin) or os.path.abspath(a.bin), shutil.which(a.against)
    texts, gen = sources(), expressions.Gen(r)
    with tempfile.TemporaryDirectory() as tmp:
        dirs = [os.path.join(tmp, d) for d in ("in", "sdt", "other")]
        for d in dirs:
            os.mkdir(d)
        names = [f"f{i}.tf" for i in range(a.count)]
        for n in names:
            text = mangle(r, r.choice(texts)) if r.random() < 0.6 else mangle(r, generated(r, gen)) if r.random() < 0.5 else generated(r, gen)
            for d in dirs:
                with open(os.path.join(d, n), "w", encoding="utf-8", errors="surrogateescape", newline="") as f:
                    f.write(text)

        def fmt(engine, d):
            return subprocess.run([engine, "fmt", "-no-color", "-list=false", "."], cwd=d, capture_output=True, text=True, timeout=600)

        p = fmt(binary, dirs[1])
        if p.returncode not in (0, 2):
            print(f"sdt fmt ends with {p.returncode}: {p.stderr[-500:]}")
            return 1
        wrong = []
        if against:
            fmt(against, dirs[2])
            wrong = [n for n in names if not filecmp.cmp(os.path.join(dirs[1], n), os.path.join(dirs[2], n), shallow=False)]
        first = {n: open(os.path.join(dirs[1], n), "rb").read() for n in names}
        fmt(binary, dirs[1])
        restless = [n for n in names if open(os.path.join(dirs[1], n), "rb").read() != first[n]]
        for n in wrong[: a.limit]:
            print(f"DIFF {n}")
            d = subprocess.run(["diff", "-u", os.path.join(dirs[2], n), os.path.join(dirs[1], n)], capture_output=True).stdout.decode("utf-8", "replace")
            print(d[:1500])
        for n in wrong if a.keep else []:
            os.makedirs(a.keep, exist_ok=True)
            shutil.copy(os.path.join(dirs[0], n), a.keep)
        changed = sum(not filecmp.cmp(os.path.join(dirs[0], n), os.path.join(dirs[1], n), shallow=False) for n in names)
        print(f"{a.count} files, {changed} rewritten, {len(wrong)} differ from Terraform, {len(restless)} change again")
        if restless:
            print("restless:", restless[:5])
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

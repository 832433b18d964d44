#!/usr/bin/env python3
"""A busy AWS and a bad network: 5 % throttles, 2 % 5xx, 1 % of the requests carried out without their reply.

usage: faults.py [--small] [--seed N] [--times K]      K seeds from N on; without --small it is envs/dev

Apply through such a proxy, again if it fails, until it succeeds: what exists is then what a run without faults makes, nothing is
twice there, and nothing is left to plan. Destroy the same way: nothing remains.
"""
import argparse
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.dont_write_bytecode = True

from death import DEV, SMALL
from harness import LocalAws, Workspace
from harness.fixtures import BACKEND, make_store, root_module, sdt
from harness.proxy import Proxy
from harness.runner import Skip
from harness.steps import compare_inventories

RUNS = 4


def converges(seeds, small, say=print):
    """Applies and destroys once without faults and once for each seed; returns how often a command had to run again."""
    if sdt().terraform:
        raise Skip("Terraform does not look for what a lost reply has made")
    where, backend = ("small", []) if small else (DEV, [BACKEND])
    again = 0
    with LocalAws() as aws, Workspace() as workspace:
        workspace.add("small", root_module("small", SMALL))
        applied, destroyed = None, None
        for seed in (None, *seeds):
            aws.reset()
            make_store(aws)
            workspace.forget_data(where)
            shares = {} if seed is None else {"throttle": 0.05, "fail": 0.02, "lose": 0.01}
            with Proxy(aws, seed=seed, **shares) as proxy:
                started, engine = time.monotonic(), sdt().at(workspace, proxy)
                try:
                    runs = [until_done(engine, where, "init", "-input=false", *backend),
                            until_done(engine, where, "apply", "-input=false", "-auto-approve")]
                    applied = applied or aws.inventory()
                    compare_inventories(applied, aws.inventory())
                    until_done(engine, where, "plan", "-input=false", "-detailed-exitcode")
                    runs.append(until_done(engine, where, "destroy", "-input=false", "-auto-approve"))
                    destroyed = destroyed or aws.inventory()
                    compare_inventories(destroyed, aws.inventory())
                except AssertionError as error:
                    met = "\n".join(f"  {kind} {name}" for kind, name in proxy.met if kind == "lose")
                    raise AssertionError(f"seed {seed}: {error}\nlost replies:\n{met}") from None
            again += sum(runs) - len(runs)
            if seed is not None:
                say(f"  seed {seed}: {proxy.told()} in {sum(proxy.counts.values())} requests; init, apply, destroy took "
                    f"{', '.join(map(str, runs))} runs, {time.monotonic() - started:.1f} s")
    return again


def until_done(engine, where, command, *arguments):
    """Runs a command until it succeeds and returns how often that was."""
    for run in range(1, RUNS + 1):
        result = engine.run(where, command, *arguments)
        if result.code == 0:
            return run
    raise AssertionError(f"{command} did not succeed in {RUNS} runs: exit code {result.code}\n{result.out[-3000:]}\n{result.err[-4000:]}")


def test_small_configuration():
    converges([1, 2, 3], small=True)


def test_dev():
    converges([1], small=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--times", type=int, default=1, metavar="K")
    chosen = parser.parse_args()
    times = converges(range(chosen.seed, chosen.seed + chosen.times), chosen.small, say=lambda text: print(text, flush=True))
    print(f"all converged; {times} commands had to run again")

#!/usr/bin/env python3
"""Kills sdt after each request that changes something, before its reply arrives, and looks what a second run makes of it.

usage: death.py [--sample K] [--small] [--only N] [--jobs J]

A clean run says how many such requests an apply makes: calls to AWS as well as writes of state, journal and lock. Then,
for each N (or K of them, spread evenly), in an empty account: apply, SIGKILL after the Nth, in half of the runs the
loss of .terraform, init and apply again. What exists must then be what a clean run makes, no lock and no journal is
left, sdt sees no changes, and Terraform, where present, neither (in a sample: it is slow).
"""
import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.dont_write_bytecode = True

from harness import LocalAws, Workspace
from harness.fixtures import BACKEND, make_store, root_module, sdt
from harness.runner import Skip
from harness.steps import compare_inventories
from harness import terraform_engine

DEV = "envs/dev"
# One of each way to identify what a lost reply created: a client token, a tag, a unique name, a natural key.
SMALL = """
resource "aws_vpc" "one" {
  cidr_block = "10.9.0.0/16"
  tags       = { Name = "one" }
}

resource "aws_subnet" "one" {
  count             = 2
  vpc_id            = aws_vpc.one.id
  cidr_block        = cidrsubnet(aws_vpc.one.cidr_block, 8, count.index)
  availability_zone = "eu-west-1${["a", "b"][count.index]}"
}

resource "aws_security_group" "one" {
  name   = "one"
  vpc_id = aws_vpc.one.id
}

resource "aws_vpc_security_group_ingress_rule" "one" {
  security_group_id = aws_security_group.one.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_internet_gateway" "one" {
  vpc_id = aws_vpc.one.id
}

resource "aws_route_table" "one" {
  vpc_id = aws_vpc.one.id
}

resource "aws_route" "one" {
  route_table_id         = aws_route_table.one.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.one.id
}

resource "aws_eip" "one" {
  domain = "vpc"
}

resource "aws_nat_gateway" "one" {
  allocation_id = aws_eip.one.id
  subnet_id     = aws_subnet.one[0].id
  depends_on    = [aws_internet_gateway.one]
}

resource "aws_iam_role" "one" {
  name = "one"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_ecs_cluster" "one" {
  name = "one"
}

resource "aws_ecs_task_definition" "one" {
  family                = "one"
  container_definitions = jsonencode([{ name = "one", image = "one", memory = 128 }])
}

resource "aws_lb_target_group" "one" {
  name_prefix = "one-"
  port        = 80
  protocol    = "HTTP"
  vpc_id      = aws_vpc.one.id
}

resource "aws_efs_file_system" "one" {
  encrypted = true
}

resource "aws_secretsmanager_secret" "one" {
  name_prefix             = "one-"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "one" {
  secret_id     = aws_secretsmanager_secret.one.id
  secret_string = terraform_data.drawn.id
}

# Its id is drawn and lives in the state alone: who has stored it elsewhere depends on it.
resource "terraform_data" "drawn" {}

resource "aws_cloudwatch_log_group" "one" {
  name = "one"
}
"""


class Stage:
    """One local AWS and one workspace, emptied before each run."""

    def __init__(self, small):
        self.aws = LocalAws().__enter__()
        self.workspace = Workspace()
        self.where, self.backend = (DEV, [BACKEND]) if not small else ("small", [])
        self.workspace.add("small", root_module("small", SMALL))
        self.engine = sdt().at(self.workspace, self.aws)

    def close(self):
        self.workspace.__exit__()
        self.aws.__exit__()

    def empty(self):
        self.aws.clear_trap()
        self.aws.reset()
        make_store(self.aws)
        self.workspace.forget_data(self.where)
        self.init()

    def init(self):
        self.engine.run(self.where, "init", "-input=false", *self.backend).expect()

    def apply(self, after):
        """Applies with a trap after that many requests and returns the result."""
        self.aws.set_trap(after)
        return self.engine.run(self.where, "apply", "-input=false", "-auto-approve", on_start=self.aws.set_victim)

    def clean(self):
        """Returns how many requests a clean run makes, and what exists after it."""
        self.empty()
        self.apply(after=10**9).expect()
        return self.aws.trap()["seen"], self.aws.inventory()

    def dies(self, after, expected, ask_terraform=False):
        """Dies after so many requests, recovers and returns what it died of; fails when anything is amiss."""
        self.empty()
        died = self.apply(after)
        operation = self.aws.trap()["sprung"]
        self.aws.clear_trap()
        if operation is None:
            died.expect()  # this run needed fewer requests than the clean one
            return "nothing"
        try:
            assert died.code != 0, "it should be dead"
            if after % 2:
                self.workspace.forget_data(self.where)
            self.init()
            self.engine.run(self.where, "apply", "-input=false", "-auto-approve").expect()
            compare_inventories(expected, self.aws.inventory())
            self.engine.run(self.where, "plan", "-input=false", "-detailed-exitcode").expect()
            if ask_terraform and terraform_engine():
                self.workspace.forget_data(self.where)
                other = terraform_engine().at(self.workspace, self.aws)
                other.run(self.where, "init", "-input=false", *self.backend).expect()
                other.run(self.where, "plan", "-input=false", "-detailed-exitcode").expect()
                self.workspace.forget_data(self.where)
        except AssertionError as error:
            raise AssertionError(f"killed after request {after}, {operation}"
                                 f"{', without .terraform' if after % 2 else ''}: {error}") from None
        return operation


def campaign(small, sample=None, only=None, jobs=1, say=print):
    """Runs all deaths and returns the failures."""
    stages = [Stage(small) for _ in range(jobs)]
    try:
        total, expected = stages[0].clean()
        deaths = [only] if only else list(range(1, total + 1))
        if sample and sample < len(deaths):
            deaths = sorted({round(1 + i * (total - 1) / (sample - 1)) for i in range(sample)}) if sample > 1 else [total // 2]
        say(f"a clean run makes {total} changing requests; dying {len(deaths)} times")
        failures = []

        def work(share):
            for n in deaths[share::jobs]:
                started = time.monotonic()
                try:
                    operation = stages[share].dies(n, expected, ask_terraform=n == deaths[len(deaths) // 2])
                    say(f"  {n:4} {operation} ... recovered ({time.monotonic() - started:.1f} s)")
                except AssertionError as error:
                    failures.append(str(error))
                    say(f"  {n:4} FAILED {error}")

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(work, range(jobs)))
        return failures
    finally:
        for stage in stages:
            stage.close()


def test_small_configuration():
    _campaign(small=True, sample=12)


def test_dev():
    _campaign(small=False, sample=8)


def _campaign(**options):
    if sdt().terraform:
        raise Skip("Terraform has no journal")
    failures = campaign(**options, say=lambda text: print(text, flush=True))
    assert not failures, "\n".join(failures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--sample", type=int, metavar="K")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", type=int, metavar="N")
    parser.add_argument("--jobs", type=int, default=1, metavar="J")
    chosen = parser.parse_args()
    failed = campaign(chosen.small, chosen.sample, chosen.only, chosen.jobs, say=lambda text: print(text, flush=True))
    print(f"{len(failed)} failed")
    sys.exit(1 if failed else 0)

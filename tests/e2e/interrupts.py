"""Ctrl-C: once ends gracefully and saves, twice ends at once; either way the next apply goes on where the first one was."""
import signal
import time

from death import SMALL
from harness import LocalAws, Workspace
from harness.fixtures import make_store, root_module, sdt
from harness.runner import Skip
from harness.steps import compare_inventories

SLOW = "ec2:CreateSecurityGroup"
WHERE = "small"


def test_once_by_keyboard():
    _interrupted([signal.SIGINT])


def test_once_by_termination():
    _interrupted([signal.SIGTERM])


def test_twice():
    _interrupted([signal.SIGINT, signal.SIGINT])


def _interrupted(signals):
    if sdt().terraform:
        raise Skip("about sdt's own way to end")
    with LocalAws() as aws, Workspace() as workspace:
        workspace.add(WHERE, root_module(WHERE, SMALL))
        engine = sdt().at(workspace, aws)
        make_store(aws)
        engine.run(WHERE, "init", "-input=false").expect()
        engine.run(WHERE, "apply", "-input=false", "-auto-approve").expect()
        expected = aws.inventory()

        aws.reset()
        make_store(aws)
        with aws.holding(SLOW):
            process = engine.start(WHERE, "apply", "-input=false", "-auto-approve")
            _wait_for(aws, "ec2:CreateSubnet")
            for number, which in enumerate(signals):
                time.sleep(0.5 if number else 1)
                process.send_signal(which)
            if len(signals) == 2:
                # Nobody lets the call go on: it has to end all the same.
                out, err = process.communicate(timeout=20)
            else:
                time.sleep(1)
                assert process.poll() is None, "it did not wait for the calls under way"
        if len(signals) == 1:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 1, f"ended with {process.returncode}\n{out}{err}"
        assert "nterrupt" in out + err, out + err
        if len(signals) == 1:
            assert not aws.inventory().get("lock"), "a lock is left"
            assert "aws_subnet.one" in engine.run(WHERE, "state list").expect().out
            made = {r["operation"] for r in aws.requests()}
            assert "AuthorizeSecurityGroupIngress" not in made, "something was begun after the interruption"

        engine.run(WHERE, "apply", "-input=false", "-auto-approve").expect()
        compare_inventories(expected, aws.inventory())
        engine.run(WHERE, "plan", "-input=false", "-detailed-exitcode").expect()


def _wait_for(aws, operation):
    deadline = time.monotonic() + 60
    while not any(f"{r['service']}:{r['operation']}" == operation for r in aws.requests()):
        assert time.monotonic() < deadline, f"no {operation}"
        time.sleep(0.05)

"""The life of an environment, step by step: what the demonstration shows and the tests check."""
import re
import time

from .local_aws import REGION

SUMMARY = re.compile(r"^(Plan: .*|No changes\..*|Apply complete!.*|Destroy complete!.*|Success!.*|\S*.*has been successfully (?:initialized|configured).*)$", re.M)
BEHIND_OUR_BACK = f"""
import boto3
boto3.client("ecs", region_name="{REGION}").update_service(cluster="sdt-dev", service="gateway", desiredCount=3)
"""


class Story:
    """Runs steps of one engine in one workspace against one AWS, and remembers what each cost."""

    def __init__(self, engine, say=lambda text: None, verbose=False):
        self.engine, self.aws, self.workspace = engine, engine.aws, engine.workspace
        self.say, self.verbose = say, verbose
        self.costs = []
        self.bucket = None

    def step(self, title, where, command, *arguments, codes=(0,)):
        """Runs a command, says what it did and cost, and fails unless it ended with one of `codes`."""
        self.say(f"\n▸ {title}\n  $ {self._shown(where, command, arguments)}")
        self.aws.clear()
        result = self.engine.run(where, command, *arguments)
        calls = self.aws.calls()
        self.costs.append((title, result.seconds, sum(calls.values())))
        if self.verbose:
            self.say(re.sub("^", "  │ ", (result.out + result.err).rstrip(), flags=re.M))
        for line in SUMMARY.findall(result.out):
            self.say(f"  {line.strip()}")
        result.expect(*codes)
        self.say(f"  exit code {result.code}, {result.seconds:.1f} s, {sum(calls.values())} API calls, {result.peak_mb:.0f} MB")
        return result

    def _shown(self, where, command, arguments):
        line = self.engine.command(where, command, *arguments)
        return " ".join([self.engine.name, *(a for a in line[1:] if a != "-no-color")])

    # The state store.

    def create_state_store(self):
        self.step("state/: start with a local state", "state", "init", "-input=false")
        self.step("state/: create bucket and lock table", "state", "apply", "-input=false", "-auto-approve", "-var=force_destroy=true")
        self.bucket = self.engine.run("state", "output", "-raw", "bucket").expect().out.strip()
        example = self.workspace.root / "state" / "backend.tf.example"
        (self.workspace.root / "state" / "backend.tf").write_text(example.read_text())
        self.step("state/: move its own state into the bucket", "state", "init", "-input=false", "-migrate-state", "-force-copy",
                  f"-backend-config=bucket={self.bucket}")
        (self.workspace.root / "state" / "terraform.tfstate").unlink(missing_ok=True)
        return self.bucket

    def destroy_state_store(self):
        (self.workspace.root / "state" / "backend.tf").unlink()
        self.step("state/: move its state back into a file", "state", "init", "-input=false", "-migrate-state", "-force-copy")
        self.step("state/: destroy bucket and lock table", "state", "destroy", "-input=false", "-auto-approve", "-var=force_destroy=true")

    # An environment.

    def init(self, env="dev"):
        return self.step(f"{env}: init, its state is in the bucket", f"envs/{env}", "init", "-input=false", f"-backend-config=bucket={self.bucket}")

    def plan(self, env="dev"):
        return self.step(f"{env}: plan", f"envs/{env}", "plan", "-input=false", "-out=plan.out")

    def apply(self, env="dev"):
        return self.step(f"{env}: apply that plan", f"envs/{env}", "apply", "-input=false", "plan.out")

    def plan_again(self, env="dev"):
        return self.step(f"{env}: plan again, nothing to do", f"envs/{env}", "plan", "-input=false", "-detailed-exitcode")

    def meddle(self):
        self.say("\n▸ someone scales the gateway to 3 tasks behind our back")
        self.aws.script(BEHIND_OUR_BACK)

    def drift(self, env="dev"):
        result = self.step(f"{env}: drift sees it, exit code 2", f"envs/{env}", "drift", codes=(2,))
        if "desired_count" not in result.out:
            raise AssertionError(f"drift does not name the attribute that changed:\n{result.out}")
        return result

    def destroy(self, env="dev"):
        return self.step(f"{env}: destroy", f"envs/{env}", "destroy", "-input=false", "-auto-approve")

    def whole_life(self):
        """Runs everything from an empty account to an empty account."""
        before = self.aws.inventory()
        self.create_state_store()
        for part in (self.init, self.plan, self.apply, self.plan_again, self.meddle, self.drift, self.destroy):
            part()
        self.destroy_state_store()
        started = time.monotonic()
        compare_inventories(before, self.aws.inventory())
        self.say(f"\n▸ the account is as it was before ({time.monotonic() - started:.1f} s to look)")


def compare_inventories(expected, found):
    """Fails with the differences unless both inventories are equal."""
    lines = []
    for kind in sorted({*expected, *found}):
        want, have = list(expected.get(kind, [])), list(found.get(kind, []))
        for item in want[:]:
            if item in have:
                want.remove(item)
                have.remove(item)
        lines += [f"missing {kind}: {item}" for item in want] + [f"unexpected {kind}: {item}" for item in have]
    if lines:
        raise AssertionError("the account differs:\n" + "\n".join(lines))

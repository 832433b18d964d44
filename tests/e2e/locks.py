"""One at a time: sdt and Terraform exclude each other, wait for each other, and the dead hold nobody up."""
import time

from harness import LocalAws, Workspace
from harness.fixtures import make_store, root_module, sdt, terraform

BODY = 'data "aws_availability_zones" "these" {}\n'
LOCKS = {"dynamodb": 'dynamodb_table = "sdt-state-locks"', "lockfile": "use_lockfile = true"}
SLOW = "ec2:DescribeAvailabilityZones"


def test_dynamodb_sdt_holds_terraform_asks():
    _exclude("dynamodb", sdt(), terraform())


def test_dynamodb_terraform_holds_sdt_asks():
    _exclude("dynamodb", terraform(), sdt())


def test_dynamodb_sdt_holds_sdt_asks():
    _exclude("dynamodb", sdt(), sdt())


def test_lockfile_sdt_holds_terraform_asks():
    _exclude("lockfile", sdt(), terraform())


def test_lockfile_terraform_holds_sdt_asks():
    _exclude("lockfile", terraform(), sdt())


def test_lockfile_sdt_holds_sdt_asks():
    _exclude("lockfile", sdt(), sdt())


def test_dead_sdt_is_taken_over():
    """Nobody has to unlock by hand what a killed sdt of this machine left."""
    for kind in LOCKS:
        with _stage(kind) as stage:
            if stage.engine(sdt()).terraform:
                return
            stage.kill_holder(sdt())
            stage.plan(sdt()).expect()


def test_dead_terraform_is_not():
    """A lock of Terraform's is named, kept, and gone after force-unlock."""
    for kind in LOCKS:
        with _stage(kind) as stage:
            stage.kill_holder(terraform())
            refused = stage.plan(sdt()).expect(1)
            lock_id = _field(refused, "ID")
            stage.engine(sdt()).run("locks", "force-unlock", "-force", lock_id).expect()
            stage.plan(sdt()).expect()


def _exclude(kind, holder, asker):
    """While one plans, the other is refused at once with the holder's name; with -lock-timeout it waits."""
    with _stage(kind) as stage:
        with stage.aws.holding(SLOW):
            first = stage.start_holder(holder)
            started = time.monotonic()
            refused = stage.plan(asker).expect(1)
            assert time.monotonic() - started < 20, "a refusal takes no time"
            who, operation = _field(refused, "Who"), _field(refused, "Operation")
            assert "@" in who and "Plan" in operation, (who, operation)
            waiting = stage.engine(asker).start("locks", "plan", "-input=false", "-lock-timeout=120s")
            time.sleep(3)
            assert waiting.poll() is None, f"it did not wait: {waiting.communicate()}"
        out, err = first.communicate(timeout=120)
        assert first.returncode == 0, out + err
        out, err = waiting.communicate(timeout=120)
        assert waiting.returncode == 0, out + err
        assert not stage.aws.inventory().get("lock"), "a lock is left"


def _field(result, name):
    """Reads a line such as `Who: me@here` out of a refusal."""
    for line in (result.out + result.err).splitlines():
        line = line.strip(" │|╷╵")
        if line.startswith(f"{name}:"):
            return line.split(":", 1)[1].strip()
    raise AssertionError(f"no {name} of the holder in:\n{result.out}{result.err}")


class _stage:
    """A local AWS and a root module whose plan can be held up in the middle."""

    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        self.aws = LocalAws().__enter__()
        self.workspace = Workspace()
        make_store(self.aws)
        self.workspace.add("locks", root_module("locks", BODY, LOCKS[self.kind]))
        self.ready = None
        return self

    def __exit__(self, *_):
        self.workspace.__exit__()
        self.aws.__exit__()

    def engine(self, engine):
        """Returns the engine, after an init when it needs one: sdt goes on in a folder that Terraform has made ready."""
        bound = engine.at(self.workspace, self.aws)
        if self.ready is None or (engine.terraform and self.ready != engine.name):
            self.workspace.forget_data("locks")
            bound.run("locks", "init", "-input=false").expect()
            self.ready = engine.name
        return bound

    def plan(self, engine):
        return self.engine(engine).run("locks", "plan", "-input=false")

    def start_holder(self, engine):
        """Starts a plan and returns when it holds the lock and waits for AWS."""
        self.aws.clear()
        process = self.engine(engine).start("locks", "plan", "-input=false")
        deadline = time.monotonic() + 60
        while not self.aws.inventory().get("lock"):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "no lock appeared"
        return process

    def kill_holder(self, engine):
        with self.aws.holding(SLOW):
            process = self.start_holder(engine)
            process.kill()
            process.communicate()

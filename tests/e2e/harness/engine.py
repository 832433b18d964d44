"""Runs sdt, or Terraform in its place: the same steps with the same command lines."""
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from . import terraform_mirror
from .workspace import ROOT


@dataclass
class Result:
    """What one command did."""
    command: list
    code: int
    out: str
    err: str
    seconds: float
    peak_mb: float

    def expect(self, *codes):
        if self.code not in (codes or (0,)):
            shown = " ".join(self.command)
            raise AssertionError(f"`{shown}` ended with {self.code}, expected {' or '.join(map(str, codes or (0,)))}\n"
                                 f"{self.out[-3000:]}\n{self.err[-6000:]}")
        return self


class Engine:
    """One program with Terraform's command line, working in one workspace against one local AWS."""

    def __init__(self, program, terraform, environment=None):
        self.program, self.terraform, self.extra = str(program), terraform, environment or {}
        self.name = "terraform" if terraform else "sdt"
        self.workspace = self.aws = None

    def at(self, workspace, aws=None):
        """Returns this engine bound to a workspace and an AWS."""
        bound = Engine(self.program, self.terraform, self.extra)
        bound.workspace, bound.aws = workspace, aws
        return bound

    def environment(self, more=None):
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("AWS_", "TF_", "SDT_")) and k not in ("CARGO_TARGET_DIR",)}
        kept.update(HOME=str(self.workspace.root / "home"), NO_COLOR="1", CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1")
        kept.update(self.aws.environment() if self.aws else {})
        kept.update(self.extra)
        kept.update(more or {})
        return kept

    def command(self, where, command, *arguments):
        """Returns the command line for a root module: `envs/NAME` becomes `--env NAME` where the engine has that."""
        env = where.removeprefix("envs/")
        place = [f"-chdir={where}"] if self.terraform or env == where else ["--env", env]
        if command == "drift" and self.terraform:
            command, arguments = "plan", ("-refresh-only", "-detailed-exitcode", "-lock=false", *arguments)
        plain = ["-no-color"] if command in ("init", "validate", "plan", "apply", "destroy", "drift", "show") else []
        return [self.program, *place, *command.split(), *plain, *arguments]

    def start(self, where, command, *arguments, env=None):
        """Starts a command and returns its process."""
        return subprocess.Popen(self.command(where, command, *arguments), cwd=self.workspace.root, env=self.environment(env),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, where, command, *arguments, env=None, on_start=None, timeout=1800):
        """Runs a command to its end; `on_start` gets the process right after its start."""
        started = time.monotonic()
        process = self.start(where, command, *arguments, env=env)
        texts = {}
        readers = [threading.Thread(target=lambda n, s: texts.update({n: s.read()}), args=pair)
                   for pair in (("out", process.stdout), ("err", process.stderr))]
        watchdog = threading.Timer(timeout, process.kill)
        try:
            for thread in (*readers, watchdog):
                thread.daemon = True
                thread.start()
            if on_start:
                on_start(process)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            watchdog.cancel()
        process.returncode = code = os.waitstatus_to_exitcode(status)
        for reader in readers:
            reader.join()
        return Result(self.command(where, command, *arguments), code, texts["out"], texts["err"],
                      time.monotonic() - started, usage.ru_maxrss / 1024)


def target_folder():
    """Returns where cargo builds: CARGO_TARGET_DIR, else a cache outside the checkout if there is one, else ./target."""
    if os.environ.get("CARGO_TARGET_DIR"):
        return Path(os.environ["CARGO_TARGET_DIR"])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sdt" / "target"
    return cache if cache.is_dir() else ROOT / "target"


def build_sdt():
    """Builds the program and returns its path."""
    target = target_folder()
    subprocess.run(["cargo", "build", "--locked", "--package", "sdt-cli"], cwd=ROOT, check=True, stdin=subprocess.DEVNULL,
                   env=dict(os.environ, CARGO_TARGET_DIR=str(target)))
    return target / "debug" / "sdt"


def engine_from_environment():
    """Returns the engine that IAC names (a program with Terraform's command line), else sdt, built if need be."""
    named = os.environ.get("IAC")
    if not named:
        return Engine(build_sdt(), terraform=False)
    program = shutil.which(named)
    if not program:
        sys.exit(f"IAC={named}: no such program")
    if "terraform" not in Path(program).name and "tofu" not in Path(program).name:
        return Engine(Path(program).resolve(), terraform=False)
    return terraform_engine() or sys.exit(terraform_mirror.why_not())


def terraform_engine():
    """Returns real Terraform with providers from a mirror on this machine, or None where there is none."""
    settings = terraform_mirror.settings()
    return Engine(shutil.which("terraform"), terraform=True, environment=settings) if settings else None

"""The checkout's own Python packages, in .venv: pinned, installed once, and again when the list changes."""
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BASE = ROOT / "scripts" / "requirements.txt"


def python(*more):
    """Returns the interpreter of a virtual environment that has scripts/requirements.txt and the lists in `more`."""
    lists = [BASE, *more]
    home = Path(os.environ.get("SDT_VENV", ROOT / ".venv"))
    interpreter = home / "bin" / "python"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / ".installing", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not interpreter.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        for requirements in lists:
            digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
            stamp = home / f".installed-{digest[:16]}"
            if not stamp.exists():
                print(f"installing {requirements.relative_to(ROOT)} into {home.name}", file=sys.stderr, flush=True)
                subprocess.run([str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                                "--requirement", str(requirements)], check=True, stdin=subprocess.DEVNULL)
                stamp.touch()
    return str(interpreter)

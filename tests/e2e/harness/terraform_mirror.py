"""Finds what real Terraform needs without a network: itself and its AWS provider in a mirror on this machine."""
import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from . import venv

STAND_IN = Path(__file__).resolve().parents[1] / "random_provider"


@cache
def mirror():
    """Returns a filesystem mirror that has hashicorp/aws, from SDT_TERRAFORM_MIRROR or the usual places."""
    usual = ["/opt/tf-plugins", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins",
             Path.home() / ".terraform.d" / "plugins", Path.home() / ".local/share/terraform/plugins"]
    for place in filter(None, [os.environ.get("SDT_TERRAFORM_MIRROR"), *usual]):
        if (Path(place) / "registry.terraform.io" / "hashicorp" / "aws").is_dir():
            return Path(place)
    return None


def why_not():
    """Says why comparisons with Terraform cannot run here, or returns None when they can."""
    if not shutil.which("terraform"):
        return "no `terraform` on PATH"
    if not mirror():
        return "no provider mirror with hashicorp/aws (name one in SDT_TERRAFORM_MIRROR)"
    return None


@cache
def settings():
    """Returns the variables that make Terraform use the mirror, or None.

    Where the mirror lacks hashicorp/random, our stand-in takes its place: a small provider in Python, of which Terraform
    cannot tell the difference for `random_password`.
    """
    if why_not():
        return None
    folder = Path(tempfile.mkdtemp(prefix="sdt-terraform-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    blocks = [f'filesystem_mirror {{\n    path = "{mirror()}"\n    include = ["registry.terraform.io/*/*"]\n'
              '    exclude = ["registry.terraform.io/hashicorp/random"]\n  }']
    own = mirror()
    if not (mirror() / "registry.terraform.io" / "hashicorp" / "random").is_dir():
        own = folder / "mirror"
        system, machine = os.uname().sysname.lower(), os.uname().machine
        platform = f"{system}_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"
        package = own / "registry.terraform.io" / "hashicorp" / "random" / "3.7.2" / platform
        package.mkdir(parents=True)
        program = package / "terraform-provider-random_v3.7.2"
        interpreter = venv.python(STAND_IN / "requirements.txt")
        program.write_text(f'#!/bin/sh\nexec "{interpreter}" "{STAND_IN / "provider.py"}"\n')
        program.chmod(0o755)
    blocks.append(f'filesystem_mirror {{\n    path = "{own}"\n    include = ["registry.terraform.io/hashicorp/random"]\n  }}')
    (folder / "rc").write_text("provider_installation {\n  " + "\n  ".join(blocks) + "\n}\ndisable_checkpoint = true\n")
    # The stand-in speaks no TLS; the plugins' sockets are private to this user either way.
    return {"TF_CLI_CONFIG_FILE": str(folder / "rc"), "TF_DISABLE_PLUGIN_TLS": "1"}


def version():
    """Returns the first line of `terraform version`."""
    return subprocess.run(["terraform", "version"], capture_output=True, text=True).stdout.splitlines()[0]

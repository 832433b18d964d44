"""Provisioners over SSH against OpenSSH's own server: by key, certificate and agent, and what is not let in."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from harness import Workspace
from harness.fixtures import sdt
from harness.runner import Skip

BODY = '''
variable "mode" {}

locals {
  connections = {
    key         = { private_key = file("KEYS/known"), certificate = null, agent = false }
    certificate = { private_key = file("KEYS/user"), certificate = file("KEYS/user-cert.pub"), agent = false }
    agent       = { private_key = null, certificate = null, agent = true }
    stranger    = { private_key = file("KEYS/user"), certificate = null, agent = false }
  }
  by = local.connections[var.mode]
}

resource "terraform_data" "there" {
  connection {
    type        = "ssh"
    host        = "127.0.0.1"
    port        = PORT
    user        = "USER"
    host_key    = file("KEYS/host.pub")
    private_key = local.by.private_key
    certificate = local.by.certificate
    agent       = local.by.agent
    timeout     = "5s"
  }

  provisioner "file" {
    content     = "by ${var.mode}"
    destination = "KEYS/written"
  }

  provisioner "remote-exec" {
    inline = ["cp KEYS/written KEYS/copied"]
  }
}
'''


def _run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


@contextmanager
def _server():
    """Starts sshd with keys of its own; yields their folder, the port, the user and the socket of an agent."""
    program = shutil.which("sshd") or next((p for p in ("/usr/sbin/sshd",) if Path(p).exists()), None)
    if not program or not shutil.which("ssh-agent"):
        raise Skip("OpenSSH's server and agent are not here")
    with tempfile.TemporaryDirectory(prefix="ssh-") as name:
        keys = Path(name)
        for key in ("host", "authority", "user", "known"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / key))
        user = _run("id", "-un").strip()
        _run("ssh-keygen", "-q", "-s", str(keys / "authority"), "-I", "id", "-n", user, "-V", "+1h", str(keys / "user.pub"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(parents=True, exist_ok=True)  # Where a server of root separates its privileges.
        (keys / "config").write_text(f"Port {port}\nListenAddress 127.0.0.1\nHostKey {keys}/host\nTrustedUserCAKeys {keys}/authority.pub\n"
                                     f"AuthorizedKeysFile {keys}/known.pub\nPasswordAuthentication no\nPermitRootLogin yes\nStrictModes no\n"
                                     f"UsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n")
        server = subprocess.Popen([program, "-D", "-e", "-f", str(keys / "config")], stderr=subprocess.DEVNULL)
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(keys / "agent")], stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if (keys / "agent").exists() and not socket.socket().connect_ex(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            _run("ssh-add", "-q", str(keys / "known"), env={**os.environ, "SSH_AUTH_SOCK": str(keys / "agent")}, stdin=subprocess.DEVNULL)
            yield keys, port, user, str(keys / "agent")
        finally:
            server.kill()
            agent.kill()


def test_who_is_let_in():
    with _server() as (keys, port, user, agent), Workspace() as workspace:
        workspace.add("root", BODY.replace("KEYS", str(keys)).replace("PORT", str(port)).replace("USER", user))
        engine = sdt().at(workspace)
        engine.run("root", "init", "-input=false").expect()
        for mode in ("key", "certificate", "agent"):
            applied = engine.run("root", "apply", "-input=false", "-auto-approve", "-replace=terraform_data.there", f"-var=mode={mode}",
                                 env={"SSH_AUTH_SOCK": agent}).expect()
            assert (keys / "copied").read_text() == f"by {mode}", applied.out
        refused = engine.run("root", "apply", "-input=false", "-auto-approve", "-replace=terraform_data.there", "-var=mode=stranger").expect(1)
        assert "file provisioner error" in refused.err, refused.err

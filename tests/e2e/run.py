#!/usr/bin/env python3
"""Runs the end-to-end tests.

usage: run.py [WORD ...]      only tests whose name contains one of the words
       IAC=terraform run.py   the same tests with Terraform in sdt's place, as far as they make sense
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import bad_input  # noqa: E402
import death  # noqa: E402
import drift_attributes  # noqa: E402
import drift_networks  # noqa: E402
import drift_services  # noqa: E402
import environments  # noqa: E402
import ephemeral  # noqa: E402
import faults  # noqa: E402
import interrupts  # noqa: E402
import locks  # noqa: E402
import modules  # noqa: E402
import ssh  # noqa: E402
import states  # noqa: E402
from harness import runner  # noqa: E402

if __name__ == "__main__":
    try:
        sys.exit(runner.run([environments, modules, ephemeral, states, ssh, locks, interrupts, bad_input, drift_attributes, drift_networks, drift_services, death, faults], sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)

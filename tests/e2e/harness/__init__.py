"""What the demonstration, the end-to-end tests and the benches share: a local AWS, an engine, a work folder.

Python 3's standard library only; what moto needs lives in the checkout's .venv.
"""
from .engine import Engine, Result, build_sdt, engine_from_environment, terraform_engine
from .local_aws import LocalAws
from .workspace import ROOT, Workspace

__all__ = ["Engine", "LocalAws", "ROOT", "Result", "Workspace", "build_sdt", "engine_from_environment", "terraform_engine"]

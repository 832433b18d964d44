"""A private copy of the root modules, so that nothing is left in the checkout and tests can run side by side."""
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Workspace:
    """A temporary folder with modules/, envs/ and state/; a context manager."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sdt-work-")
        self.root = Path(self._folder.name)
        for name in ("modules", "envs", "state"):
            shutil.copytree(ROOT / name, self.root / name,
                            ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "backend.tf"))
        (self.root / "home").mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def add(self, name, text):
        """Writes a further root module with one file, main.tf, and returns its folder."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "main.tf").write_text(text)
        return folder

    def forget_data(self, *names):
        """Deletes .terraform of the named root modules, as if they were on another machine."""
        for name in names:
            shutil.rmtree(self.root / name / ".terraform", ignore_errors=True)

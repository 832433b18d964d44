"""A test runner of a screen: functions called test_*, each with a name, a time and a verdict."""
import signal
import sys
import time
import traceback


class Skip(Exception):
    """Raised by a test that cannot run here; its text is the reason."""


def run(modules, wanted):
    """Runs the tests of the modules whose name contains one of `wanted` (all, if none) and returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    passed, failed, skipped = 0, [], 0
    for module in modules:
        for name, test in list(vars(module).items()):
            full = f"{module.__name__}::{name.removeprefix('test_')}"
            if not name.startswith("test_") or (wanted and not any(w in full for w in wanted)):
                continue
            started = time.monotonic()
            try:
                test()
                verdict, passed = "ok", passed + 1
            except Skip as reason:
                verdict, skipped = f"skipped: {reason}", skipped + 1
            except Exception as error:
                print("".join(traceback.format_exception_only(error)) if isinstance(error, AssertionError) else traceback.format_exc())
                verdict = "FAILED"
                failed.append(full)
            print(f"e2e {full} ... {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0

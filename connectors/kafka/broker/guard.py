"""Run a command that ends when its parent ends, however the parent ends. Run as a script, alone and isolated.

    python -I -S guard.py <parent's process id> <command> [<argument> ...]

On Linux the kernel is asked to kill this process with its parent, and the command takes its place: no
process more, and its id is that of the command. Elsewhere this process stays, watches its standard input (a
pipe that the parent holds and that closes with it) and kills the command.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _become(parent: int, command: list[str]) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent ended before its child began")
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted: the arguments are passed as they are


def _watch(command: list[str]) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603  # our own caller's command

    def end_with_parent() -> None:
        while os.read(0, 1):  # not sys.stdin: Python cannot end while another thread holds its lock
            continue
        child.kill()

    threading.Thread(target=end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


if __name__ == "__main__":
    if sys.platform == "linux":
        _become(int(sys.argv[1]), sys.argv[2:])
    sys.exit(_watch(sys.argv[2:]))

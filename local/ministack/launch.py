"""Runs MiniStack for as long as the process that started it lives.

Standard input is a pipe that its starter holds open: the pipe closes however the starter ends, be it by a
kill -9, and MiniStack's own shutdown then ends the functions' processes.
"""

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 5


def end_with_starter() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpid(), signal.SIGKILL)


if os.getpgrp() != os.getpid():
    sys.exit("launch.py must lead its own process group")
threading.Thread(target=end_with_starter, daemon=True).start()

from ministack.app import main  # noqa: E402 (the watch must start before the slow import)

sys.argv = ["ministack"]
main()

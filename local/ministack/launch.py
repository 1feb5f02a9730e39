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

# The watch must start before the slow imports.
from ministack import app  # noqa: E402
from ministack.core.responses import get_account_id, get_region  # noqa: E402
from ministack.services import alb, ec2, tagging  # noqa: E402


def ec2_tags():
    for resource, tags in ec2._tags.items():
        kind = ec2._guess_resource_type(resource)
        yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{resource}", tags


# Without these MiniStack knows no tags of such resources when it evaluates aws:ResourceTag, and denies every delete
# that a policy limits by tag.
tagging._RESOURCE_TAG_COLLECTORS["ec2"] = ec2_tags
tagging._RESOURCE_TAG_COLLECTORS["elasticloadbalancing"] = lambda: alb._tags.items()

# Run as root it would take port 443 as well, which is for others to take.
app._port_is_bindable = lambda host, port: False

sys.argv = ["ministack"]
app.main()

"""timed.py CORE|all FILE COMMAND...    runs the command and writes its seconds, CPU seconds and peak memory into FILE.

A process of its own, since the peak memory that the kernel tells of a program includes what its parent had in use when
it started it: this one has about 10 MB, which is the least that can be told.
"""

import json
import os
import sys
import time

core, out, argv = sys.argv[1], sys.argv[2], sys.argv[3:]
if core != "all":
    os.sched_setaffinity(0, {int(core)})
started = time.perf_counter()
pid = os.posix_spawnp(argv[0], argv, os.environ)
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - started
with open(out, "w") as file:
    json.dump({"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024}, file)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)

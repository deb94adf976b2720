"""How much memory this process has had resident at most."""

import resource


def peak_megabytes() -> float:
    # getrusage's peak outlives exec: a process that a large one started would begin with that one's.
    try:
        with open("/proc/self/status", encoding="utf8") as status:
            kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 / 1e6

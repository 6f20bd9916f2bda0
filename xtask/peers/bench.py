"""Masters the same mixes with the tools of others and with ours, measures all by meters of others, writes a document.

Started by `cargo xtask bench-peers`, which prepares what it needs. Everything is measured in one run on one machine.
"""

import argparse
import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
import traceback
from pathlib import Path

import chains
import distortion
import limits
import meters
import presets
import tables
import tools
from rig import Rig, say
from tables import Column, table


def versions(options):
    def first_line(*argv):
        try:
            done = subprocess.run(argv, capture_output=True, text=True)
        except FileNotFoundError:
            return None
        return (done.stdout or done.stderr).strip().splitlines()[0]

    listed = [first_line(options.balanced, "--version") + (f" ({options.commit})" if options.commit else "")]
    listed.append(" ".join(first_line("ffmpeg", "-version").split()[:3]))
    sox = first_line("sox", "--version")
    listed.append(sox.split(":")[-1].strip() if sox else "no SoX")
    listed.append(f"Python {platform.python_version()}")
    for package in ("matchering", "numpy", "scipy", "soundfile", "pedalboard", "pyebur128"):
        try:
            listed.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    return ", ".join(listed)


def head(rig):
    options = rig.options
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    mixes = [
        [name, r.seconds, r.rate_hz / 1000, r.lufs, r.highest_dbtp, r.lra_lu]
        for name, r in zip([*rig.names, f"reference: {rig.reference_name}"], [*rig.before, rig.reference_reading])
    ]
    columns = [
        Column("mix"),
        Column("s", 0),
        Column("kHz", 1),
        Column("LUFS", 1),
        Column("dBTP", 1),
        Column("LRA, LU", 1),
    ]
    return [
        "# Beside others",
        "What Balanced Mastering and others make of the same mixes, in one run, read by meters that share no code with it."
        " **Bold** is the best of a column, whoever it is; for true peaks, all that hold the ceiling.",
        f"- {rig.date}; {cpu}, {len(rig.cores)} cores; load when it began: {options.load:.1f}\n"
        f"- {versions(options)}\n"
        f"- true peaks: FFmpeg's `ebur128`, interpolation to 16 times the rate (SciPy),"
        f" {meters.libebur128() or 'no libebur128 (neither pyebur128 nor loudgain can be had)'}\n"
        f"- made by `{options.command}`"
        + ("; `--quick`: 30 seconds of each file, timed once" if options.quick else ""),
        table(columns, mixes),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", nargs="*", default=[])
    for flag in ("--reference", "--commit"):
        parser.add_argument(flag)
    for flag in ("--balanced", "--out", "--work", "--command"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    options.load = os.getloadavg()[0]

    say("checking the meters")
    tables.self_check()
    meters.self_check()
    distortion.self_check()
    tools.has("matchering"), tools.has("pedalboard")  # imported here once, and not by several threads

    rig = Rig(options)
    rig.date = datetime.date.today().isoformat()
    rig.take_time()
    sections = [
        ("Speed and memory", chains.speed),
        ("Whole chains", chains.whole_chains),
        ("Toward a reference", chains.toward_the_reference),
        ("Limiters alone, at one loudness under one true peak", limits.limiters),
        ("Every mix for every place", presets.presets),
    ]
    parts, failed = head(rig), []
    ending = ["## What was not run", "\n".join(f"- {line}" for line in tools.not_run())]
    for title, section in sections:
        say(title)
        try:
            parts += [f"## {title}", *section(rig)]
        except Exception:
            traceback.print_exc()
            failed.append(title)
            parts.append("This part failed and has no figures.")
        # Written after each part, so that what took an hour is not lost to what fails last.
        Path(options.out).parent.mkdir(parents=True, exist_ok=True)
        Path(options.out).write_text("\n\n".join([*parts, *ending]) + "\n")
    say(f"written: {options.out}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

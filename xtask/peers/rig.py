"""The mixes, and the masters that every chain makes of them, timed."""

import collections
import concurrent.futures
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import inputs
import meters
import tools
from tools import Failed, Run

STARTED = time.monotonic()


def say(words):
    print(f"[{time.monotonic() - STARTED:6.0f} s] {words}", file=sys.stderr, flush=True)


class Rig:
    def __init__(self, options):
        self.options = options
        self.folder = Path(options.work)
        self.ours = tools.Ours(options.balanced)
        self.cores = sorted(os.sched_getaffinity(0))
        self.one_core = str(self.cores[-1])
        self.repeats = 1 if options.quick else 3
        self.masters = {}  # (tool, mix) -> Reading or Failed
        self.prepare()

    def prepare(self):
        for name in ("in", "out"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir(parents=True)
        seconds = 30 if self.options.quick else 60
        place = self.folder / "in"
        if self.options.inputs:
            sources, reference = self.options.inputs, self.options.reference
            if reference is None:
                reference = inputs.make(place, seconds)[1]
        else:
            say("making the mixes")
            sources, reference = inputs.make(place, seconds)
            reference = self.options.reference or reference
        self.names = [Path(s).name for s in sources]
        self.reference_name = Path(reference).name
        self.mixes = [self.as_wav(s, place / f"{k}.wav") for k, s in enumerate(sources)]
        self.reference = self.as_wav(reference, place / "reference.wav")
        say("measuring the mixes")
        self.before = list(self.parallel(meters.measure, self.mixes))
        self.reference_reading = meters.measure(self.reference)
        self.reference_tone = meters.tone(self.reference)

    def as_wav(self, source, target):
        inputs.convert(source, target)
        if self.options.quick:
            whole = target.with_suffix(".whole.wav")
            target.rename(whole)
            inputs.excerpt(whole, target)
            whole.unlink()
        return target

    def parallel(self, function, *lists):
        with concurrent.futures.ThreadPoolExecutor(len(self.cores)) as pool:
            return list(pool.map(function, *lists))

    def chains(self):
        """Name, function, loudness to reach (LUFS)."""
        listed = []
        for lufs in (-14, -9):
            listed.append((f"Balanced Mastering, {lufs} LUFS", self.ours.at, lufs))
            listed.append((f"`ffmpeg loudnorm`, two passes, {lufs} LUFS", tools.loudnorm, lufs))
            listed.append((f"`ffmpeg volume, alimiter`, {lufs} LUFS", tools.gain_and_alimiter, lufs))
            if shutil.which("sox"):
                listed.append((f"`sox gain -l`, {lufs} LUFS", tools.sox_gain, lufs))
        return listed

    def matchers(self):
        goal = self.reference_reading.lufs
        return [
            ("Balanced Mastering, `--reference`, 100 %", self.ours.toward, goal),
            ("Matchering", tools.matchering, goal),
        ]

    def take_time(self):
        """Times every chain on every mix, alone on the machine, and measures what it delivered."""
        self.times = {}
        self.words = collections.defaultdict(list)
        for name, chain, lufs in [*self.chains(), *self.matchers()]:
            for k, mix in enumerate(self.mixes):
                say(f"{name}: {self.names[k]}")
                out = self.folder / "out" / f"{len(self.masters)}.wav"
                for core in (self.one_core, "all"):
                    runs = []
                    try:
                        for _ in range(self.repeats):
                            run = Run(core)
                            chain(run, mix, out, lufs, self.reference)
                            runs.append(run)
                    except Exception as error:  # whatever one tool does, the others are compared
                        self.masters[name, k] = error if isinstance(error, Failed) else Failed(type(error).__name__)
                        break
                    self.times[name, k, core] = (
                        statistics.median(run.seconds for run in runs),
                        max(run.peak_mb for run in runs),
                    )
                    self.words[name].extend(runs[0].words if core == "all" else [])
                else:
                    self.masters[name, k] = out
        # Timed here, like all that is timed, while nothing else runs.
        starts = [Run(self.one_core) for _ in range(self.repeats)]
        for run in starts:
            tools.matchering_import(run)
        self.import_seconds = statistics.median(run.seconds for run in starts)
        done = [key for key, out in self.masters.items() if isinstance(out, Path)]
        say("measuring the masters")
        for key, reading in zip(done, self.parallel(meters.measure, [self.masters[key] for key in done])):
            reading.path = self.masters[key]
            self.masters[key] = reading

    def delivered(self, name):
        return [(k, m) for k in range(len(self.mixes)) if not isinstance(m := self.masters[name, k], Failed)]

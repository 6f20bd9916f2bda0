"""The tools that are compared: how each is called, as its users call it.

A chain takes a `Run`, a mix, the loudness to reach and a reference, and writes a master. `Run` adds up what its commands
took, so that a chain of two passes costs both.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

CEILING_DBTP = -1.0
CEILING = 10 ** (CEILING_DBTP / 20)
TIMED = Path(__file__).with_name("timed.py")


class Failed(Exception):
    """A tool ended with an error; the last line that it wrote."""


def has(module):
    try:
        __import__(module)
        return True
    except ImportError:
        return False


@dataclass
class Run:
    """Runs commands on one core, or on `all`, and adds up their time; memory is that of the largest."""

    core: str = "all"
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    words: list = field(default_factory=list)  # what a tool said that the reader should know

    def __call__(self, *argv, accept=(0,)):
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            argv = [str(a) for a in argv]
            timed = [sys.executable, "-I", "-S", str(TIMED), self.core, out.name, *argv]
            done = subprocess.run(timed, capture_output=True, text=True)
            if done.returncode not in accept:
                lines = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()
                raise Failed(re.sub(r"(/[\w.+-]+)+/", "", lines[-1])[:200])
            took = json.loads(Path(out.name).read_text())
        self.seconds += took["seconds"]
        self.cpu_seconds += took["cpu"]
        self.peak_mb = max(self.peak_mb, took["mb"])
        return done


def _loudness(run, mix):
    """Integrated loudness as whoever uses FFmpeg or SoX would measure it first."""
    said = run("ffmpeg", "-hide_banner", "-nostats", "-i", mix, "-af", "ebur128", "-f", "null", "-").stderr
    return float(re.search(r"I:\s+(-?[\d.]+)", said[said.rindex("Summary:") :]).group(1))


class Ours:
    def __init__(self, binary):
        self.binary = binary

    def master(self, run, mix, out, *flags):
        done = run(self.binary, "master", mix, "-o", out, "--force", "--json", *flags)
        return json.loads(done.stdout)

    def at(self, run, mix, out, lufs, _reference):
        self.master(run, mix, out, "--loudness", lufs)

    def toward(self, run, mix, out, _lufs, reference):
        self.master(run, mix, out, "--reference", reference, "--intensity", 100)

    def limiter_alone(self, run, mix, out, lufs):
        self.master(run, mix, out, "--loudness", lufs, "--intensity", 0, "--ceiling", CEILING_DBTP)

    def presets(self):
        done = subprocess.run([self.binary, "presets", "--json"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def matchering(run, mix, out, _lufs, reference):
    code = (
        "import sys, matchering as m; "
        "m.process(target=sys.argv[1], reference=sys.argv[2], results=[m.pcm24(sys.argv[3])])"
    )
    run(sys.executable, "-c", code, mix, reference, out)


def matchering_import(run):
    run(sys.executable, "-c", "import matchering")


def loudnorm(run, mix, out, lufs, _reference):
    """Two passes. The range asked for is at least the mix's own, since below that the linear mode is given up."""
    rate = sf.info(mix).samplerate
    base = f"loudnorm=I={lufs}:TP={CEILING_DBTP}"
    common = ["ffmpeg", "-hide_banner", "-nostats", "-y", "-i", mix, "-af"]

    def told(done):
        return json.loads(re.search(r"\{[^{}]*\}", done.stderr[done.stderr.rindex("Parsed_loudnorm") :]).group(0))

    first = told(run(*common, f"{base}:print_format=json", "-f", "null", "-"))
    lra = min(50.0, max(7.0, float(first["input_lra"]) + 0.1))
    second = (
        f"{base}:LRA={lra}:linear=true:print_format=json:measured_I={first['input_i']}:measured_LRA={first['input_lra']}"
        f":measured_TP={first['input_tp']}:measured_thresh={first['input_thresh']}:offset={first['target_offset']}"
    )
    done = run(*common, second, "-ar", rate, "-c:a", "pcm_s24le", out)
    run.words.append(told(done)["normalization_type"])


def gain_and_alimiter(run, mix, out, lufs, _reference):
    chain = _alimiter(lufs - _loudness(run, mix))
    run("ffmpeg", "-v", "error", "-y", "-i", mix, "-af", chain, "-c:a", "pcm_s24le", out)


def sox_gain(run, mix, out, lufs, _reference):
    # The limiter of `gain -l` holds full scale, so the ceiling is a second gain behind it.
    gain_db = lufs - _loudness(run, mix) - CEILING_DBTP
    run("sox", "-D", mix, "-b", 24, out, "gain", "-l", f"{gain_db:.3f}", "gain", CEILING_DBTP)


def _alimiter(gain_db, limit=CEILING):
    return f"volume={gain_db:.3f}dB,alimiter=limit={limit:.5f}:attack=5:release=50:level=false"


def _by_ffmpeg(mix, chain):
    rate = sf.info(mix).samplerate
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        argv = [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            str(mix),
            "-af",
            chain(rate),
            "-ar",
            str(rate),
            "-c:a",
            "pcm_f32le",
        ]
        subprocess.run([*argv, out.name], check=True, capture_output=True)
        return sf.read(out.name, always_2d=True)[0]


def limit_alimiter(mix, gain_db):
    return _by_ffmpeg(mix, lambda _: _alimiter(gain_db))


def limit_alimiter_4x(mix, gain_db):
    return _by_ffmpeg(mix, lambda rate: f"aresample={4 * rate},{_alimiter(gain_db)},aresample={rate}")


def limit_sox(mix, gain_db):
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        argv = ["sox", "-D", str(mix), "-b", "32", "-e", "floating-point", out.name, "gain", "-l", f"{gain_db:.3f}"]
        subprocess.run(argv, check=True, capture_output=True)
        return sf.read(out.name, always_2d=True)[0]


def limit_pedalboard(mix, gain_db):
    from pedalboard import Gain, Limiter, Pedalboard

    samples, rate = sf.read(mix, always_2d=True, dtype="float32")
    board = Pedalboard([Gain(gain_db), Limiter(threshold_db=CEILING_DBTP, release_ms=100)])
    return board(samples.T, rate).T.astype(float)


def limit_matchering(mix, gain_db):
    import matchering.limiter
    from matchering import Config

    samples, rate = sf.read(mix, always_2d=True)
    config = Config(internal_sample_rate=rate)
    return np.asarray(matchering.limiter.limit(samples * 10 ** (gain_db / 20), config))


def limit_hard_clip(mix, gain_db):
    samples, _ = sf.read(mix, always_2d=True)
    return np.clip(samples * 10 ** (gain_db / 20), -CEILING, CEILING)


def limiters():
    """The limiters of others that can be had here, by name."""
    there = {
        "`ffmpeg volume, alimiter` (5, 50 ms)": limit_alimiter,
        "the same at 4 times the rate": limit_alimiter_4x,
        "Matchering's limiter": limit_matchering,
        "hard clip": limit_hard_clip,
    }
    if shutil.which("sox"):
        there["`sox gain -l`"] = limit_sox
    if has("pedalboard"):
        there["pedalboard `Limiter` (JUCE)"] = limit_pedalboard
    return there


def not_run():
    """What was not compared, and why."""
    missing = []
    if not shutil.which("sox"):
        missing.append("SoX: not on this machine (Debian: `apt-get install sox`).")
    if not has("pedalboard"):
        missing.append("pedalboard: pip found no build of it for this Python.")
    return [
        *missing,
        "phaselimiter: no package of it exists; it is built from source, with Intel's IPP.",
        "master_me: a live effect (LV2, VST, JACK) without a command line; a host or Faust's tools would be needed.",
        "Services (LANDR, BandLab, Dolby and others): they take music away from the machine, and versions cannot be kept.",
        "Listening: nothing here is a listening test.",
    ]

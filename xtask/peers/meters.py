"""Loudness, range, true peak and tonal distance of files, by meters that share no code with the product.

True peak is read three times:
  ffmpeg     the `ebur128` filter with `peak=true`
  16x        here: band-limited interpolation at 16 times the rate (Kaiser window, beta 10, 64 taps a phase)
  libebur128 by way of the Python package pyebur128, else of the program loudgain

Tonal distance is the rms over third octaves from 25 Hz to 16 kHz of the difference of two files' long-term levels, each
relative to its file's integrated loudness. `self_check` holds every meter to signals whose reading is known.
"""

import functools
import math
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy import signal

SILENCE_DB = -200.0
TAPS = 64  # of the interpolator, a phase
UP = 16


@dataclass
class Reading:
    """What a file measures. Peaks in dBTP by meter; `None` where that meter is not there."""

    lufs: float
    lra_lu: float
    peaks: dict
    seconds: float
    rate_hz: int

    @property
    def highest_dbtp(self):
        return max(p for p in self.peaks.values() if p is not None)


def decibels(amplitude):
    return 20 * math.log10(amplitude) if amplitude > 10 ** (SILENCE_DB / 20) else SILENCE_DB


def ffmpeg_ebur128(path, peaks=True):
    """Integrated loudness (LUFS), loudness range (LU) and true peak (dBTP).

    The summary has one decimal. The filter's metadata have three, so the last of them are taken where they agree with
    the summary, and the summary where they do not: the metadata miss what follows the last full tenth of a second.
    """
    chain = f"ebur128=peak={'true' if peaks else 'none'}:metadata=1,ametadata=mode=print:file=-"
    argv = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", chain, "-f", "null", "-"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    summary = done.stderr[done.stderr.rindex("Summary:") :]

    def coarse(name):
        return float(re.search(rf"\b{name}:\s+(-?[\d.]+|-?inf|nan)", summary).group(1))

    def fine(name, rough, convert=float):
        found = re.findall(rf"lavfi\.r128\.{name}=(-?[\d.]+)", done.stdout[-20_000:])
        value = convert(float(found[-1])) if found else rough
        return value if abs(value - rough) <= 0.06 else rough

    lufs = fine("I", coarse("I"))
    lra = fine("LRA", coarse("LRA"))
    if not peaks:
        return lufs, lra, None
    rough = coarse("Peak")
    return lufs, lra, max(SILENCE_DB, fine("true_peak", rough, decibels) if math.isfinite(rough) else SILENCE_DB)


@functools.cache
def _kernels():
    def kernel(up):
        return signal.firwin(TAPS * up + 1, 1 / up, window=("kaiser", 10.0)) * up

    return kernel(4), kernel(UP)


def _tops(scan, threshold):
    """Where a scan is at least `threshold` and no neighbour is higher."""
    before, after = np.append(0, scan[:-1]), np.append(scan[1:], 0)
    return np.flatnonzero((scan >= threshold) & (scan >= before) & (scan >= after))


def true_peak_16x(samples):
    """True peak in dBTP of a block of frames by channels.

    At four times the rate a sine below half the sample rate is read at most 0.69 dB too low, so whatever is the highest
    at 16 times lies beside a point within 0.7 dB of the highest at four times, which is higher than its neighbours. Only
    these are interpolated further.
    """
    quarter, sixteenth = _kernels()
    half = TAPS // 2
    # phase p of the 16x filter gives the sample at n + p/16
    fine = np.stack([np.append(sixteenth, np.zeros(UP - 1))[p::UP][: TAPS + 1] for p in range(UP)])
    highest = 0.0
    scans = []
    for channel in np.atleast_2d(samples.T):
        padded = np.pad(np.asarray(channel, float), TAPS)
        scan = np.abs(signal.upfirdn(quarter, padded, 4))[half * 4 :][: 4 * len(padded)]
        scans.append((padded, scan))
        highest = max(highest, float(scan.max(initial=0.0)))
    threshold = highest * 10 ** (-0.7 / 20)
    for padded, scan in scans:
        points = _tops(scan, threshold) if highest > 0 else np.empty(0, int)
        points = points[(points >= half * 4 + 4) & (points < 4 * (len(padded) - half - 1))]
        for some in np.array_split(points, max(1, len(points) // 20_000)):
            for shift in (-3, -2, -1, 1, 2, 3):
                at = some * 4 + shift
                whole, phase = at // UP, at % UP
                window = padded[whole[:, None] + half - np.arange(TAPS + 1)[None, :]]
                read = np.abs(np.einsum("ij,ij->i", window, fine[phase]))
                highest = max(highest, float(read.max(initial=0.0)))
    return decibels(highest)


def libebur128():
    """The name of what reads true peaks by libebur128 here, or `None`."""
    try:
        import pyebur128

        return f"libebur128 {pyebur128.get_libebur128_version()} by pyebur128"
    except ImportError:
        return "libebur128 by loudgain" if shutil.which("loudgain") else None


def true_peak_libebur128(path, samples, rate_hz):
    """True peak in dBTP, or `None` where libebur128 cannot be had."""
    try:
        import pyebur128

        state = pyebur128.R128State(samples.shape[1], rate_hz, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
        state.add_frames(np.ascontiguousarray(samples, dtype=float).reshape(-1), len(samples))
        return decibels(max(pyebur128.get_true_peak(state, c) for c in range(samples.shape[1])))
    except ImportError:
        pass
    if not shutil.which("loudgain"):
        return None
    done = subprocess.run(["loudgain", "-O", "-q", str(path)], capture_output=True, text=True, check=True)
    head, values = (line.split("\t") for line in done.stdout.strip().splitlines()[-2:])
    return decibels(float(values[head.index("True_Peak")]))


def third_octaves():
    """Centre, lower and upper edge of the bands from 25 Hz to 16 kHz."""
    centre = 1000 * 2.0 ** (np.arange(-16, 13) / 3)
    return centre, centre * 2 ** (-1 / 6), centre * 2 ** (1 / 6)


def long_term_levels(samples, rate_hz):
    power = 0
    for channel in samples.T:
        frequency, density = signal.welch(channel, rate_hz, "hann", min(16384, len(channel)), None)
        power = power + density
    _, low, high = third_octaves()
    sums = [power[(frequency >= a) & (frequency < b)].sum() for a, b in zip(low, high)]
    return 10 * np.log10(np.array(sums) + 1e-20)


def tone(path):
    """Levels of the third octaves relative to the file's loudness, in dB."""
    samples, rate_hz = sf.read(path, always_2d=True)
    return long_term_levels(samples, rate_hz) - ffmpeg_ebur128(path, peaks=False)[0]


def tonal_distance_db(path, reference_tone):
    return float(np.sqrt(np.mean((tone(path) - reference_tone) ** 2)))


def measure(path):
    samples, rate_hz = sf.read(path, always_2d=True)
    lufs, lra, ffmpeg_peak = ffmpeg_ebur128(path)
    peaks = {
        "ffmpeg": ffmpeg_peak,
        "16x": true_peak_16x(samples),
        "libebur128": true_peak_libebur128(path, samples, rate_hz),
    }
    return Reading(lufs, lra, peaks, len(samples) / rate_hz, rate_hz)


class MeterBroken(Exception):
    """A meter does not read what it must. Nothing that it says can be believed."""


def expect(what, read, must_be, within):
    if read is None:
        return
    if not abs(read - must_be) <= within:
        raise MeterBroken(f"{what}: read {read:.3f}, must be {must_be} within {within}")


def self_check():
    """Raises `MeterBroken` unless every meter reads what is known of signals made for the purpose."""
    rate = 48_000
    time = np.arange(4 * rate) / rate

    def read(samples):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "check.wav"
            sf.write(path, samples, rate, "FLOAT")
            return measure(path)

    def stereo(channel):
        return np.stack([channel, channel], axis=1)

    # BS.1770: a full-scale 997 Hz sine in one channel reads -3.01 LUFS, in two of them 0.
    sine = np.sin(2 * np.pi * 997 * time)
    one = read(np.stack([sine, 0 * sine], axis=1))
    expect("loudness of a full-scale 997 Hz sine in one channel", one.lufs, -3.01, 0.02)
    both = read(stereo(sine))
    expect("loudness of it in both channels", both.lufs, 0.0, 0.02)
    expect("loudness range of it", both.lra_lu, 0.0, 0.05)
    for name, peak in both.peaks.items():
        expect(f"true peak of it by {name}", peak, 0.0, 0.05)

    # A quarter of the sample rate at 45 degrees: every sample is 3.01 dB below the peak. Faded, since a hard start
    # rings higher than the sine itself.
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.5)
    between = 0.5 * fade * np.sin(2 * np.pi * rate / 4 * time + np.pi / 4)
    for name, peak in read(stereo(between)).peaks.items():
        # The standard's own 4x reading is allowed to be this much off.
        expect(f"true peak of fs/4 at 45 degrees by {name}", peak, decibels(0.5), 0.02 if name == "16x" else 0.3)
    expect("sample peak of it", decibels(np.abs(between).max()), decibels(0.5) - 3.01, 0.01)

    silent = read(stereo(0 * time))
    expect("true peak of silence by 16x", silent.peaks["16x"], SILENCE_DB, 0.0)
    if not silent.lufs <= -70:
        raise MeterBroken(f"loudness of silence: read {silent.lufs}, must be at most -70")

    # 6 dB per octave between two noises is a known distance.
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(20 * rate) * 0.05
    tilted = signal.lfilter([1, -0.97], [1], noise)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("a.wav", "b.wav", "c.wav")]
        for path, samples in zip(paths, (noise, 0.5 * noise, tilted)):
            sf.write(path, stereo(samples), rate, "FLOAT")
        expect("tonal distance of a noise to itself, quieter", tonal_distance_db(paths[1], tone(paths[0])), 0.0, 0.02)
        centre, _, _ = third_octaves()
        gain = 20 * np.log10(np.abs(signal.freqz([1, -0.97], [1], centre, fs=rate)[1]))
        shift = gain - (ffmpeg_ebur128(paths[2], False)[0] - ffmpeg_ebur128(paths[0], False)[0])
        must_be = float(np.sqrt(np.mean(shift**2)))
        expect("tonal distance of a noise to a tilted one", tonal_distance_db(paths[2], tone(paths[0])), must_be, 0.3)

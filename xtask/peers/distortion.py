"""What a limiter did to its input besides changing its level slowly.

The input x and the output y are aligned by their cross-correlation, down to a fraction of a sample. Then
  g(t)  is the best gain for all channels together, smoothed over 200 ms (Hann); the residual is r = y - g x
  NMR   noise to mask, dB: mean over frames (Hann, 2048 by 1024) and third octaves (25 Hz to 16 kHz) of r's power against
        the mask: the power of g x, spread by 27 dB a band downward and 12 dB a band upward, less 3 dB (up to 2 kHz) to
        6 dB (at 16 kHz), and at least the threshold of hearing, with full scale at 92 dB SPL
  DIST  share of frames in which a band of r exceeds its mask by more than 1.5 dB, %
  LSD   rms over frames and bands (within 40 dB of the frame's highest) of the level of y against that of g x, dB; it does
        not see phase
  PUMP  standard deviation over time of the change of the momentary (400 ms) level, dB

These compare limiters at one loudness under one delivered true peak. They rank; they do not prove that one sounds good.
"""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from meters import MeterBroken, expect, third_octaves

FRAME = 2048
LOWEST_NMR_DB = -150.0


@dataclass
class Distortion:
    nmr_db: float
    dist_percent: float
    lsd_db: float
    pump_db: float
    delay_samples: float


def aligned(x, y, rate_hz, reach=8192):
    """`y` moved so that it coincides with `x`, and by how many samples it was late (negative: early)."""
    a, b = x.sum(1), y.sum(1)
    start = len(a) // 3
    part = a[start : start + 5 * rate_hz]
    before = min(reach, start)
    around = b[start - before : start + len(part) + reach]
    if len(around) < len(part):
        raise ValueError("the output is too short to be aligned with its input")
    found = int(np.argmax(signal.correlate(around, part, "valid", "fft"))) - before
    moved = np.zeros_like(x)
    kept = y[max(0, found) :][: len(x) - max(0, -found)]
    moved[max(0, -found) : max(0, -found) + len(kept)] = kept
    moved, rest = _without_fraction(x, moved, rate_hz)
    return moved, found + rest


def _without_fraction(x, y, rate_hz):
    """Takes a delay of less than two samples out of `y`, by the slope of the phase from 200 Hz to 9 kHz."""
    frequency, cross = signal.csd(x.sum(1), y.sum(1), rate_hz, "hann", 4096)
    used = (frequency > 200) & (frequency < 9000)
    weight, f = np.abs(cross[used]), frequency[used]
    slope = (weight * np.unwrap(np.angle(cross[used])) * f).sum() / max((weight * f**2).sum(), 1e-30)
    delay = float(-slope / (2 * np.pi) * rate_hz)
    if not 0.01 <= abs(delay) <= 2:
        return y, 0.0
    turn = np.exp(2j * np.pi * np.fft.rfftfreq(len(y)) * delay)
    return np.fft.irfft(np.fft.rfft(y, axis=0) * turn[:, None], len(y), axis=0), delay


def _smoothed(power, rate_hz, milliseconds):
    window = np.hanning(int(rate_hz * milliseconds / 1000))
    return signal.fftconvolve(power, window / window.sum(), "same")


def _band_powers(samples, rate_hz):
    _, low, high = third_octaves()
    power = 0
    for channel in samples.T:
        frequency, _, spectrum = signal.stft(channel, rate_hz, "hann", FRAME, FRAME // 2)
        power = power + 2 * np.abs(spectrum) ** 2
    step = rate_hz / FRAME
    # Low bands are narrower than a bin: each bin counts as far as it lies inside.
    inside = np.minimum(frequency[None] + step / 2, high[:, None]) - np.maximum(
        frequency[None] - step / 2, low[:, None]
    )
    return np.clip(inside / step, 0, 1) @ power


def _mask(bands):
    centre, _, _ = third_octaves()
    k = np.arange(len(centre))
    above = k[:, None] - k[None, :]  # target above masker, in bands
    spread = 10 ** (np.where(above >= 0, -12.0 * above, 27.0 * above) / 10)
    offset_db = np.interp(np.log2(centre), np.log2([2000, 16000]), [3, 6])
    khz = centre / 1000
    threshold_spl = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    return (spread @ bands) * 10 ** (-offset_db[:, None] / 10) + 10 ** ((threshold_spl - 92) / 10)[:, None]


def compare(x, y, rate_hz):
    """Distortion of the output `y` against its input `x`, both frames by channels at one rate."""
    y, delay = aligned(x, y, rate_hz)
    gain = _smoothed((x * y).sum(1), rate_hz, 200) / np.maximum(_smoothed((x * x).sum(1), rate_hz, 200), 1e-9)
    wanted = x * gain[:, None]
    bands, noise, output = (_band_powers(z, rate_hz) for z in (wanted, y - wanted, y))
    loudness = bands.sum(0)
    sounding = loudness > 1e-6 * loudness.max()
    ratio = (noise / _mask(bands))[:, sounding]
    level = 10 * np.log10(bands + 1e-12)
    heard = (level > level.max(0) - 40) & sounding
    difference = 10 * np.log10((output[heard] + 1e-12) / (bands[heard] + 1e-12))
    before, after = (_smoothed((z**2).sum(1), rate_hz, 400)[:: rate_hz // 10] for z in (x, y))
    loud = before > 1e-3 * before.max()
    return Distortion(
        nmr_db=float(10 * np.log10(max(ratio.mean(), 10 ** (LOWEST_NMR_DB / 10)))),
        dist_percent=float(100 * (ratio.max(0) > 10**0.15).mean()),
        lsd_db=float(np.sqrt(np.mean(difference**2))),
        pump_db=float(np.std(10 * np.log10(after[loud] / before[loud]))),
        delay_samples=delay,
    )


def self_check():
    """Raises `MeterBroken` unless harmless changes read as harmless, and harmful ones as harmful."""
    rate = 44_100
    rng = np.random.default_rng(2)
    envelope = 0.3 + 0.7 * np.abs(np.sin(2 * np.pi * 0.7 * np.arange(12 * rate) / rate))
    noise = signal.lfilter([1], [1, -0.9], rng.standard_normal((12 * rate, 2)), axis=0) * envelope[:, None] * 0.05

    same = compare(noise, noise, rate)
    if not same.nmr_db < -100:
        raise MeterBroken(f"NMR of identical files: read {same.nmr_db:.1f} dB, must be below -100")
    expect("DIST of identical files", same.dist_percent, 0, 0)
    expect("LSD of identical files", same.lsd_db, 0, 0.001)
    expect("PUMP of identical files", same.pump_db, 0, 0.001)

    late = np.concatenate([np.zeros((1234, 2)), 2 * noise])
    read = compare(noise, late, rate)
    expect("delay of a file that is 1234 samples late", read.delay_samples, 1234, 0.02)
    if not read.nmr_db < -60:
        raise MeterBroken(f"NMR of a file that is late and twice as loud: read {read.nmr_db:.1f}, must be below -60")
    early = compare(noise, noise[57:], rate)
    expect("delay of a file that is 57 samples early", early.delay_samples, -57, 0.02)
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(len(noise)) * 0.4)
    fraction = np.fft.irfft(np.fft.rfft(noise, axis=0) * turn[:, None], len(noise), axis=0)
    expect("delay of a file that is 0.4 samples late", compare(noise, fraction, rate).delay_samples, 0.4, 0.02)

    soft, hard = (compare(noise, np.clip(noise, -k, k), rate) for k in (0.3, 0.1))
    if not same.nmr_db < soft.nmr_db < hard.nmr_db:
        raise MeterBroken(f"NMR of clipping does not grow with it: {soft.nmr_db:.1f}, {hard.nmr_db:.1f} dB")
    swell = 10 ** (np.sin(2 * np.pi * np.arange(len(noise)) / (4 * rate)) * 3 / 20)
    # A sine of 3 dB has a standard deviation of 3 / sqrt 2.
    expect("PUMP of a slow swell of 3 dB", compare(noise, noise * swell[:, None], rate).pump_db, 2.12, 0.25)

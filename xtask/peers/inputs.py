"""What is mastered: music that is given, or mixes made here, so that anybody can run the comparison.

All of it becomes WAV of 24 bit in stereo at its own rate, which every tool reads.
"""

import subprocess

import numpy as np
import soundfile as sf
from scipy import signal

RATE = 44_100
BPM = 112


def convert(source, target):
    argv = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-map", "0:a:0", "-ac", "2", "-c:a", "pcm_s24le"]
    subprocess.run([*argv, "-map_metadata", "-1", str(target)], check=True)


def loudest_part(path, seconds):
    """Where the most energetic `seconds` of a file start, in whole seconds; `None` if it is no longer than that."""
    samples, rate = sf.read(path, always_2d=True)
    whole = len(samples) // rate
    if whole <= seconds:
        return None
    energy = (samples[: whole * rate] ** 2).sum(1).reshape(whole, rate).sum(1)
    total = np.concatenate([[0], np.cumsum(energy)])
    return int(np.argmax(total[seconds:] - total[:-seconds]))


def excerpt(path, target, seconds=30):
    """The loudest part of a WAV file, where a limiter has the most to do, with faded ends.

    Without the fades the cuts are clicks, and how a meter or filter starts would be compared.
    """
    start = loudest_part(path, seconds) or 0
    rate = sf.info(path).samplerate
    samples, _ = sf.read(path, always_2d=True, start=start * rate, frames=seconds * rate)
    at = np.arange(len(samples)) / rate
    fade = np.clip(np.minimum(at, at[::-1]) / 0.02, 0, 1)
    sf.write(target, samples * fade[:, None], rate, "PCM_24")


class Band:
    """A small band that plays the same on every machine."""

    def __init__(self, seed, seconds):
        self.rng = np.random.default_rng(seed)
        self.length = int(seconds * RATE)
        self.mix = np.zeros((self.length, 2))

    def add(self, at_s, mono, pan=0.0, gain=1.0):
        start = int(at_s * RATE)
        part = mono[: max(0, self.length - start)] * gain
        angle = (pan + 1) * np.pi / 4
        self.mix[start : start + len(part)] += part[:, None] * np.array([np.cos(angle), np.sin(angle)])

    @staticmethod
    def _time(seconds):
        return np.arange(int(seconds * RATE)) / RATE

    def kick(self):
        t = self._time(0.35)
        return np.sin(2 * np.pi * (48 * t + 11 * (1 - np.exp(-t * 32)))) * np.exp(-t * 11)

    def snare(self):
        t = self._time(0.25)
        noise = signal.lfilter(*signal.butter(2, [900, 9000], "band", fs=RATE), self.rng.standard_normal(len(t)))
        return noise * np.exp(-t * 20) * 0.8 + np.sin(2 * np.pi * 190 * t) * np.exp(-t * 28) * 0.6

    def hat(self):
        t = self._time(0.08)
        return signal.lfilter(*signal.butter(2, 7000, "high", fs=RATE), self.rng.standard_normal(len(t))) * np.exp(
            -t * 70
        )

    def saw(self, hertz, seconds, cutoff, detune=0.0):
        """A saw without aliases, for partials are added below the cut-off's fourth octave only."""
        t = self._time(seconds)
        out = np.zeros(len(t))
        for cents in (-detune, 0.0, detune) if detune else (0.0,):
            f = hertz * 2 ** (cents / 1200)
            phase = self.rng.uniform(0, 2 * np.pi)
            for k in range(1, int(min(cutoff * 4, RATE / 2.2) / f) + 1):
                out += np.sin(2 * np.pi * f * k * t + phase * k) / k / (1 + (k * f / cutoff) ** 2)
        edge = np.minimum(1, np.minimum(t, t[::-1]) / 0.01)
        return out * edge

    def drums(self, seconds, busy):
        beat = 60 / BPM
        for n in range(int(seconds / beat)):
            self.add(n * beat, self.kick() if n % 2 == 0 or busy else self.snare(), gain=0.7)
            if n % 2 == 1:
                self.add(n * beat, self.snare(), 0.1, 0.45)
            for eighth in (0.0, 0.5):
                self.add((n + eighth) * beat, self.hat(), 0.35, 0.12 + 0.08 * self.rng.random())

    def chords(self, seconds, cutoff, gain, detune, bass_gain):
        bar = 4 * 60 / BPM
        roots = [55.0, 43.65, 65.41, 49.0]
        for n in range(int(seconds / bar) + 1):
            root = roots[n % 4]
            self.add(n * bar, self.saw(root, bar, 400), 0.0, bass_gain)
            for k, ratio in enumerate((2, 2.4 if n % 4 == 0 else 2.5, 3, 4)):
                self.add(n * bar, self.saw(root * ratio, bar, cutoff, detune), (-0.7, 0.7, -0.3, 0.3)[k], gain)

    def peak_at(self, dbfs):
        self.mix *= 10 ** (dbfs / 20) / np.abs(self.mix).max()
        return self.mix


def sparse(seconds):
    band = Band(11, seconds)
    band.drums(seconds, busy=False)
    band.chords(seconds, 900, 0.03, 0.0, 0.12)
    return band.peak_at(-3)


def dense(seconds):
    band = Band(12, seconds)
    band.drums(seconds, busy=True)
    band.chords(seconds, 3500, 0.11, 9.0, 0.22)
    noise = signal.lfilter([1], [1, -0.8], band.rng.standard_normal(band.mix.shape), axis=0)
    band.mix += 0.01 * noise
    return band.peak_at(-4)


def quiet_with_fade(seconds):
    band = Band(13, seconds)
    band.chords(seconds, 1500, 0.08, 6.0, 0.05)
    t = np.linspace(0, 1, band.length)
    swell_db = -26 + 20 * np.sin(np.pi * np.minimum(t / 0.75, 1)) ** 2
    fade = np.clip((1 - t) / 0.25, 0, 1) ** 2
    return band.mix * (10 ** (swell_db / 20) * fade)[:, None] / np.abs(band.mix).max()


def dual_mono_16_bit(seconds):
    """One signal twice, but each channel with a dither of its own: its sides are noise alone."""
    mono = sparse(seconds).mean(axis=1, keepdims=True)
    rng = np.random.default_rng(14)
    dither = rng.random((len(mono), 2)) - rng.random((len(mono), 2))
    return np.clip(np.round(mono * 0.9 * 32768 + dither), -32768, 32767) / 32768


def loud_bright_reference(seconds):
    band = Band(15, seconds)
    band.drums(seconds, busy=True)
    band.chords(seconds, 6000, 0.1, 12.0, 0.3)
    bright = band.mix + 0.5 * signal.lfilter(*signal.butter(1, 3000, "high", fs=RATE), band.mix, axis=0)
    return 0.89 * np.tanh(5 * bright / np.abs(bright).max())


MADE = {"sparse": sparse, "dense": dense, "quiet-with-fade": quiet_with_fade, "dual-mono-16-bit": dual_mono_16_bit}


def make(folder, seconds):
    """Writes the mixes and the reference that are made here; their paths."""
    paths = []
    for name, maker in [*MADE.items(), ("reference", loud_bright_reference)]:
        path = folder / f"made-{name}.wav"
        sf.write(path, maker(seconds), RATE, "PCM_24")
        paths.append(path)
    return paths[:-1], paths[-1]

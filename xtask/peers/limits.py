"""Limiters alone, driven to one loudness under one delivered true peak."""

import statistics
import tempfile
from functools import partial

import soundfile as sf

import distortion
import inputs
import meters
import tools
from rig import say
from tables import Column, low, minus, table
from tools import CEILING_DBTP, Failed, Run

_DISTORTION = [
    Column("NMR, dB", 1, low),
    Column("DIST, %", 1, low),
    Column("LSD, dB", 2, low),
    Column("PUMP, dB", 2, low),
]


def limiters(rig):
    goals = (-9,) if rig.options.quick else (-9, -12)
    cuts = []
    for k, mix in enumerate(rig.mixes):
        cut = rig.folder / "in" / f"{k}.cut.wav"
        inputs.excerpt(mix, cut)
        cuts.append(cut)
    peers = tools.limiters()
    parts = [
        "No tone, no width: the gain and the limiter, on the loudest 30 seconds of each mix. Every master is turned so"
        f" that it peaks at {minus(CEILING_DBTP)} dBTP exactly (by the 16× meter), and the gain into the limiter is"
        " searched until that has the loudness; ours is driven by its own command. NMR, DIST, LSD and PUMP are"
        " defined in `xtask/peers/distortion.py`; less is better in all of them. A file that"
        " did not get there has no figures."
    ]
    for goal in goals:
        rows = []
        details = []
        for name in ["Balanced Mastering, `--intensity 0`", *peers]:
            say(f"limiter to {goal} LUFS: {name}")
            one = partial(driven_or_failed, peers[name]) if name in peers else partial(ours_limited, rig.ours)
            results = rig.parallel(one, cuts, [goal] * len(cuts))
            there = [d for d, _, _ in results if d is not None]
            mean = [
                statistics.mean(getattr(d, f) for d in there) if there else None
                for f in ("nmr_db", "dist_percent", "lsd_db", "pump_db")
            ]
            rows.append([name, f"{len(there)} of {len(cuts)}", *mean, None if not there else len(there)])
            for mix, (d, lufs, word) in zip(rig.names, results):
                details.append([name, mix, lufs, *_numbers(d), word])
        everywhere = [row[:-1] for row in rows if row[-1] == len(cuts)]
        partly = [row[:-1] for row in rows if row[-1] != len(cuts)]
        columns = [Column("limiter"), Column("got there"), *_DISTORTION]
        parts += [f"### At {minus(goal)} LUFS under {minus(CEILING_DBTP)} dBTP", table(columns, everywhere)]
        if partly:
            # Means over other files would compare the files.
            parts += ["Not on every mix, so that these means are not comparable:", table(columns, partly, mark=False)]
        parts += ["Every file, the best of each mix marked:", by_mix(details)]
    return parts


def by_mix(details):
    columns = [Column("limiter"), Column("mix"), Column("LUFS", 2), *_DISTORTION, Column("")]
    lines = []
    for name in dict.fromkeys(row[1] for row in details):
        text = table(columns, [row for row in details if row[1] == name]).splitlines()
        lines += text if not lines else text[2:]
    return "\n".join(lines)


def ours_limited(ours, cut, goal):
    with tempfile.NamedTemporaryFile(suffix=".wav", dir=cut.parent) as out:
        try:
            ours.limiter_alone(Run(), cut, out.name, goal)
        except Failed as error:
            return None, None, str(error)
        return judged(cut, sf.read(out.name, always_2d=True)[0], goal, tolerance=0.1)


def driven_or_failed(limit, cut, goal):
    try:
        return driven(limit, cut, goal)
    except Exception as error:  # whatever one peer does, the others are compared
        return None, None, f"failed ({type(error).__name__})"


def driven(limit, cut, goal):
    """Searches the gain into a peer's limiter; its distortion, loudness, and where it did not get there, so much."""

    def at(gain_db):
        samples = limit(cut, gain_db)
        return samples, loudness_at_ceiling(samples, sf.info(cut).samplerate) - goal

    lufs, _, _ = meters.ffmpeg_ebur128(cut, peaks=False)
    low_db = goal - lufs
    low_db, (_, error) = low_db - 1, at(low_db - 1)
    high_db, best = low_db, error
    while error < 0 and high_db - low_db < 18:
        low_db_next, high_db = high_db, high_db + 3
        _, error = at(high_db)
        best = max(best, error)
        if error >= 0:
            low_db = low_db_next
            break
    if error < 0:
        return None, goal + best, f"gets to {minus(round(goal + best, 1))} LUFS at most"
    for _ in range(10):
        middle = (low_db + high_db) / 2
        samples, error = at(middle)
        if abs(error) <= 0.02:
            break
        low_db, high_db = (middle, high_db) if error < 0 else (low_db, middle)
    return judged(cut, samples, goal, tolerance=0.05)


def loudness_at_ceiling(samples, rate):
    """The loudness that samples have once they are turned until they peak at the ceiling."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        sf.write(file.name, samples, rate, "FLOAT")
        lufs, _, _ = meters.ffmpeg_ebur128(file.name, peaks=False)
    return lufs + CEILING_DBTP - meters.true_peak_16x(samples)


def judged(cut, samples, goal, tolerance):
    x, rate = sf.read(cut, always_2d=True)
    lufs = loudness_at_ceiling(samples, rate)
    if abs(lufs - goal) > tolerance:
        return None, lufs, "not at this loudness"
    turned = samples * 10 ** ((CEILING_DBTP - meters.true_peak_16x(samples)) / 20)
    return distortion.compare(x, turned, rate), lufs, ""


def _numbers(d):
    return [None] * 4 if d is None else [d.nmr_db, d.dist_percent, d.lsd_db, d.pump_db]

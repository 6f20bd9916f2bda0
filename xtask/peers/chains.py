"""What whole chains take, and what they deliver: the first three parts of the document."""

import collections
import statistics

import numpy as np
import soundfile as sf

import meters
import tools
from tables import Column, high, low, minus, near_zero, pairs, table
from tools import CEILING_DBTP, Failed

# What a meter shows is rounded; a hundredth of a dB above the ceiling is no overshoot.
HELD_DBTP = CEILING_DBTP + 0.01
LEAST_MB = 12  # what `timed.py` itself takes

_PEAKS = ("ffmpeg", "16x", "libebur128")
_PEAK_COLUMNS = [
    Column("true peak, FFmpeg", 2, low, good_enough=HELD_DBTP),
    Column("16×", 2, low, good_enough=HELD_DBTP),
    Column("libebur128", 2, low, good_enough=HELD_DBTP),
]
_SUMMARY = [
    Column("tool"),
    Column("\\|I − target\\|, mean, LU", 2, low),
    Column("worst", 2, low),
    *_PEAK_COLUMNS,
    Column("files above the ceiling", 0, low),
    Column("change of LRA, mean size, LU", 1, low),
    Column("largest", 1, near_zero, signed=True),
]
_DETAIL = [
    Column("tool"),
    Column("mix"),
    Column("LUFS", 2),
    Column("\\|I − target\\|", 2),
    *(Column(c.title, 2) for c in _PEAK_COLUMNS),
    Column("change of LRA", 1, signed=True),
]


def speed(rig):
    rows = []
    for name, _, _ in [*rig.chains(), *rig.matchers()]:
        there = [k for k, _ in rig.delivered(name)]
        if not there:
            rows.append([name, *["failed"] * 5])
            continue
        music = sum(rig.before[k].seconds for k in there)
        one, every = (sum(rig.times[name, k, core][0] for k in there) for core in (rig.one_core, "all"))
        peak = max(rig.times[name, k, core][1] for k in there for core in (rig.one_core, "all"))
        rows.append([name, one, music / one, every, music / every, max(peak, LEAST_MB)])
    columns = [
        Column("whole process, all mixes"),
        Column("one core, s", 1, low),
        Column("× real time", 1, high),
        Column("all cores, s", 1, low),
        Column("× real time", 1, high),
        Column("peak memory, MB", 0, low),
    ]
    per_mix = []
    us, them = (name for name, _, _ in rig.matchers())
    for k, name in enumerate(rig.names):
        pair = [rig.times.get((tool, k, rig.one_core), (None, None)) for tool in (us, them)]
        per_mix.append([name, pair[0][0], pair[1][0], pair[0][1], pair[1][1]])
    return [
        f"Seconds for {sum(r.seconds for r in rig.before):.0f} s of music in {len(rig.mixes)} files, start of the"
        f" program included, {'once' if rig.repeats == 1 else f'the median of {rig.repeats} runs'}. Passes that"
        " measure first are counted. Memory is the largest process of a chain; 12 MB is the least that can be told.",
        table(columns, rows),
        f"Of Matchering's time, {rig.import_seconds:.1f} s a file are the start of Python and the import of"
        " its libraries (on one core). The same pair file by file, on one core:",
        # A pair a row: the better of two is marked by hand, since columns compare down and not across.
        pairs(
            ["mix", "ours, s", "Matchering, s", "ours, MB", "Matchering, MB"],
            per_mix,
            [(1, 2, low, 1), (3, 4, low, 0)],
        ),
    ]


def whole_chains(rig):
    parts = []
    for lufs in (-14, -9):
        rows, details = [], []
        for name, _, goal in rig.chains():
            if goal != lufs:
                continue
            there = rig.delivered(name)
            errors = [abs(m.lufs - goal) for _, m in there]
            ranges = [m.lra_lu - rig.before[k].lra_lu for k, m in there]
            rows.append([name, *_summary(errors, [m for _, m in there], ranges, len(rig.mixes))])
            for k, mix in enumerate(rig.names):
                details.append([name, mix, *detail(rig, name, k, goal)])
        parts += [f"### To {minus(lufs)} LUFS under {minus(CEILING_DBTP)} dBTP", table(_SUMMARY, rows)]
        parts += ["Every file:", table(_DETAIL, details, mark=False)]
    modes = [
        f"{minus(goal)} LUFS: {', '.join(f'{n} files {w}' for w, n in collections.Counter(rig.words[name]).items())}"
        for name, chain, goal in rig.chains()
        if chain is tools.loudnorm
    ]
    parts.append(
        "`loudnorm` was asked for its linear mode and told a loudness range that permits it; what it chose itself: "
        + "; ".join(modes)
        + "."
    )
    return parts


def detail(rig, name, k, goal):
    master = rig.masters[name, k]
    if isinstance(master, Failed):
        return [f"failed: {master}", *[None] * 5]
    change = master.lra_lu - rig.before[k].lra_lu
    return [master.lufs, abs(master.lufs - goal), *(master.peaks[m] for m in _PEAKS), change]


def toward_the_reference(rig):
    us, them = (name for name, _, _ in rig.matchers())
    goal = rig.reference_reading.lufs
    rows, per_mix, sides = [], [], []
    distance = {}
    for name in (us, them):
        there = rig.delivered(name)
        reached = rig.parallel(lambda key: meters.tonal_distance_db(key[1].path, rig.reference_tone), there)
        distance |= {(name, k): d for (k, _), d in zip(there, reached)}
        ranges = [m.lra_lu - rig.before[k].lra_lu for k, m in there]
        mean = statistics.mean(reached) if reached else None
        summary = _summary([abs(m.lufs - goal) for _, m in there], [m for _, m in there], ranges, len(rig.mixes))
        rows.append([name, mean, *summary, sum(m.highest_dbtp > 0.01 for _, m in there)])
    start = [meters.tonal_distance_db(mix, rig.reference_tone) for mix in rig.mixes]

    def change_of_range(name, k):
        master = rig.masters[name, k]
        return str(master) if isinstance(master, Failed) else master.lra_lu - rig.before[k].lra_lu

    def width(name, k):
        return None if isinstance(rig.masters[name, k], Failed) else _sides_db(rig.masters[name, k].path)

    for k, name in enumerate(rig.names):
        both = [distance.get((tool, k)) for tool in (us, them)]
        per_mix.append([name, start[k], *both, *(change_of_range(tool, k) for tool in (us, them))])
        sides.append([name, _sides_db(rig.mixes[k]), width(us, k), width(them, k)])
    columns = [
        _SUMMARY[0],
        Column("tonal distance, mean, dB", 2, low),
        *_SUMMARY[1:],
        Column("files above 0 dBTP", 0, low),
    ]
    return [
        f"Reference: {rig.reference_name}, {minus(round(goal, 1))} LUFS,"
        f" {minus(round(rig.reference_reading.highest_dbtp, 1))} dBTP. The loudness to reach is the reference's."
        " Ours stops before it where limiting would start to be heard; Matchering promises no true peak, only sample"
        " peaks below full scale.",
        table(columns, rows),
        f"The mixes themselves start at {statistics.mean(start):.2f} dB. Tonal distance (dB) and change of loudness"
        " range (LU), file by file:",
        pairs(
            ["mix", "distance before", "ours", "Matchering", "change of range, ours", "Matchering"],
            per_mix,
            [(2, 3, low, 2), (4, 5, near_zero, 1)],
            places=[None, 2, 2, 2, 1, 1],
        ),
        f"Level of the sides against the middle, dB (reference: {_sides_db(rig.reference):.1f}):".replace("-", "−"),
        table(
            [Column("mix"), Column("before", 1), Column("ours", 1), Column("Matchering", 1)],
            sides,
        ),
        "Every file:",
        table(
            _DETAIL,
            [[tool, name, *detail(rig, tool, k, goal)] for tool in (us, them) for k, name in enumerate(rig.names)],
            mark=False,
        ),
    ]


def _summary(errors, masters, ranges, mixes):
    if not errors:
        return ["failed", *[None] * 7]
    highest = [max((m.peaks[p] for m in masters if m.peaks[p] is not None), default=None) for p in _PEAKS]
    above = sum(m.highest_dbtp > HELD_DBTP for m in masters)
    failed = mixes - len(masters)
    return [
        statistics.mean(errors),
        max(errors),
        *highest,
        above if not failed else f"{above}, and {failed} failed",
        statistics.mean(abs(r) for r in ranges),
        max(ranges, key=abs),
    ]


def _sides_db(path):
    samples, _ = sf.read(path, always_2d=True)
    middle, side = samples.sum(1), samples[:, 0] - samples[:, -1]
    return float(10 * np.log10(((side**2).mean() + 1e-20) / ((middle**2).mean() + 1e-20)))

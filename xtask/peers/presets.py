"""Every mix mastered for every place that the product knows, and whether what it says of the result is true."""

import tempfile
from functools import partial

import numpy as np

import meters
from rig import say
from tables import Column, table
from tools import Failed, Run


def presets(rig):
    presets = rig.ours.presets()
    jobs = [(preset, k) for preset in presets for k in range(len(rig.mixes))]
    say(f"{len(jobs)} masters for places")
    results = dict(zip(((p["id"], k) for p, k in jobs), rig.parallel(partial(for_place, rig), jobs)))
    rows, reasons, misses, above = [], [], [], 0
    for preset in presets:
        cells = []
        highest = -np.inf
        for k, mix in enumerate(rig.names):
            lufs, peak, reached, reason = results[preset["id"], k]
            if lufs is None:
                cells.append("failed")
                reasons.append(f"- {preset['id']}, {mix}: {reason}")
                continue
            error = abs(lufs - preset["loudness_lufs"])
            highest = max(highest, peak)
            above += peak > preset["ceiling_dbtp"] + 0.01
            cells.append(f"{error:.2f}" if reached else f"not reached, {error:.2f}")
            if reached:
                misses.append(error)
            else:
                reasons.append(f"- {preset['id']}, {mix}: {reason}")
        rows.append([preset["id"], preset["loudness_lufs"], *cells, preset["ceiling_dbtp"], highest])
    columns = [
        Column("place"),
        Column("LUFS", 1),
        *(Column(name) for name in rig.names),
        Column("ceiling, dBTP", 1),
        Column("highest, dBTP", 2),
    ]
    worst = f"at most {max(misses):.2f} LU" if misses else "–"
    return [
        "`--for` every place. |I − target| in LU by FFmpeg's meter, and whether the product said that it stopped before"
        f" the target. Of {len(jobs)} masters, {len(misses)} were said to be on target and are off by {worst};"
        f" {above} read above their ceiling.",
        table(columns, rows),
        *(["Not reached, in the product's words:\n\n" + "\n".join(reasons)] if reasons else []),
    ]


def for_place(rig, job):
    preset, k = job
    with tempfile.NamedTemporaryFile(suffix=".wav", dir=rig.folder) as out:
        try:
            told = rig.ours.master(Run(), rig.mixes[k], out.name, "--for", preset["id"])
        except Failed as error:
            return None, None, False, str(error)
        lufs, _, peak = meters.ffmpeg_ebur128(out.name)
    reason = told.get("reason") or "no reason was given"
    return lufs, peak, told["target_reached"], reason

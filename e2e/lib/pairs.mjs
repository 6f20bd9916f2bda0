// A small set of combinations in which any two values of different dimensions meet at least once.

/** Every combination. `dimensions` maps a name to its values. */
export function combinations(dimensions) {
  return Object.entries(dimensions).reduce(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

/** The pairs of values that a combination brings together. */
export function pairsOf(row) {
  const entries = Object.entries(row);
  return entries.flatMap(([one, a], i) => entries.slice(i + 1).map(([other, b]) => `${one}=${a} ${other}=${b}`));
}

/** Combinations that cover every pair: greedily, and the same ones every time. */
export function pairwise(dimensions) {
  const all = combinations(dimensions);
  const open = new Set(all.flatMap(pairsOf));
  const chosen = [];
  while (open.size > 0) {
    const gain = (row) => pairsOf(row).filter((pair) => open.has(pair)).length;
    const best = all.reduce((best, row) => (gain(row) > gain(best) ? row : best));
    for (const pair of pairsOf(best)) open.delete(pair);
    chosen.push(best);
  }
  return chosen;
}

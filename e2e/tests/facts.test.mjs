// The facts that the crawl expects, and the small tools that it relies on, held to the light themselves.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { agreed } from "../lib/agreed.mjs";
import { FACTS, inCategory, parse } from "../lib/facts.mjs";
import { combinations, pairsOf, pairwise } from "../lib/pairs.mjs";
import { Server } from "../lib/server.mjs";

let server;

before(async () => {
  server = await Server.start();
});

after(async () => {
  await server?.close();
});

const DAY_S = 86_400;

test("the founding text names nine cookies with category and life, and the revision three items more", () => {
  const table = [...FACTS.values()].map(({ name, kind, category, lives }) => `${name} ${kind} ${category} ${lives}`);
  assert.deepEqual(table, [
    `auth-token cookie essential session,${7 * DAY_S}`,
    "session-id cookie essential session",
    "csrf-token cookie essential session",
    `user-preferences cookie functional ${30 * DAY_S}`,
    `theme-mode cookie functional ${90 * DAY_S}`,
    `upload-history cookie functional ${7 * DAY_S}`,
    `_ga cookie analytics ${730 * DAY_S}`,
    `_gid cookie analytics ${DAY_S}`,
    `usage-stats cookie analytics ${30 * DAY_S}`,
    `cookie-consent cookie essential ${180 * DAY_S}`,
    `upload-draft local-storage functional ${7 * DAY_S}`,
    `visited-pages local-storage functional ${30 * DAY_S}`,
  ]);
});

test("a life in words that nobody foresaw is not guessed at", () => {
  assert.throws(() => parse("Analytics Cookies\n- • _x: Something (a while)"), /what life is "a while"/);
});

test("the machine-readable policy says of each item what the founding text says", async () => {
  const document = await (await fetch(`${server.url}/.well-known/cookie-policy.json`)).json();
  const told = document.items.map(({ name, kind, category, life }) => ({ name, kind, category, life }));
  const expected = [...FACTS.values()].map(({ name, kind, category, lives }) => ({ name, kind, category, life: asLife(lives) }));
  const byName = (a, b) => (a.name < b.name ? -1 : 1);
  assert.deepEqual(told.sort(byName), expected.sort(byName));
});

function asLife([first, second]) {
  if (second !== undefined) return { kind: "session-or", seconds: second };
  return first === "session" ? { kind: "session" } : { kind: "persistent", seconds: first };
}

test("the policy page lists every item, with its life, in words", async () => {
  const page = await (await fetch(`${server.url}/cookies`)).text();
  for (const { name, words } of FACTS.values()) {
    const [, row] = page.match(new RegExp(`<tr[^>]*data-item="${name}"[^>]*>(.*?)</tr>`, "s")) ?? [];
    assert.ok(row, `${name} has a row`);
    const expected = words === "Session" ? "until you close the browser" : words;
    assert.ok(row.replace(/<[^>]+>|\u00a0/g, " ").includes(expected), `${name}: "${expected}" in ${row}`);
  }
});

test("what is agreed to follows the policy's own rules", () => {
  const names = (state) => [...agreed(state)].sort().join(" ");
  const essential = "auth-token csrf-token session-id";
  const all = [...FACTS.keys()].sort().join(" ");
  const without = (category) => [...FACTS.keys()].filter((name) => !inCategory(category).includes(name)).sort().join(" ");
  assert.equal(names({}), essential);
  assert.equal(names({ choice: "block-all" }), "cookie-consent");
  assert.equal(names({ choice: "essential-only" }), "auth-token cookie-consent csrf-token session-id");
  assert.equal(names({ choice: "accept-all" }), all);
  for (const signal of ["dnt", "gpc"]) {
    assert.equal(names({ choice: "accept-all", signal }), without("analytics"));
    assert.ok(!agreed({ choice: "selective", named: ["_ga"], signal }).has("_ga"));
    assert.ok(agreed({ choice: "selective", named: ["_ga"], signal, told: true }).has("_ga"));
    assert.ok(agreed({ choice: "selective", named: ["theme-mode"], signal }).has("theme-mode"));
  }
});

test("the pairwise cover brings any two values together, in far fewer rows than there are", () => {
  const dimensions = { a: [1, 2, 3, 4, 5, 6, 7, 8, 9], b: ["x", "y", "z"], c: [true, false], d: [true, false], e: ["p", "q"] };
  const every = combinations(dimensions);
  const chosen = pairwise(dimensions);
  const covered = new Set(chosen.flatMap(pairsOf));
  assert.equal(every.length, 216);
  assert.deepEqual([...new Set(every.flatMap(pairsOf))].filter((pair) => !covered.has(pair)), []);
  assert.ok(chosen.length >= 27 && chosen.length <= 32, `${chosen.length} rows`);
  assert.deepEqual(pairwise(dimensions), chosen, "the same ones every time");
});

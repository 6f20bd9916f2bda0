// What the policy's own text says of each item that it names. The program's registry is not asked: it is what is tested.

import { readFileSync } from "node:fs";

const TEXTS = ["../../docs/policy/2025-11-15.txt", "../facts/revision-2.txt"];

const UNITS_S = { hour: 3600, day: 86_400, year: 365 * 86_400 };

/** The life that the text gives in words, in seconds, or "session". */
function life(words) {
  if (words === "Session") return "session";
  const [, number, unit] = words.match(/^(\d+) (hour|day|year)s?$/) ?? [];
  if (!unit) throw new Error(`what life is "${words}"? A number of hours, days or years was expected, or "Session"`);
  return Number(number) * UNITS_S[unit];
}

/** The items of one text: name, category, kind, and the lives that it allows. */
export function parse(text) {
  const items = [];
  let heading;
  for (const line of text.split(/\r?\n/).map((line) => line.trim())) {
    if (/^\d+\. /.test(line)) heading = undefined;
    const [, category, kind] = line.match(/^(Essential|Functional|Analytics) (Cookies|Local Storage)$/) ?? [];
    if (category) heading = { category: category.toLowerCase(), kind: kind === "Cookies" ? "cookie" : "local-storage" };
    const [, name, words] = line.match(/^- • ([\w-]+): .* \(([^)]+)\)$/) ?? [];
    if (heading && name) items.push({ name, ...heading, lives: [life(words)], words });
  }
  // Section 4 says of signing in what section 2 leaves out.
  const [, alternatives] = text.match(/^Supabase \(Authentication\)$[^]*?Duration: (\w+ or .*)$/m) ?? [];
  const signIn = items.find(({ name }) => name === "auth-token");
  if (signIn && alternatives) signIn.lives = alternatives.trim().split(" or ").map(life);
  return items;
}

/** Every item that the policy's versions name, by name. */
export const FACTS = new Map(
  TEXTS.flatMap((path) => parse(readFileSync(new URL(path, import.meta.url), "utf8"))).map((item) => [item.name, item]),
);

/** The names of a category's items. */
export function inCategory(category) {
  return [...FACTS.values()].filter((item) => item.category === category).map(({ name }) => name);
}

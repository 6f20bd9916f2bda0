// What a visitor agreed to, by the policy's rules as a person would read them. Written from the text, not from the code:
// where the two differ, one of them is wrong, and the crawl says so.

import { FACTS, inCategory } from "./facts.mjs";

/**
 * The names that may be stored.
 *
 * `choice` is what was pressed in the banner, or undefined before anything was. `named` are the items that were agreed to
 * one by one; `told` says whether the page had told of the browser's signal then. `signal` is "dnt", "gpc" or "none".
 */
export function agreed({ choice, signal = "none", named = [], told = false }) {
  const essential = inCategory("essential").filter((name) => name !== "cookie-consent");
  // A decision is remembered, whatever it is; before one there is nothing to remember.
  if (choice === undefined) return new Set(essential);
  if (choice === "block-all") return new Set(["cookie-consent"]);
  const names = new Set(["cookie-consent", ...essential]);
  const measured = new Set(inCategory("analytics"));
  const mayMeasure = signal === "none";
  if (choice === "accept-all") for (const name of FACTS.keys()) if (mayMeasure || !measured.has(name)) names.add(name);
  for (const name of named) if (mayMeasure || told || !measured.has(name)) names.add(name);
  return names;
}

// Marks what was opened already: help topics that were read, tracks that were looked at. The list stays in the browser.

import { keep, mayKeep, recall } from "./storage";

/** How many addresses are remembered. */
const MOST = 200;

function known(): string[] {
  const paths = recall("visited-pages");
  return Array.isArray(paths) ? paths.filter((path): path is string => typeof path === "string") : [];
}

/** Remembers the page at hand, if it is one that lists mark. */
export function startVisited(page: HTMLElement): void {
  if (!mayKeep("visited-pages")) return;
  const path = location.pathname;
  const paths = known();
  if (page.dataset["visited"] === "remember") {
    keep("visited-pages", [path, ...paths.filter((other) => other !== path)].slice(0, MOST));
  }
  for (const mark of document.querySelectorAll<HTMLElement>("[data-visited-mark]")) {
    mark.hidden = paths.includes(mark.dataset["visitedMark"] ?? "") !== (mark.dataset["when"] === "read");
  }
}

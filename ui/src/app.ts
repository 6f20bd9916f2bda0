// Starts what the page at hand needs. Every page works without any of it.

import { startDraft } from "./draft";
import { startPlayer } from "./player";
import { startProgress } from "./progress";
import { sweep } from "./storage";
import { startUpload } from "./upload";
import { startVisited } from "./visited";

const starters: [selector: string, start: (element: HTMLElement) => void][] = [
  ["form[data-upload]", startUpload],
  ["form[data-upload]", startDraft],
  ["[data-progress]", startProgress],
  ["[data-player]", startPlayer],
  ["[data-visited]", startVisited],
];

sweep();
for (const [selector, start] of starters) {
  const element = document.querySelector<HTMLElement>(selector);
  if (element) start(element);
}

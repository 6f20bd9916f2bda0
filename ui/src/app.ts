// Starts what the page at hand needs. Every page works without any of it.

import { startPlayer } from "./player";
import { startProgress } from "./progress";
import { startUpload } from "./upload";

const starters: [selector: string, start: (element: HTMLElement) => void][] = [
  ["form[data-upload]", startUpload],
  ["[data-progress]", startProgress],
  ["[data-player]", startPlayer],
];

for (const [selector, start] of starters) {
  const element = document.querySelector<HTMLElement>(selector);
  if (element) start(element);
}

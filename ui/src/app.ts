// Starts what the page at hand needs. Every page works without any of it.

import { startCodes } from "./codes";
import { startBar, startCategories } from "./consent";
import { startDraft } from "./draft";
import { startEngagement } from "./engagement";
import { startPasskeys } from "./passkeys";
import { startPlayer } from "./player";
import { startProgress } from "./progress";
import { sweep } from "./storage";
import { startUpload } from "./upload";
import { startUsage } from "./usage";
import { startVisited } from "./visited";
import { startWishes } from "./wishes";

const starters: [selector: string, start: (element: HTMLElement) => void][] = [
  ["html[data-engagement]", startEngagement],
  ["[data-consent-banner], [data-consent-prompts]", startBar],
  ["[data-categories]", startCategories],
  ["form[data-wishes]", startWishes],
  ["form[data-upload]", startUpload],
  ["form[data-upload]", startDraft],
  ["[data-progress]", startProgress],
  ["[data-player]", startPlayer],
  ["[data-visited]", startVisited],
  ["[data-codes]", startCodes],
  ["form[data-passkey]", startPasskeys],
];

// First, so that it hears of what fails in the others.
startUsage();
sweep();
for (const [selector, start] of starters) {
  const element = document.querySelector<HTMLElement>(selector);
  if (element) start(element);
}

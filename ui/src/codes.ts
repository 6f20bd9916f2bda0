// Copies and prints recovery codes: without scripts they are text to select, and the browser's own menu prints.

import { need } from "./dom";

export function startCodes(list: HTMLElement): void {
  const panel = list.parentElement ?? document.body;
  const said = need(panel, "[data-copied]", HTMLElement);
  const copy = need(panel, "[data-copy]", HTMLButtonElement);
  const print = need(panel, "[data-print]", HTMLButtonElement);
  const codes = [...list.querySelectorAll("code")].map((code) => code.textContent ?? "").join("\n");
  copy.addEventListener("click", () => {
    navigator.clipboard.writeText(`${codes}\n`).then(
      () => (said.textContent = "Copied. Paste them where only you can read them."),
      () => (said.textContent = "This browser did not let us copy them. Select them and copy them by hand."),
    );
  });
  print.addEventListener("click", () => window.print());
  // The clipboard is there on safe addresses alone.
  copy.hidden = !navigator.clipboard;
  print.hidden = false;
}

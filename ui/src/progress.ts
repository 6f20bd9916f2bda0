// Live progress of a job. Without this the page refreshes itself.

import { data, need } from "./dom";

/** What the server sends as `progress`. */
interface Progress {
  label: string;
  step: number;
  fraction: number;
}

/** After so many broken connections in a row the page is asked for again, which tells what is the matter. */
const PATIENCE = 5;

export function startProgress(element: HTMLElement): void {
  const label = need(element, "[data-label]", HTMLElement);
  const percent = need(element, "[data-percent]", HTMLElement);
  const bar = need(element, "progress", HTMLProgressElement);
  const steps = [...element.querySelectorAll<HTMLElement>("[data-steps] > li")];
  let broken = 0;

  const events = new EventSource(data(element, "progress"));
  events.addEventListener("progress", (event: MessageEvent<string>) => {
    broken = 0;
    const now = JSON.parse(event.data) as Progress;
    if (label.textContent !== now.label) label.textContent = now.label;
    percent.textContent = String(Math.floor(now.fraction * 100));
    bar.value = now.fraction;
    steps.forEach((step, index) => {
      step.dataset["is"] = index < now.step ? "done" : index === now.step ? "now" : "next";
    });
  });
  events.addEventListener("end", () => {
    events.close();
    location.reload();
  });
  events.addEventListener("error", () => {
    broken += 1;
    if (broken < PATIENCE && events.readyState !== EventSource.CLOSED) return;
    events.close();
    setTimeout(() => location.reload(), 2000);
  });
}

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
/** Who is still here so long after leaving has stayed. */
const LEFT_MS = 5000;

export function startProgress(element: HTMLElement): void {
  const label = need(element, "[data-label]", HTMLElement);
  const percent = need(element, "[data-percent]", HTMLElement);
  const bar = need(element, "progress", HTMLProgressElement);
  const steps = [...element.querySelectorAll<HTMLElement>("[data-steps] > li")];

  const listen = (): void => {
    let broken = 0;
    const here = new AbortController();
    const events = new EventSource(data(element, "progress"));
    const askAgain = (afterMs: number): void => {
      here.abort();
      events.close();
      setTimeout(() => location.reload(), afterMs);
    };
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
    events.addEventListener("end", () => askAgain(0));
    events.addEventListener("error", () => {
      broken += 1;
      if (broken < PATIENCE && events.readyState !== EventSource.CLOSED) return;
      askAgain(2000);
    });
    // Firefox takes a connection that is open when a page is left for a fault, and its console tells so. Whoever stays
    // after all, or comes back, is told on.
    const leave = (): void => {
      events.close();
      setTimeout(listen, LEFT_MS);
    };
    addEventListener("beforeunload", leave, { once: true, signal: here.signal });
  };
  listen();
}

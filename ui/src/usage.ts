// Reports to this site's own server what is used, how long pages take and what fails. Only where the page says that its
// visitor agreed (`data-counts`); otherwise nothing is gathered at all. The server checks that again.

type Feature = "play" | "switch-sides" | "seek" | "drop" | "stop-upload" | "more-options";
type Metric = "ttfb" | "lcp" | "load";
type Event = { feature: Feature } | { timing: { metric: Metric; ms: number } } | { error: string };

const SEND_AFTER_MS = 5000;
/** The server takes no more at once. */
const MAX_EVENTS = 64;
/** A fault that repeats with every frame says nothing new. */
const MAX_ERRORS = 10;

const counts = document.documentElement.hasAttribute("data-counts");
let waiting: Event[] = [];
let timer: number | undefined;
let errors = 0;

/** The visitor used a feature. */
export function used(feature: Feature): void {
  report({ feature });
}

function report(event: Event): void {
  if (!counts || waiting.length >= MAX_EVENTS) return;
  waiting.push(event);
  timer ??= window.setTimeout(send, SEND_AFTER_MS);
}

function send(): void {
  window.clearTimeout(timer);
  timer = undefined;
  if (waiting.length === 0) return;
  const body = JSON.stringify({ page: pattern(location.pathname), events: waiting });
  waiting = [];
  navigator.sendBeacon("/usage", new Blob([body], { type: "application/json" }));
}

/** The address without what is somebody's: only short words stay, as in `/tracks/{id}`. */
export function pattern(path: string): string {
  const segments = path.split("/");
  return segments.map((segment) => (/^[a-z._-]{0,24}$/.test(segment) ? segment : "{id}")).join("/");
}

/** A message without quoted text, addresses, ids and numbers. */
export function scrubbed(message: string): string {
  return message
    .slice(0, 400)
    .replace(/(["`]).*?(?:\1|$)|(?<![\w])'.*?(?:'(?!\w)|$)|[“„].*?(?:”|$)/gs, '"…"')
    .replace(/\S*(?::\/\/|@)\S*/g, "…")
    .replace(/\?\S+/g, "?…")
    .replace(/[\w-]*\d{4,}[\w-]*|[0-9a-f-]{16,}/gi, "#")
    .slice(0, 160);
}

function failed(reason: unknown): void {
  errors += 1;
  if (errors > MAX_ERRORS) return;
  report({ error: scrubbed(reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)) });
}

function timed(metric: Metric, ms: number): void {
  if (ms > 0) report({ timing: { metric, ms: Math.round(ms) } });
}

function watchTimes(): void {
  let largest = 0;
  if (PerformanceObserver.supportedEntryTypes.includes("largest-contentful-paint")) {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) largest = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
  }
  const loaded = (): void => {
    // The entry is complete only after the event that it tells of.
    window.setTimeout(() => {
      const [page] = performance.getEntriesByType("navigation");
      if (!(page instanceof PerformanceNavigationTiming)) return;
      timed("ttfb", page.responseStart);
      timed("load", page.loadEventStart);
    });
  };
  if (document.readyState === "complete") loaded();
  else window.addEventListener("load", loaded, { once: true });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    timed("lcp", largest);
    largest = 0;
    send();
  });
}

export function startUsage(): void {
  if (!counts) return;
  window.addEventListener("error", (event) => failed(event.error ?? event.message));
  window.addEventListener("unhandledrejection", (event) => failed(event.reason));
  window.addEventListener("pagehide", send);
  watchTimes();
}

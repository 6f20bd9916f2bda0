// For how long the page is in view, told to this site when it goes out of view. Only where the server asks for it, which
// it does only for visitors who agreed to be counted.

const ADDRESS = "/engagement";

export function startEngagement(): void {
  let since: number | undefined;

  const begin = () => {
    since ??= performance.now();
  };
  const end = () => {
    if (since === undefined) return;
    const visibleMs = Math.round(performance.now() - since);
    since = undefined;
    // Outlives the page; if the browser has no room for it, so be it.
    if (visibleMs > 0) navigator.sendBeacon(ADDRESS, String(visibleMs));
  };

  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? begin() : end()));
  // A page that is left need not become hidden first, and one that is come back to need not be loaded again.
  window.addEventListener("pagehide", end);
  window.addEventListener("pageshow", begin);
  if (document.visibilityState === "visible") begin();
}

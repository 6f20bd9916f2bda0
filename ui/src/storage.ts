// What scripts keep in this browser: the only module that touches its storage. Never cookies, which are the server's.
//
// The page says which items the visitor agreed to, and for how long each may stay (`data-stores`). Whatever is not
// agreed to, or has outlived its time, is swept away when a page loads: web storage has no expiry of its own.

const DAY_MS = 86_400_000;

/** Every item that this site ever keeps by script; the policy page lists the same. */
const DECLARED = ["upload-draft", "visited-pages"] as const;
export type Item = (typeof DECLARED)[number];

interface Kept {
  v: unknown;
  /** When it ends, ms since 1970. */
  exp: number;
}

/** The agreed items with their lives in ms. */
function agreed(): Map<string, number> {
  const words = (document.documentElement.dataset["stores"] ?? "").split(" ").filter(Boolean);
  return new Map(
    words.map((word) => {
      const [name = "", days] = word.split(":");
      return [name, Number(days) * DAY_MS];
    }),
  );
}

/** The browser's storage; none where it is switched off. */
function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

function read(store: Storage, item: Item): Kept | undefined {
  try {
    const kept = JSON.parse(store.getItem(item) ?? "null") as Kept | null;
    return kept && typeof kept.exp === "number" && kept.exp > Date.now() ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Removes what is not agreed to, and what is over. */
export function sweep(): void {
  const store = storage();
  if (!store) return;
  const may = agreed();
  for (const item of DECLARED) {
    if (store.getItem(item) !== null && (!may.has(item) || !read(store, item))) store.removeItem(item);
  }
}

export function mayKeep(item: Item): boolean {
  return agreed().has(item);
}

/** What was kept, if it still may be. */
export function recall(item: Item): unknown {
  const store = storage();
  return store && mayKeep(item) ? read(store, item)?.v : undefined;
}

/** Keeps a value for the item's whole life from now. A full or closed storage keeps nothing, and nothing breaks. */
export function keep(item: Item, value: unknown): void {
  const life = agreed().get(item);
  if (life === undefined) return;
  try {
    const kept: Kept = { v: value, exp: Date.now() + life };
    storage()?.setItem(item, JSON.stringify(kept));
  } catch {
    // Not kept, then.
  }
}

export function forget(item: Item): void {
  storage()?.removeItem(item);
}

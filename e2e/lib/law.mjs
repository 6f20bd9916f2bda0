// The law that the crawl holds every visit against: what is observed is declared, agreed to, and as it was declared.

import { FACTS } from "./facts.mjs";

/** Browsers keep no cookie longer, whatever a server asks for. */
const BROWSER_CAP_S = 400 * 86_400;
/** What the way from the server to the browser's jar may take. */
const JAR_WITHIN_S = 60;
/** What every cookie of this site has, beside its life. On https there is `Secure`, too. */
const ATTRIBUTES = ["HttpOnly", "Path=/", "SameSite=Lax"];

/** A raw Set-Cookie line in parts. */
export function parseLine(line) {
  const [pair, ...attributes] = line.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  const age = attributes.find((part) => /^max-age=/i.test(part));
  const expires = attributes.find((part) => /^expires=/i.test(part));
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    maxAge: age === undefined ? undefined : Number(age.slice("max-age=".length)),
    expires: expires === undefined ? undefined : Date.parse(expires.slice("expires=".length)),
    attributes: attributes.filter((part) => part !== age && part !== expires).sort(),
  };
}

/** Whether a line can only delete. */
export function deletes({ maxAge, expires }) {
  return maxAge === undefined ? expires !== undefined && expires <= Date.now() : maxAge <= 0;
}

function named(name, kind, agreed) {
  const item = FACTS.get(name);
  if (item === undefined || item.kind !== kind) return [{ kind: "undeclared", what: `${kind} ${name}` }];
  return agreed.has(name) ? [] : [{ kind: "unagreed", what: `${kind} ${name}` }];
}

/** A response's line, against what was agreed to when it came. */
export function judgeLine({ raw, at }, agreed, began) {
  const line = parseLine(raw);
  if (deletes(line)) return [];
  const breaches = named(line.name, "cookie", agreed);
  const item = FACTS.get(line.name);
  if (!item) return breaches;
  const lives = [...item.lives];
  // The day of a decision is remembered, not its second: past midnight there is a day less to remember it.
  if (line.name === "cookie-consent" && day(at) !== day(began)) lives.push(lives[0] - 86_400);
  if (!lives.includes(line.maxAge ?? "session") || line.expires !== undefined) breaches.push({ kind: "life", what: raw });
  if (line.attributes.join() !== ATTRIBUTES.join()) breaches.push({ kind: "attributes", what: raw });
  return breaches;
}

function day(ms) {
  return Math.floor(ms / 86_400_000);
}

/** The browser's jar, against what is agreed to and the lines that came. */
export function judgeJar(jar, agreed, lines) {
  const sent = new Map(lines.map(({ raw, at }) => ({ ...parseLine(raw), at })).map((line) => [line.name, line]));
  return jar.flatMap((cookie) => {
    const breaches = named(cookie.name, "cookie", agreed);
    const line = sent.get(cookie.name);
    if (!line) return [...breaches, { kind: "not from the server", what: `cookie ${cookie.name}` }];
    const as = [cookie.httpOnly && "HttpOnly", `Path=${cookie.path}`, `SameSite=${cookie.sameSite}`].filter(Boolean);
    if (as.join() !== ATTRIBUTES.join()) breaches.push({ kind: "attributes", what: `${cookie.name}: ${as}` });
    const end = line.maxAge === undefined ? -1 : line.at / 1000 + Math.min(line.maxAge, BROWSER_CAP_S);
    if (Math.abs(cookie.expires - end) > (end === -1 ? 0 : JAR_WITHIN_S)) {
      breaches.push({ kind: "life", what: `${cookie.name} ends at ${cookie.expires} in the jar, not ${end}` });
    }
    return breaches;
  });
}

/** What the browser sends, which came from a script where no line set it. The jar alone may show it too late: the server
 * deletes what it has not agreed to as soon as it sees it. */
export function judgeSent({ headers }, lines) {
  const names = (headers.cookie ?? "").split(";").map((pair) => pair.split("=")[0].trim()).filter(Boolean);
  const set = new Set(lines.map(({ raw }) => parseLine(raw).name));
  return names.filter((name) => !set.has(name)).map((name) => ({ kind: "not from the server", what: `cookie ${name}` }));
}

/** What pages keep beside cookies. Items carry their own end, because web storage has none. */
export function judgeStorage({ local, session, databases, caches, workers }, agreed, began) {
  const now = Date.now();
  const items = Object.entries(local).flatMap(([name, text]) => {
    const breaches = named(name, "local-storage", agreed);
    const [life] = FACTS.get(name)?.lives ?? [];
    const made = ends(text) - life * 1000;
    if (!(made >= began && made <= now)) breaches.push({ kind: "life", what: `${name}: ${text.slice(0, 80)}` });
    return breaches;
  });
  const others = { session: Object.keys(session), databases, caches, workers };
  const more = Object.entries(others).flatMap(([where, names]) => names.map((name) => ({ kind: "undeclared", what: `${where} ${name}` })));
  return [...items, ...more];
}

/** When a stored item ends, in ms. */
function ends(text) {
  try {
    return JSON.parse(text).exp;
  } catch {
    return Number.NaN;
  }
}

/** Whatever was asked of another origin. */
export function judgeRequests(foreign) {
  return foreign.map((url) => ({ kind: "another origin", what: url }));
}

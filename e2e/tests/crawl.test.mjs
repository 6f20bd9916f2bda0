// The policy, held against what browsers see and keep. Every visitor decides, uses everything, opens every address and
// withdraws; what is observed at each step has to be declared and agreed to, and everything that is declared and agreed
// to has to be observed. By default any two circumstances meet at least once; with FULL=1 all of them do.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Chromium } from "../lib/chromium-tab.mjs";
import { FACTS } from "../lib/facts.mjs";
import { Firefox } from "../lib/firefox-tab.mjs";
import { combinations, pairwise } from "../lib/pairs.mjs";
import { Recorder } from "../lib/proxy.mjs";
import { Server } from "../lib/server.mjs";
import { StubGoogle } from "../lib/stub-google.mjs";
import { administer, changeAndLeave, signInAgain, signUp } from "../lib/member-way.mjs";
import { HEADERS, Visit } from "../lib/visit.mjs";
import { answer, decide, finish, lookAtEverything, signIn, signOut, use, withdraw } from "../lib/way.mjs";

const CIRCUMSTANCES = {
  browser: ["Chromium", "Firefox"],
  signal: ["none", "dnt", "gpc"],
  scripts: ["on", "off"],
  choice: [
    "none",
    "accept-all",
    "block-all",
    "essential-only",
    "functional",
    "analytics",
    "prompt-allow",
    "prompt-not-now",
    "prompt-never",
  ],
  visitor: ["guest", "operator", "operator kept", "member", "member kept"],
};
const ROUTES = JSON.parse(await readFile(new URL("../facts/routes.json", import.meta.url), "utf8"));
/** In these everything is stored that there is: they are always among the visits. */
const ALL_STORED = { signal: ["none"], scripts: ["on"], choice: ["accept-all"], visitor: ["operator", "operator kept", "member", "member kept"] };
const rows = distinct(
  process.env.FULL
    ? combinations(CIRCUMSTANCES)
    : [...pairwise(CIRCUMSTANCES), ...combinations({ browser: CIRCUMSTANCES.browser, ...ALL_STORED })],
);

/** A visit takes some seconds; one that hangs is to fail, and not to hold up the others. */
const VISIT_WITHIN_MS = 120_000;

function distinct(rows) {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

let google;
let server;
let folder;
let song;
let token;
/** What all visits together asked for and stored, for each browser. */
const seen = Object.fromEntries(CIRCUMSTANCES.browser.map((browser) => [browser, { requests: new Set(), stored: new Map() }]));

before(async () => {
  google = await StubGoogle.start();
  // Its administrators come and go without a second step: what it looks for is in the pages behind.
  server = await Server.start({ ...google.settings, BALANCED_ACCOUNTS__ADMIN_SECOND_STEP: "false" });
  folder = await mkdtemp(join(tmpdir(), "balanced-crawl-"));
  song = join(folder, "song.wav");
  await writeFile(song, wav(mix({ seconds: 3 }), 16));
  token = (await readFile(join(server.folder, "operator-token"), "utf8")).trim();
});

after(async () => {
  await server?.close();
  await google?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** What a visit in these circumstances stores, if everything works: all that is agreed to and can be made. */
function expected({ scripts, visitor }, agreed) {
  const names = [...agreed].filter((name) => scripts === "on" || FACTS.get(name).kind === "cookie");
  // Who has an account needs no guest's session, and nobody but a guest is without a sign-in.
  const absent = visitor === "guest" ? "auth-token" : visitor.startsWith("member") ? "session-id" : undefined;
  return names.filter((name) => name !== absent).sort();
}

async function walk(row, browser, recorder) {
  const { choice, signal, visitor } = row;
  const scripts = row.scripts === "on";
  const tab = await browser.visit({ url: recorder.url, scripts });
  const visit = new Visit(tab, recorder, signal);
  const how = choice.startsWith("prompt-") ? choice.slice("prompt-".length) : undefined;
  try {
    await decide(visit, choice);
    const isOperator = visitor.startsWith("operator");
    const keep = visitor.endsWith(" kept");
    if (isOperator) await signIn(visit, { token, keep });
    const member = visitor.startsWith("member") ? await signUp(visit, server) : undefined;
    if (member) await signInAgain(visit, member, keep);
    let id = await use(visit, { song, how });
    if (how) {
      const asked = await answer(visit, how);
      assert.ok(asked.length > 0, "what is withheld is asked for");
      id = await use(visit, { song, how });
    }
    const operator = isOperator && choice !== "block-all";
    await lookAtEverything(visit, { id, operator, member });
    if (member) await administer(visit, server, member);
    await finish(visit, id);
    assert.deepEqual(visit.breaches, []);
    assert.deepEqual([...visit.stored.keys()].sort(), expected(row, visit.agreed));
    if (operator) await signOut(visit);
    await withdraw(visit);
    if (member) await changeAndLeave(visit, server, member);
    assert.deepEqual(visit.breaches, []);
    // A page that says no is no fault of a script's.
    assert.deepEqual(tab.complaints.filter((text) => !/status of 4\d\d/.test(text)), [], "the console is silent");
    for (const name of ["dnt", "sec-gpc"]) {
      const sent = new Set(recorder.requests.map(({ headers }) => headers[name]));
      assert.deepEqual([...sent], [HEADERS[signal][name]], `${name} is as it should be in every request`);
    }
  } finally {
    const { requests, stored } = seen[row.browser];
    for (const { method, path } of recorder.requests) requests.add(`${method} ${path.split("?")[0]}`);
    for (const [name, life] of visit.stored) stored.set(name, (stored.get(name) ?? new Set()).add(life));
    await tab.leave();
  }
}

function title({ signal, scripts, choice, visitor }) {
  return `${choice}, ${signal === "none" ? "no signal" : signal.toUpperCase()}, scripts ${scripts}, ${visitor}`;
}

describe("the crawl", { concurrency: true }, () => {
  for (const name of CIRCUMSTANCES.browser) {
    test(name, async (t) => {
      const recorder = await Recorder.before(server.url);
      const start = ([signal, scripts]) => (name === "Chromium" ? Chromium.start(signal) : Firefox.start(signal, scripts === "on"));
      const mine = rows.filter(({ browser }) => browser === name);
      for (const { signal, scripts } of combinations({ signal: CIRCUMSTANCES.signal, scripts: CIRCUMSTANCES.scripts })) {
        const alike = mine.filter((row) => row.signal === signal && row.scripts === scripts);
        const browser = alike.length > 0 && (await start([signal, scripts]));
        // Chromium sends GPC by extensions alone. They add it to what a page sends as it goes away, too.
        recorder.adds = name === "Chromium" && signal === "gpc" ? HEADERS.gpc : {};
        for (const row of alike) await t.test(title(row), { timeout: VISIT_WITHIN_MS }, () => walk(row, browser, recorder));
        if (browser) await browser.close();
      }
      await recorder.close();
    });
  }
});

for (const browser of CIRCUMSTANCES.browser) {
  test(`${browser} went to every address that the router knows`, () => {
    const { requests } = seen[browser];
    const asked = (method, pattern) => {
      const shape = new RegExp(`^${method} ${pattern.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
      return [...requests].some((request) => shape.test(request));
    };
    const known = Object.entries(ROUTES).flatMap(([pattern, methods]) => methods.map((method) => [method, pattern]));
    assert.deepEqual(known.filter(([method, pattern]) => !asked(method, pattern)), []);
  });

  test(`${browser} kept everything that the policy names, for as long as it says`, () => {
    const kept = [...seen[browser].stored].map(([name, lives]) => [name, [...lives].sort()]);
    const named = [...FACTS.values()].map(({ name, kind, lives }) => [name, kind === "cookie" ? [...lives].sort() : ["kept"]]);
    const byName = ([a], [b]) => (a < b ? -1 : 1);
    assert.deepEqual(kept.sort(byName), named.sort(byName));
  });
}

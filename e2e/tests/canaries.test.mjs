// A law that nothing breaks may be a law that nobody watches. Here it is broken on purpose, between server and browser,
// in every way that it knows of; the crawl has to see each one, in either browser.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Chromium } from "../lib/chromium-tab.mjs";
import { Firefox } from "../lib/firefox-tab.mjs";
import { Recorder } from "../lib/proxy.mjs";
import { Server } from "../lib/server.mjs";
import { Visit } from "../lib/visit.mjs";

let server;
let elsewhere;
let recorder;
const browsers = new Map();

before(async () => {
  server = await Server.start();
  recorder = await Recorder.before(server.url);
  elsewhere = createServer((_, answer) => answer.end()).listen(0, "127.0.0.1");
  browsers.set("Chromium", await Chromium.start("none"));
  browsers.set("Firefox", await Firefox.start("none", true));
});

after(async () => {
  for (const browser of browsers.values()) await browser.close();
  await recorder?.close();
  elsewhere?.close();
  await server?.close();
});

const sets = (line) => (page) => (page.headers["set-cookie"] = [...(page.headers["set-cookie"] ?? []), line]);
const says = (markup) => (page) => (page.body = page.body.replace("</main>", `${markup()}</main>`));
const runs = (script) => ({
  tamper: says(() => '<script src="/canary.js"></script>'),
  serves: { "/canary.js": { type: "text/javascript", body: script } },
});

/** The site sweeps away what was there before it; so this is put there afterwards. */
const onceSwept = (code) => `addEventListener("load", () => { ${code}; });`;

const CANARIES = [
  { plants: "an undeclared cookie", tamper: sets("canary=1; Path=/; SameSite=Lax; HttpOnly"), caught: "undeclared" },
  { plants: "a longer life", tamper: sets("session-id=x; Max-Age=60; Path=/; SameSite=Lax; HttpOnly"), caught: "life" },
  { plants: "a shorter life", tamper: sets("theme-mode=x; Max-Age=7775999; Path=/; SameSite=Lax; HttpOnly"), caught: "life" },
  { plants: "a cookie without consent", tamper: sets("usage-stats=x; Max-Age=2592000; Path=/; SameSite=Lax; HttpOnly"), caught: "unagreed" },
  { plants: "a cookie that scripts can read", tamper: sets("session-id=x; Path=/; SameSite=Lax"), caught: "attributes" },
  { plants: "a cookie for other sites' requests", tamper: sets("session-id=x; Path=/; SameSite=None; HttpOnly"), caught: "attributes" },
  { plants: "a cookie set by a script", ...runs('document.cookie = "theme-mode=dark; path=/; samesite=lax; max-age=7776000"'), caught: "not from the server" },
  { plants: "an undeclared item in local storage", ...runs("localStorage.canary = 1"), caught: "undeclared" },
  {
    plants: "an unagreed item in local storage",
    ...runs(onceSwept('localStorage["visited-pages"] = JSON.stringify({ v: [], exp: Date.now() + 30 * 864e5 })')),
    caught: "unagreed",
  },
  {
    plants: "an item in local storage that stays too long",
    ...runs(onceSwept('localStorage["visited-pages"] = JSON.stringify({ v: [], exp: Date.now() + 31 * 864e5 })')),
    caught: "life",
  },
  { plants: "an item in session storage", ...runs("sessionStorage.canary = 1"), caught: "undeclared" },
  { plants: "a database", ...runs('indexedDB.open("canary")'), caught: "undeclared" },
  { plants: "a cache", ...runs('caches.open("canary")'), caught: "undeclared" },
  {
    plants: "a picture from elsewhere",
    tamper: (page) => {
      // The policy of the page would stop it before it left; that is another test's matter.
      delete page.headers["content-security-policy"];
      says(() => `<img src="http://localhost:${elsewhere.address().port}/pixel.gif" alt="">`)(page);
    },
    caught: "another origin",
  },
];

async function breaches(browser, { tamper, serves }) {
  const tab = await browsers.get(browser).visit({ url: recorder.url, scripts: true });
  const visit = new Visit(tab, recorder, "none");
  Object.assign(recorder, { tamper, serves });
  try {
    assert.equal(await tab.go("/help"), 200);
    // What is opened or asked for takes its time.
    await tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
    await visit.look();
  } finally {
    Object.assign(recorder, { tamper: undefined, serves: undefined });
    await tab.leave();
  }
  return visit.breaches;
}

for (const browser of ["Chromium", "Firefox"]) {
  test(`${browser}: the page as it is breaks nothing`, async () => {
    assert.deepEqual(await breaches(browser, { tamper: () => {} }), []);
  });

  for (const { plants, caught, ...canary } of CANARIES) {
    test(`${browser}: ${plants} is caught`, async () => {
      const found = await breaches(browser, canary);
      assert.ok(found.some(({ kind }) => kind === caught), `expected "${caught}" among ${JSON.stringify(found)}`);
    });
  }
}

// What the consent banner weighs, compressed, beside four others, and who shows a button when scripts are off.
// `npm run banner-cost` prints the table. Kilobytes are 1000 bytes of gzip -9.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { launch } from "../lib/browser.mjs";
import { PEERS, Peers } from "../lib/peers.mjs";
import { Server } from "../lib/server.mjs";

const LIMIT_KB = 3;
const UI = new URL("../../ui/", import.meta.url);

const kb = (...texts) => texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0) / 1000;

let browser;
let peers;
let server;

before(async () => {
  [browser, peers, server] = await Promise.all([launch(), Peers.serve(), Server.start()]);
});

after(async () => {
  await Promise.all([browser?.close(), peers?.close(), server?.close()]);
});

/** What is seen and fetched at an address. `scripts`: whether the browser runs them. */
async function look(url, scripts) {
  const context = await browser.newContext({ javaScriptEnabled: scripts });
  const page = await context.newPage();
  const fetched = [];
  page.on("response", (response) => {
    if (/\.(css|js)$/.test(new URL(response.url()).pathname)) fetched.push(response.body());
  });
  await page.goto(url, { waitUntil: "networkidle" });
  return { context, page, fetched: await Promise.all(fetched) };
}

/** Buttons that can be seen, wherever they are. */
async function buttons(page) {
  const found = page.locator("button, a[role=button], [role=dialog] a");
  const seen = await Promise.all((await found.all()).map((button) => button.isVisible()));
  return seen.filter(Boolean).length;
}

/** Every rule of the page's styles that applies to the banner, those included that it shares with other pages. */
function rulesOf(banner) {
  const parts = [banner, ...banner.querySelectorAll("*")];
  // What no element is at rest counts as if it were.
  const fleeting = String.raw`(?:::[\w-]+(?:\([^)]*\))?|:(?:hover|active|focus(?:-visible|-within)?|visited|link)\b)+`;
  const alone = new RegExp(String.raw`(?<=^|[\s,>+~(])${fleeting}`, "g");
  const attached = new RegExp(fleeting, "g");
  const plain = (selector) => selector.replace(alone, "*").replace(attached, "");
  const applies = (selector) => parts.some((part) => part.matches(plain(selector)));
  const text = (rules) =>
    [...rules].map((rule) => {
      if (rule.selectorText) return applies(rule.selectorText) ? rule.cssText : "";
      if (!rule.cssRules) return "";
      const inner = text(rule.cssRules);
      return inner && `${rule.cssText.split("{")[0]}{${inner}}`;
    }).join("");
  return [...document.styleSheets].map((sheet) => text(sheet.cssRules)).join("");
}

/** A module of the browser code with all that it imports, as it is in the bundle. */
async function bundled(module) {
  const { build } = createRequire(new URL("package.json", UI))("esbuild");
  const entry = fileURLToPath(new URL(`src/${module}`, UI));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false });
  return outputFiles[0].text;
}

async function weighOurs() {
  const { context, page } = await look(server.url, true);
  const banner = page.locator("section[data-consent-banner]");
  const html = await banner.evaluate((section) => section.outerHTML);
  const css = await banner.evaluate(rulesOf);
  await context.close();
  const bare = await look(server.url, false);
  const count = await bare.page.locator("section[data-consent-banner]").getByRole("button").count();
  const seen = await buttons(bare.page);
  await bare.context.close();
  return { html: kb(html), css: kb(css), script: kb(await bundled("consent.ts")), without: Math.min(count, seen) };
}

async function weigh(index) {
  const { context, page, fetched } = await look(peers.page(index), true);
  await page.waitForTimeout(500);
  const withScripts = await buttons(page);
  await context.close();
  const bare = await look(peers.page(index), false);
  const without = await buttons(bare.page);
  await bare.context.close();
  return { weight: kb(...fetched), withScripts, without };
}

test("the banner and its script stay within three kilobytes each, and it alone of five shows buttons without scripts", async () => {
  const ours = await weighOurs();
  const rows = [["Balanced Mastering", ours.html + ours.css + ours.script, ours.without]];
  for (const [index, { name }] of PEERS.entries()) {
    const { weight, withScripts, without } = await weigh(index);
    assert.ok(withScripts > 0, `${name} shows no button at all: it was not started as it should be`);
    assert.equal(without, 0, `${name} shows buttons without scripts: say so`);
    rows.push([name, weight, without]);
  }
  console.log("                           gzip kB   buttons with scripts off");
  for (const [name, weight, without] of rows) {
    console.log(`${name.padEnd(26)} ${weight.toFixed(1).padStart(7)}   ${String(without).padStart(3)}`);
  }
  console.log(`Of ours: HTML ${ours.html.toFixed(2)}, CSS ${ours.css.toFixed(2)}, script ${ours.script.toFixed(2)} kB`);
  assert.ok(ours.html + ours.css <= LIMIT_KB, `HTML and CSS weigh ${(ours.html + ours.css).toFixed(2)} kB`);
  assert.ok(ours.script <= LIMIT_KB, `the script weighs ${ours.script.toFixed(2)} kB`);
  assert.ok(ours.without >= 4, `${ours.without} buttons without scripts`);
});

// Every page that anybody can open, read by pa11y: another rule set than axe's (HTML_CodeSniffer), on WCAG 2 AA.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pa11y from "pa11y";
import puppeteer from "puppeteer-core";
import { Server } from "../lib/server.mjs";
import { PUBLIC } from "../lib/visits.mjs";

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

for (const path of PUBLIC) {
  test(`pa11y finds nothing on ${path}`, async () => {
    const { issues } = await pa11y(server.url + path, { browser, standard: "WCAG2AA", includeWarnings: false });
    assert.deepEqual(issues.map(({ code, message, selector, context }) => ({ code, message, selector, context })), []);
  });
}

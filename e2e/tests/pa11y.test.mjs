// Every page that anybody can open, read by pa11y: another rule set than axe's (HTML_CodeSniffer), on WCAG 2 AA.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
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

async function faults(url) {
  const { issues } = await pa11y(url, { browser, standard: "WCAG2AA" });
  return issues.map(({ code, message, selector, context }) => ({ code, message, selector, context }));
}

test("pa11y finds what is wrong with a wrong page", async () => {
  const page = '<!doctype html><html lang="en"><title>Wrong</title><img src="data:,">';
  const wrong = createServer((_, answer) => answer.setHeader("content-type", "text/html").end(page)).listen(0, "127.0.0.1");
  await once(wrong, "listening");
  const [found] = await faults(`http://127.0.0.1:${wrong.address().port}/`);
  wrong.close();
  assert.match(found?.message ?? "nothing", /alt attribute/);
});

for (const path of PUBLIC) {
  test(`pa11y finds nothing on ${path}`, async () => assert.deepEqual(await faults(server.url + path), []));
}

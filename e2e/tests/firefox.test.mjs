// The player in Firefox: the four channels arrive there, or the two files take their place; either way both sides sound.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { mix, wav } from "../lib/audio.mjs";
import { Server } from "../lib/server.mjs";

let server;
let browser;
let folder;

before(async () => {
  server = await Server.start();
  folder = await mkdtemp(join(tmpdir(), "balanced-firefox-"));
  browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: { "media.autoplay.default": 0, "media.autoplay.blocking_policy": 0 },
  });
});

after(async () => {
  await browser?.close();
  await server?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("a mix is mastered, heard and switched", async () => {
  const file = join(folder, "mix.wav");
  await writeFile(file, wav(mix({ seconds: 12 })));
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(server.url);
  const input = await page.$("#file");
  await input.uploadFile(file);
  await page.click("[data-send]");
  await page.waitForSelector("[data-play]:not([hidden])", { timeout: 60_000 });
  await page.click("[data-play]");
  await page.waitForFunction(() => document.querySelector("[data-time]").textContent >= "0:02", { timeout: 20_000 });
  await page.keyboard.press("x");
  await page.waitForFunction(() => document.querySelector("[data-player]").dataset.hears === "mix");
  const at = await page.$eval("[data-seek]", (seek) => Number(seek.value));
  await page.waitForFunction((at) => Number(document.querySelector("[data-seek]").value) > at + 0.5, { timeout: 10_000 }, at);
  assert.equal(await page.$eval("[data-message]", (message) => message.hidden), true);
  assert.deepEqual(faults, []);
});

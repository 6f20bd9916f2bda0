// The player in Firefox, which plays nothing where there is no sound card: a silent one is made for it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { mix, wav } from "../lib/audio.mjs";
import { Server } from "../lib/server.mjs";

let server;
let browser;
let folder;
let sound;

/** A sound server of the test's own, with a card that swallows everything. */
async function silentCard(folder) {
  const socket = join(folder, "sound");
  const modules = ["module-null-sink", `module-native-protocol-unix auth-anonymous=1 socket=${socket}`];
  const args = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", ...modules.map((module) => `--load=${module}`)];
  sound = spawn("pulseaudio", args, { env: { ...process.env, XDG_RUNTIME_DIR: folder, HOME: folder }, stdio: "ignore" });
  const failed = new Promise((_, reject) => {
    sound.once("error", reject);
    sound.once("exit", (code) => reject(new Error(`pulseaudio ended with ${code}`)));
  });
  failed.catch(() => {});
  for (let tries = 0; tries < 100; tries++) {
    const there = await Promise.race([failed, access(socket).then(() => true, () => false)]);
    if (there) return `unix:${socket}`;
    await sleep(50);
  }
  throw new Error("pulseaudio did not start");
}

before(async () => {
  server = await Server.start();
  folder = await mkdtemp(join(tmpdir(), "balanced-firefox-"));
  browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    headless: true,
    env: { ...process.env, PULSE_SERVER: await silentCard(folder) },
    extraPrefsFirefox: { "media.autoplay.default": 0, "media.autoplay.blocking_policy": 0 },
  });
});

after(async () => {
  await browser?.close();
  await server?.close();
  sound?.kill();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Waits for what a page says. The wait that comes with puppeteer makes functions of text, which the policy of the page forbids. */
async function until(page, seconds, says, ...args) {
  for (let tries = 0; tries < 10 * seconds; tries++) {
    if (await page.evaluate(says, ...args)) return;
    await sleep(100);
  }
  throw new Error(`${seconds} seconds passed without ${says}`);
}

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
  await until(page, 20, () => document.querySelector("[data-time]").textContent >= "0:02");
  await page.keyboard.press("x");
  await until(page, 30, () => document.querySelector("[data-player]").dataset.hears === "mix");
  const at = await page.$eval("[data-seek]", (seek) => Number(seek.value));
  await until(page, 10, (at) => Number(document.querySelector("[data-seek]").value) > at + 0.5, at);
  assert.equal(await page.$eval("[data-message]", (message) => message.hidden), true);
  assert.deepEqual(faults, []);
});

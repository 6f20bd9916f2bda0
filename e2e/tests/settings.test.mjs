// What a visitor sets and what their browser remembers, in a real browser: only after they agreed, and only for so long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Visitor, accessibilityFaults, drop } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";

const { server, browser } = await open();

async function accepted(options) {
  const visitor = await Visitor.arrive(browser, server.url, options);
  await visitor.page.goto("/");
  await visitor.page.getByRole("button", { name: "Accept all" }).click();
  await visitor.page.locator("[data-consent-banner]").waitFor({ state: "detached" });
  return visitor;
}

const stored = (page) => page.evaluate(() => Object.fromEntries(Object.entries(localStorage)));

test("the theme is dark where the visitor says so, though the system is light", async () => {
  const visitor = await accepted({ colorScheme: "light" });
  const { page } = visitor;
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.goto("/settings");
  await page.getByRole("button", { name: "Dark" }).click();
  await page.waitForURL(/\/settings$/);
  assert.notEqual(await ground(), light);
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.goto("/help");
  assert.notEqual(await ground(), light, "on every page");
  await page.goto("/settings");
  await page.getByRole("button", { name: "As the system says" }).click();
  await page.waitForURL(/\/settings$/);
  assert.equal(await ground(), light);
  assert.equal((await visitor.cookies()).some(({ name }) => name === "theme-mode"), false);
  await visitor.leave();
});

test("text is larger, contrast higher, and the form starts where it was set to", async () => {
  const visitor = await accepted();
  const { page } = visitor;
  await page.goto("/settings");
  const size = () => page.evaluate(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const before = await size();
  await page.getByLabel("Much larger").check();
  await page.getByLabel("More", { exact: true }).check();
  await page.getByLabel("Where the upload form starts").selectOption("club");
  await page.getByLabel("The style it starts with").selectOption("warm");
  await page.getByRole("button", { name: "Keep these settings" }).click();
  await page.getByText("Your settings are kept.").waitFor();
  assert.ok((await size()) > 1.25 * before);
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.goto("/");
  assert.equal(await page.locator("input[name=loudness]:checked").getAttribute("value"), "club");
  assert.equal(await page.locator("input[name=style]:checked").getAttribute("value"), "warm");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0);
  await visitor.leave();
});

test("a setting that may not be kept is asked for by name, and a yes keeps it", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  visitor.tolerate(/409/);
  const { page } = visitor;
  await page.goto("/settings");
  await page.getByRole("button", { name: "Dark" }).click();
  await page.getByRole("heading", { name: /theme-mode/ }).waitFor();
  assert.deepEqual(await visitor.cookies(), []);
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.locator("button[name=allow]").click();
  await page.locator("html[data-theme=dark]").waitFor({ state: "attached" });
  await visitor.leave();
});

test("a half-filled form is there again, until it is sent or started afresh", async () => {
  const visitor = await accepted();
  const { page } = visitor;
  await page.goto("/");
  await page.getByLabel("Loudness in LUFS").fill("-11");
  await page.goto("/help");
  await page.goto("/");
  assert.equal(await page.getByLabel("Loudness in LUFS").inputValue(), "-11");
  assert.equal(await page.locator("input[name=loudness]:checked").getAttribute("value"), "number");
  const draft = JSON.parse((await stored(page))["upload-draft"]);
  const days = (draft.exp - Date.now()) / 86_400_000;
  assert.ok(days > 6.99 && days <= 7, `${days} days`);
  await page.getByRole("button", { name: "Start afresh" }).click();
  assert.equal(await page.getByLabel("Loudness in LUFS").inputValue(), "-14");
  assert.equal((await stored(page))["upload-draft"], undefined);
  await page.getByLabel("Loudness in LUFS").fill("-12");
  await page.getByLabel("Bright").check();
  await drop(page, "mix.wav", wav(mix({ seconds: 3 })));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
  assert.equal((await stored(page))["upload-draft"], undefined, "what was sent is no draft");
  await page.getByText("To exactly \u221212 LUFS. Bright.").waitFor();
  await visitor.leave();
});

test("help topics are marked as read, and a finished track as new until it is opened", async () => {
  const visitor = await accepted();
  const { page } = visitor;
  await page.goto("/help");
  const read = page.locator("[data-when=read]:not([hidden])");
  assert.equal(await read.count(), 0);
  await page.getByRole("link", { name: "Which loudness?" }).click();
  await page.getByRole("heading", { name: "Which loudness?" }).waitFor();
  await page.goto("/help");
  assert.deepEqual(await read.allTextContents(), ["read"]);

  await page.goto("/");
  await drop(page, "new.wav", wav(mix({ seconds: 3 })));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  await page.goto("/tracks");
  const fresh = page.locator("[data-when=new]:not([hidden])");
  for (let tries = 0; (await fresh.count()) === 0 && tries < 100; tries++) {
    await page.waitForTimeout(100);
    await page.reload();
  }
  assert.equal(await fresh.count(), 1);
  await page.getByRole("link", { name: "new.wav" }).click();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
  await page.goto("/tracks");
  assert.equal(await fresh.count(), 0);
  await page.goto("/");
  await page.getByRole("link", { name: "new.wav" }).waitFor();
  await visitor.leave();
});

test("what may not be kept, and what is over, is swept away", async () => {
  const visitor = await accepted();
  const { page } = visitor;
  await page.goto("/help");
  await page.evaluate(() => localStorage.setItem("visited-pages", JSON.stringify({ v: ["/help"], exp: Date.now() - 1 })));
  await page.goto("/tracks");
  assert.equal((await stored(page))["visited-pages"], undefined, "over");
  await visitor.leave();

  const stranger = await Visitor.arrive(browser, server.url);
  await stranger.page.goto("/help");
  assert.deepEqual(await stored(stranger.page), {}, "not asked yet, nothing kept");
  await stranger.page.evaluate(() => localStorage.setItem("upload-draft", "{}"));
  await stranger.page.goto("/");
  await stranger.page.getByLabel("Loudness in LUFS").fill("-11");
  assert.deepEqual(await stored(stranger.page), {}, "what was never agreed to goes");
  await stranger.leave();
});

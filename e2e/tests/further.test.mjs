// What a musician may ask for beyond a master: a reference that it shall sound like, further files, the whole report and
// another version.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { mix, silence, wav } from "../lib/audio.mjs";
import { Visitor, accessibilityFaults, drop } from "../lib/browser.mjs";
import { measure } from "../lib/meter.mjs";
import { open } from "../lib/stage.mjs";

const song = wav(mix({ seconds: 14 }));
/** Another song, quieter in the lows and at another rate. */
const record = wav(mix({ seconds: 10, rate: 48000, seed: 7 }));
const { server, browser } = await open();
const folder = await mkdtemp(join(tmpdir(), "balanced-further-"));

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

const asFile = (name, buffer) => ({ name, mimeType: "audio/wav", buffer });

/** Presses a card, wherever its box is. */
const tick = (page, name) => page.locator(".choice", { hasText: name }).first().click();

async function download(page, label) {
  const [arrives] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: label }).click()]);
  const path = join(folder, arrives.suggestedFilename());
  await arrives.saveAs(path);
  return { name: arrives.suggestedFilename(), ...(await measure(path)) };
}

test("a mix with a reference comes back matched to it, in further files, with a report and another version", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { acceptDownloads: true });
  const { page } = visitor;
  await page.goto("/");
  await drop(page, "Night.wav", song);
  await page.setInputFiles("#reference", asFile("The Record.wav", record));
  await page.getByText("More", { exact: true }).click();
  for (const name of ["MP3 320", "Opus 192"]) await tick(page, name);
  assert.ok(await page.getByRole("checkbox", { name: /^Opus 192/ }).isChecked());
  assert.deepEqual(await accessibilityFaults(page), [], "the open form");
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  await page.getByRole("link", { name: /MP3 320/ }).waitFor({ timeout: 90_000 });
  await page.getByText("Matched to: The Record.wav (tone, width).").waitFor();

  for (const [label, name, stream] of [
    [/WAV 24 bit/, "Night (master).wav", { codec_name: "pcm_s24le", sample_rate: "44100" }],
    [/MP3 320/, "Night (master).mp3", { codec_name: "mp3", sample_rate: "44100" }],
    [/Opus 192/, "Night (master).opus", { codec_name: "opus", sample_rate: "48000" }],
  ]) {
    const file = await download(page, label);
    assert.equal(file.name, name);
    assert.ok(file.dbtp <= -1, `${name}: ${file.dbtp} dBTP`);
    assert.ok(Math.abs(file.lufs + 14) <= 0.5, `${name}: ${file.lufs} LUFS`);
    for (const [key, value] of Object.entries(stream)) assert.equal(file.stream[key], value, `${name}: ${key}`);
  }
  assert.equal(await page.getByRole("link", { name: /Ogg Vorbis/ }).count(), 0, "what was not asked for is not made");

  await page.getByRole("link", { name: "The whole report" }).click();
  await page.getByRole("heading", { name: "What was done, and why" }).waitFor();
  assert.ok((await page.locator("tbody th", { hasText: "Night (master).mp3" }).count()) === 1, "every file is in it");
  const ground = await page.evaluate(() => getComputedStyle(document.querySelector(".verdict")).fontWeight);
  assert.equal(ground, "600", "the page has its style");
  await page.goBack();

  await page.getByText("Make another version").click();
  const again = page.locator('form[action$="/again"]');
  assert.ok(await again.getByRole("checkbox", { name: /^Width/ }).isChecked(), "what was asked for is filled in");
  await again.locator(".choice", { hasText: "Tone" }).click();
  await again.locator(".choice", { hasText: "Width" }).click();
  await again.locator(".choice", { hasText: "As loud as it" }).click();
  await page.getByRole("button", { name: "Make this version" }).click();
  await page.getByText("Matched to: The Record.wav (loudness).").waitFor();
  await page.getByRole("link", { name: /MP3 320/ }).waitFor({ timeout: 90_000 });
  const report = await (await page.request.get(`${page.url()}/report.json`)).json();
  assert.notEqual(report.target_lufs, -14, "the loudness is the reference's");
  await visitor.leave();
});

test("without scripts a reference does the same, and nobody else sees what came of it", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { javaScriptEnabled: false });
  const { page } = visitor;
  await page.goto("/");
  await page.setInputFiles("#file", asFile("plain.wav", song));
  await page.setInputFiles("#reference", asFile("record.wav", record));
  await page.getByText("More", { exact: true }).click();
  await tick(page, "Ogg Vorbis 256");
  await page.getByRole("button", { name: "Make the master" }).click();
  // The page renews itself.
  await page.getByRole("link", { name: /Ogg Vorbis 256/ }).waitFor({ timeout: 90_000 });
  await page.getByText("Matched to: record.wav (tone, width).").waitFor();
  const address = page.url();
  assert.equal((await page.request.get(`${address}/report`)).status(), 200);
  const stranger = await Visitor.arrive(browser, server.url);
  for (const rest of ["/report", "/download/vorbis"]) {
    assert.equal((await stranger.page.request.get(`${address}${rest}`)).status(), 404, rest);
  }
  await stranger.leave();
  await visitor.leave();
});

test("a bad reference is told from a bad mix, and can be left out", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  const send = async (name, bytes, reference) => {
    await page.goto("/");
    await drop(page, name, bytes);
    await page.setInputFiles("#reference", reference);
    await page.getByRole("button", { name: "Make the master" }).click();
  };
  const refusal = async () => {
    await page.locator(".say.bad strong").waitFor({ timeout: 60_000 });
    return page.locator(".say.bad p").innerText();
  };
  for (const [reference, pattern] of [
    [asFile("quiet.wav", silence()), /^The reference “quiet.wav” cannot be used: .*(silent|loudness)/],
    [asFile("short.wav", wav(mix({ seconds: 0.3 }))), /^The reference “short.wav” cannot be used: .*(400 ms|short)/],
    [asFile("text.wav", Buffer.from("no music at all ".repeat(40))), /^The reference “text.wav” cannot be used: ./],
  ]) {
    await send("good.wav", song, reference);
    assert.match(await refusal(), pattern);
  }
  await page.getByRole("button", { name: "Try without the reference" }).click();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  assert.equal(await page.getByText("Matched to:").count(), 0);

  await send("nothing.wav", silence(), asFile("record.wav", record));
  assert.match(await refusal(), /^The mix cannot be mastered: /);

  await page.goto("/");
  await drop(page, "good.wav", song);
  await page.setInputFiles("#reference", asFile("empty.wav", Buffer.alloc(0)));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.getByRole("alert").filter({ hasText: "“empty.wav” is empty. Export the reference again" }).waitFor();
  await visitor.leave();
});

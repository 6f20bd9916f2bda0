// From mix to master: what a musician does, start to end.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Visitor, drop } from "../lib/browser.mjs";
import { measure } from "../lib/meter.mjs";
import { open } from "../lib/stage.mjs";

const song = wav(mix({ seconds: 24 }));

const { server, browser } = await open();
const folder = await mkdtemp(join(tmpdir(), "balanced-downloads-"));

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Loudness in the player's two gains and what comes out of them, through the page's own audio graph. */
async function tapOutput(page) {
  await page.addInitScript(() => {
    const made = AudioContext;
    window.AudioContext = class extends made {
      constructor(...args) {
        super(...args);
        const ear = this.createAnalyser();
        ear.fftSize = 8192;
        const connect = AudioNode.prototype.connect;
        const context = this;
        AudioNode.prototype.connect = function (target, ...rest) {
          if (target === context.destination) connect.call(this, ear);
          return connect.call(this, target, ...rest);
        };
        window.ear = ear;
      }
    };
  });
}

const level = (page) =>
  page.evaluate(() => {
    const samples = new Float32Array(window.ear.fftSize);
    window.ear.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  });

async function download(page, label) {
  const [arrives] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: label }).click()]);
  const path = join(folder, arrives.suggestedFilename());
  await arrives.saveAs(path);
  return { name: arrives.suggestedFilename(), path };
}

test("a mix that is dropped in comes back as a master that an independent meter confirms", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { acceptDownloads: true });
  const { page } = visitor;
  await tapOutput(page);

  const first = await page.goto("/");
  assert.equal((await first.allHeaders())["set-cookie"], undefined);
  assert.deepEqual(await visitor.cookies(), [], "looking at the page sets nothing");

  await drop(page, "Night Drive (mix).wav", song);
  await page.getByText("Night Drive (mix).wav").waitFor();
  await page.locator(".choice:has(#number)").click({ position: { x: 20, y: 20 } });
  assert.ok(await page.getByRole("radio", { name: "My own number" }).isChecked());
  await page.getByLabel("Loudness in LUFS").fill("-14");
  await page.getByRole("button", { name: "Make the master" }).click();

  await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  assert.deepEqual(
    (await visitor.cookies()).map(({ name, httpOnly, sameSite, path, expires, secure }) => ({ name, httpOnly, sameSite, path, expires, secure })),
    [{ name: "session-id", httpOnly: true, sameSite: "Lax", path: "/", expires: -1, secure: false }],
  );

  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  assert.match(await page.locator(".lead").innerText(), /at −1[34]\.\d LUFS/);

  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => document.querySelector("[data-time]").textContent >= "0:02");
  const master = await level(page);
  assert.ok(master > 0.001, `the master sounds (${master})`);
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "A Mix", pressed: true }).waitFor();
  await page.waitForTimeout(400);
  assert.ok((await level(page)) > 0.001, "the mix sounds");
  const at = await page.locator("[data-seek]").inputValue();
  await page.keyboard.press("ArrowRight");
  assert.ok(Number(await page.locator("[data-seek]").inputValue()) > Number(at) + 4, "five seconds on");
  await page.keyboard.press("b");
  await page.getByText("Now hearing the master").waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Play" }).waitFor();

  const expected = [
    [/WAV 24 bit/, "Night Drive (mix) (master).wav", { codec_name: "pcm_s24le" }],
    [/WAV 16 bit/, "Night Drive (mix) (master, 16 bit).wav", { codec_name: "pcm_s16le" }],
    [/FLAC 24 bit/, "Night Drive (mix) (master).flac", { codec_name: "flac", bits_per_raw_sample: "24" }],
  ];
  for (const [label, name, stream] of expected) {
    const file = await download(page, label);
    assert.equal(file.name, name);
    const measured = await measure(file.path);
    assert.ok(Math.abs(measured.lufs + 14) <= 0.1, `${name}: ${measured.lufs} LUFS`);
    assert.ok(measured.dbtp <= -1, `${name}: ${measured.dbtp} dBTP`);
    for (const [key, value] of Object.entries(stream)) assert.equal(measured.stream[key], value, `${name}: ${key}`);
    assert.equal(measured.stream.channels, 2);
    assert.equal(measured.stream.sample_rate, "44100");
  }

  const report = await (await page.request.get(`${page.url()}/report.json`)).json();
  assert.equal(report.target_reached, true);
  assert.ok(!JSON.stringify(report).includes(server.folder), "the report names no path of the server");
  await visitor.leave();
});

test("mix and master arrive as four channels, and switching changes what is heard without stopping it", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  await page.goto("/");
  await drop(page, "four.wav", song);
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.getByRole("button", { name: "Play" }).waitFor({ timeout: 60_000 });

  const heard = await page.evaluate(async () => {
    const response = await fetch(document.querySelector("[data-preview]").dataset.preview);
    const decoded = await new OfflineAudioContext(4, 1, 44100).decodeAudioData(await response.arrayBuffer());
    const rms = (channel) => Math.sqrt(channel.reduce((sum, x) => sum + x * x, 0) / channel.length);
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, index) => decoded.getChannelData(index));
    const apart = channels[0].reduce((most, x, index) => Math.max(most, Math.abs(x - channels[2][index])), 0);
    return { rms: channels.map(rms), apart };
  });
  assert.equal(heard.rms.length, 4);
  assert.ok(heard.rms.every((level) => level > 0.005), `all four sound: ${heard.rms}`);
  assert.ok(heard.apart > 0.001, "mix and master differ");

  // The same channels through the player's own way: an audio element into a graph.
  const live = await page.evaluate(async () => {
    const audio = new Audio(document.querySelector("[data-preview]").dataset.preview);
    const context = new AudioContext();
    const splitter = context.createChannelSplitter(4);
    context.createMediaElementSource(audio).connect(splitter);
    const ears = [0, 1, 2, 3].map((channel) => {
      const ear = context.createAnalyser();
      splitter.connect(ear, channel);
      return ear;
    });
    await audio.play();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const levels = ears.map((ear) => {
      const samples = new Float32Array(ear.fftSize);
      ear.getFloatTimeDomainData(samples);
      return Math.max(...samples.map(Math.abs));
    });
    audio.pause();
    await context.close();
    return levels;
  });
  assert.ok(live.every((peak) => peak > 0.001), `all four arrive: ${live}`);
  await visitor.leave();
});

test("the whole job works without scripts", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { javaScriptEnabled: false });
  const { page } = visitor;
  await page.goto("/");
  await page.setInputFiles("#file", { name: "plain.wav", mimeType: "audio/wav", buffer: song });
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  // Nothing but the page's own refreshing brings the result.
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  assert.equal(await page.locator("audio").count(), 2);
  const wav16 = await page.request.get(`${page.url()}/download/wav16`);
  assert.equal(wav16.status(), 200);
  await page.getByRole("button", { name: "Delete this track" }).click();
  await page.getByText("Nothing here yet").waitFor();
  await visitor.leave();
});

test("another browser finds nothing, and neither does a guess", async () => {
  const owner = await Visitor.arrive(browser, server.url);
  await owner.page.goto("/");
  await drop(owner.page, "mine.wav", song);
  await owner.page.getByRole("button", { name: "Make the master" }).click();
  await owner.page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  const address = new URL(owner.page.url()).pathname;

  const stranger = await Visitor.arrive(browser, server.url);
  stranger.tolerate(/404/);
  await stranger.page.goto("/");
  await drop(stranger.page, "theirs.wav", song);
  await stranger.page.getByRole("button", { name: "Make the master" }).click();
  await stranger.page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  for (const path of ["", "/events", "/preview.flac", "/original", "/report.json", "/download/wav24", "/download/wav16", "/download/flac"]) {
    const answer = await stranger.page.request.get(`${address}${path}`);
    assert.equal(answer.status(), 404, path);
  }
  assert.equal((await stranger.page.request.post(`${address}/delete`)).status(), 403, "no form of this site");
  await stranger.page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  const csrf = await stranger.page.locator("input[name=csrf]").first().inputValue();
  const genuine = await stranger.page.request.post(`${address}/delete`, { form: { csrf } });
  assert.equal(genuine.status(), 404, "a form of this site, for somebody else's track");
  assert.equal((await stranger.page.request.get(`/tracks/${"0".repeat(32)}`)).status(), 404);
  assert.equal((await owner.page.request.get(address)).status(), 200, "still there");
  await stranger.leave();
  await owner.leave();
});

// What cannot be mastered is refused in place, in words, and the page goes on working.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mix, silence, wav } from "../lib/audio.mjs";
import { Visitor, drop } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";

const { server, browser } = await open({ BALANCED_SERVE__MAX_UPLOAD_MIB: "8" });

/** Uploads and gives the reason that the track's page states. */
async function reason(page, name, bytes) {
  await page.goto("/");
  await drop(page, name, bytes);
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.locator(".say.bad strong").waitFor({ timeout: 30_000 });
  return page.locator(".say.bad p").innerText();
}

test("what is no music is refused with the reason, and another file can be chosen", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  const stereo = mix({ seconds: 1 });
  const nan = Buffer.from(wav(stereo));
  const cases = [
    ["silence.wav", silence(), /silent|loudness/i],
    ["short.wav", wav(mix({ seconds: 0.3 })), /400 ms|short/i],
    ["text.wav", Buffer.from("This is not a sound, it is a text that goes on for a while. ".repeat(20)), /./],
    ["random.wav", Buffer.from(wav(stereo)).fill(0x5a, 0, 44), /./],
    ["six.wav", wav({ rate: 44100, channels: Array.from({ length: 6 }, () => stereo.channels[0]) }, 16), /6 channels/i],
    ["norate.wav", Object.assign(nan, { norate: nan.writeUInt32LE(0, 24) }), /./],
  ];
  for (const [name, bytes, pattern] of cases) {
    const said = await reason(page, name, bytes);
    assert.match(said, pattern, name);
    assert.ok(said.length < 400 && !/panick|unwrap|src\//.test(said), `${name}: ${said}`);
    await page.getByRole("link", { name: "Choose another file" }).click();
    await page.getByText("Drop your mix here").waitFor();
  }
  await visitor.leave();
});

test("an empty file and one that is too large are refused before anything is sent", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  await page.goto("/");
  await drop(page, "empty.wav", Buffer.alloc(0));
  await page.getByRole("alert").filter({ hasText: "is empty" }).waitFor();
  await drop(page, "huge.wav", Buffer.alloc(9_000_000));
  await page.getByRole("alert").filter({ hasText: "9.0 MB; up to 8 MB can be uploaded" }).waitFor();
  await page.getByRole("button", { name: "Make the master" }).click();
  assert.equal(new URL(page.url()).pathname, "/");
  assert.deepEqual(await visitor.cookies(), []);
  await visitor.leave();
});

test("without scripts the same refusals come from the server, on the same page", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { javaScriptEnabled: false });
  visitor.tolerate(/413|422/);
  const { page } = visitor;
  for (const [name, bytes, status, pattern] of [
    ["huge.wav", Buffer.alloc(9_000_000), 413, /up to 8 MB can be uploaded/],
    ["empty.wav", Buffer.alloc(0), 422, /is empty/],
  ]) {
    await page.goto("/");
    await page.setInputFiles("#file", { name, mimeType: "audio/wav", buffer: bytes });
    const [answer] = await Promise.all([page.waitForResponse((response) => response.request().method() === "POST"), page.getByRole("button", { name: "Make the master" }).click()]);
    assert.equal(answer.status(), status, name);
    await page.getByRole("alert").filter({ hasText: pattern }).waitFor();
  }
  assert.deepEqual(await visitor.cookies(), [], "what is refused sets nothing");
  await visitor.leave();
});

test("a name with slashes, quotes, markup and emoji is shown as it is and stays harmless", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  const name = `"><img src=x onerror=alert(1)> 'q' 🎸 & co.wav`;
  await page.goto("/");
  await drop(page, `../../${name}`, wav(mix({ seconds: 6 })));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  assert.equal(await page.locator("h1").innerText(), name);
  assert.equal(await page.locator("img").count(), 0);
  const answer = await page.request.get(`${page.url()}/download/wav24`);
  const disposition = answer.headers()["content-disposition"];
  assert.match(disposition, /^attachment; filename="[ -~]+"; filename\*=UTF-8''[!-~]+$/);
  assert.ok(!disposition.includes(".."), disposition);
  await visitor.leave();
});

test("a browser that keeps no cookies is told so instead of being sent round in circles", async () => {
  const small = { name: "mix.wav", mimeType: "audio/wav", buffer: wav(mix({ seconds: 1 })) };
  for (const javaScriptEnabled of [true, false]) {
    const visitor = await Visitor.withoutCookies(server.url, { javaScriptEnabled });
    visitor.tolerate(/403/);
    const { page } = visitor;
    await page.goto(server.url);
    await page.setInputFiles("#file", small);
    await page.getByRole("button", { name: "Make the master" }).click();
    // In place where the browser says so beforehand, else on the page that the upload leads to.
    await page.locator(".lead, [role=alert]").filter({ hasText: "keeps no cookies from this site" }).waitFor();
    await visitor.leave();
  }
});

// A server that is killed loses nothing that it acknowledged, and offers nothing that is not whole.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Visitor, drop } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";

const { server, browser } = await open();

test("killed in the middle of an upload, nothing of it is kept and the page says so", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  visitor.tolerate(/ERR_CONNECTION|ERR_EMPTY_RESPONSE|net::ERR/);
  await visitor.page.goto("/");

  // Half of an upload, held open.
  const { hostname, port } = new URL(server.url);
  const half = request({ hostname, port, method: "POST", path: "/tracks", headers: { "content-type": "multipart/form-data; boundary=b", "content-length": 4_000_000 } });
  half.on("error", () => {});
  half.write('--b\r\ncontent-disposition: form-data; name="file"; filename="half.wav"\r\n\r\n');
  half.write(Buffer.alloc(1_000_000));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await server.kill();

  await drop(visitor.page, "late.wav", wav(mix({ seconds: 2 })));
  await visitor.page.getByRole("button", { name: "Make the master" }).click();
  await visitor.page.getByRole("alert").filter({ hasText: "connection broke" }).waitFor();

  await server.restart();
  assert.deepEqual(await readdir(join(server.folder, "blobs")), [], "no bytes are left");
  await visitor.page.getByRole("button", { name: "Make the master" }).click();
  await visitor.page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  await visitor.leave();
});

/** Moments of a job, each as what the page then shows. */
const MOMENTS = {
  "in the middle of a job": () => Number(document.querySelector("[data-percent]")?.textContent) >= 5,
  "while the result is being written": () => /Writing your master|Measuring what was written/.test(document.querySelector("[data-label]")?.textContent),
};

for (const [moment, reached] of Object.entries(MOMENTS)) {
  test(`killed ${moment}, the job is done after the restart, and the page finds its way back`, async () => {
    const visitor = await Visitor.arrive(browser, server.url);
    visitor.tolerate(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|net::ERR/);
    const { page } = visitor;
    await page.goto("/");
    await drop(page, "long.wav", wav(mix({ seconds: 120 }), 16));
    await page.getByRole("button", { name: "Make the master" }).click();
    await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
    const address = page.url();
    await page.waitForFunction(reached, undefined, { polling: 20, timeout: 120_000 });
    await server.kill();
    await server.restart();
    const early = await page.request.get(`${address}/download/wav24`);
    assert.ok([200, 404].includes(early.status()), "whole or not at all");
    if (early.status() === 200) assert.equal((await early.body()).length, Number(early.headers()["content-length"]));
    await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 120_000 });
    assert.equal(page.url(), address);
    assert.equal((await page.request.get(`${address}/download/wav24`)).status(), 200);
    await visitor.leave();
  });
}

test("told to stop, the server ends in good order, and a job that was running is done by the next one", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  visitor.tolerate(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|net::ERR/);
  const { page } = visitor;
  await page.goto("/");
  await drop(page, "long.wav", wav(mix({ seconds: 120 }), 16));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  assert.equal(await server.stop(), 0);
  await server.restart();
  await page.reload();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 120_000 });
  await visitor.leave();
});

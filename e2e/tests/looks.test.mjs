// Every page in light and dark, narrow and wide: clean for assistive technology, nothing cut off, nothing that jumps.
// With SHOTS=<folder> each is photographed.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mix, silence, wav } from "../lib/audio.mjs";
import { Visitor, accessibilityFaults, drop, layoutShift } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";

const shots = process.env.SHOTS;

const { server, browser } = await open();
if (shots) await mkdir(shots, { recursive: true });

async function upload(page, name, bytes) {
  await page.goto("/");
  await drop(page, name, bytes);
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.waitForURL(/\/tracks\/[0-9a-f]{32}$/);
  return new URL(page.url()).pathname;
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 768, 1280]) {
    test(`every page in ${colorScheme} at ${width} pixels`, async () => {
      const visitor = await Visitor.arrive(browser, server.url, { colorScheme, viewport: { width, height: 800 } });
      visitor.tolerate(/404/);
      const { page } = visitor;

      async function look(name, path) {
        await page.goto(path);
        const shifted = await layoutShift(page);
        if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} is not wider than the screen`);
        assert.ok(shifted < 0.02, `${name} does not jump (${shifted})`);
        assert.deepEqual(await accessibilityFaults(page), [], name);
        const small = await page.evaluate(() =>
          [...document.querySelectorAll("a, button, summary, input:not([type=radio]):not([type=file]), label.choice")]
            .filter((element) => element.checkVisibility() && !element.matches("p a, .skip, li > a") && !element.closest("p"))
            .map((element) => ({ html: element.outerHTML.slice(0, 80), height: element.getBoundingClientRect().height }))
            .filter(({ height }) => height < 43.5),
        );
        assert.deepEqual(small, [], `${name}: everything to press is large enough`);
      }

      const good = await upload(page, "Night Drive (final mix 3).wav", wav(mix({ seconds: 12 })));
      await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
      const bad = await upload(page, "silence.wav", silence(1));
      await page.locator(".say.bad strong").waitFor({ timeout: 30_000 });
      await look("result", good);
      await look("report", `${good}/report`);
      await look("refused", bad);
      await look("tracks", "/tracks");
      await look("upload", "/");
      await look("help", "/help");
      await look("missing", "/no/such/page");
      await visitor.leave();
    });
  }
}

test("the page of a running job is clean, too", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const visitor = await Visitor.arrive(browser, server.url, { colorScheme, viewport: { width: 1280, height: 800 } });
    const { page } = visitor;
    await upload(page, "long.wav", wav(mix({ seconds: 100 }), 16));
    await page.locator(".work").waitFor();
    if (shots) await page.screenshot({ path: join(shots, `working-${colorScheme}-1280.png`) });
    await visitor.leave();
  }
});

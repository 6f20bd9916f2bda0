// What visitors are asked about cookies, in a real browser: with scripts and without, and as it looks.
// With SHOTS=<folder> each page is photographed.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Visitor, accessibilityFaults } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";

const shots = process.env.SHOTS;

const { server, browser } = await open();
if (shots) await mkdir(shots, { recursive: true });

const banner = (page) => page.locator("[data-consent-banner]");
const state = (page) => page.locator("[data-consent-state] p").first().innerText();
const names = async (visitor) => (await visitor.cookies()).map(({ name }) => name).sort();

for (const colorScheme of ["light", "dark"]) {
  for (const [width, locale] of [[320, "en"], [320, "de"], [1280, "en"], [1280, "de"]]) {
    test(`the consent pages in ${colorScheme} at ${width} pixels in ${locale}`, async () => {
      const visitor = await Visitor.arrive(browser, server.url, { colorScheme, locale, viewport: { width, height: 800 } });
      const { page } = visitor;

      async function look(name, path) {
        await page.goto(path);
        if (shots) await page.screenshot({ path: join(shots, `${name}-${locale}-${colorScheme}-${width}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} is not wider than the screen`);
        assert.deepEqual(await accessibilityFaults(page), [], name);
        const small = await page.evaluate(() =>
          [...document.querySelectorAll("a, button, label.tick, textarea")]
            .filter((element) => element.checkVisibility() && !element.closest("p, dd, .skip"))
            .map((element) => ({ html: element.outerHTML.slice(0, 80), height: element.getBoundingClientRect().height }))
            .filter(({ height }) => height < 43.5),
        );
        assert.deepEqual(small, [], `${name}: everything to press is large enough`);
      }

      await look("first-layer", "/help");
      await look("cookie-policy", "/cookies");
      await look("cookie-settings", "/cookies/settings");
      await look("receipt", "/cookies/receipt");
      await page.goto("/cookies/settings");
      await page.locator("button[value=prompt]").click();
      await look("questions", "/");
      await look("questions-settings", "/cookies/settings");
      await visitor.leave();
    });
  }
}

test("the four choices look the same, and the first layer moves with the page", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { viewport: { width: 1280, height: 600 } });
  const { page } = visitor;
  await page.goto("/help");
  const looks = await page.locator(".four .button").evaluateAll((buttons) =>
    buttons.map((button) => {
      const { color, backgroundColor, borderTopColor, borderTopWidth, fontSize, fontWeight, width, height } = getComputedStyle(button);
      return JSON.stringify({ color, backgroundColor, borderTopColor, borderTopWidth, fontSize, fontWeight, width, height });
    }),
  );
  assert.equal(looks.length, 4);
  assert.equal(new Set(looks).size, 1, looks.join("\n"));
  await page.evaluate(() => scrollTo(0, 400));
  assert.equal((await banner(page).boundingBox()).y, -400);
  await visitor.leave();
});

test("the keyboard gets to the choices right after the way past them, and out again", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  await page.goto("/help");
  const focused = [];
  for (let i = 0; i < 10; i += 1) {
    await page.keyboard.press("Tab");
    focused.push(await page.evaluate(() => document.activeElement.textContent.trim()));
  }
  assert.deepEqual(focused.slice(0, 6), ["To the content", "Accept all", "Block all", "Choose", "Ask me each time", "Essential only"]);
  assert.ok(focused.includes("Balanced Mastering"), "nothing holds the focus");
  await visitor.leave();
});

test("an answer keeps the page, and the file that was chosen on it", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  await page.goto("/");
  await page.setInputFiles("#file", { name: "mix.wav", mimeType: "audio/wav", buffer: wav(mix({ seconds: 1 })) });
  await banner(page).getByRole("button", { name: "Accept all" }).click();
  await banner(page).waitFor({ state: "detached" });
  assert.equal(await page.locator("#file").evaluate((input) => input.files.length), 1);
  assert.equal(await page.evaluate(() => document.activeElement.id), "page", "the focus is not lost");
  assert.deepEqual(await names(visitor), ["cookie-consent"]);
  await visitor.leave();
});

test("settings are ticked by category, and all of it is taken back with one click", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  await page.goto("/cookies/settings");
  await page.locator("[data-category=functional] [data-whole] input").check();
  assert.equal(await page.locator("input[name=item]:checked").count(), 5);
  await page.getByLabel("theme-mode").uncheck();
  assert.ok(await page.locator("[data-category=functional] [data-whole] input").evaluate((box) => box.indeterminate));
  await page.getByRole("button", { name: "Save my choice" }).click();
  await page.waitForURL(/cookies\/settings/);
  assert.match(await state(page), /Chosen one by one/);
  assert.equal(await page.locator("input[name=item]:checked").count(), 4);
  await page.getByRole("button", { name: "Take everything back" }).click();
  await page.waitForURL(/cookies\/settings/);
  assert.match(await state(page), /Essential only/);
  assert.equal(await page.locator("input[name=item]:checked").count(), 0);
  await visitor.leave();
});

test("without scripts a blocked upload explains itself and goes on once it is allowed", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { javaScriptEnabled: false });
  visitor.tolerate(/403/);
  const { page } = visitor;
  await page.goto("/help");
  await banner(page).getByRole("button", { name: "Block all" }).click();
  assert.equal(new URL(page.url()).pathname, "/help");
  assert.equal(await banner(page).count(), 0);
  const send = async () => {
    await page.setInputFiles("#file", { name: "mix.wav", mimeType: "audio/wav", buffer: wav(mix({ seconds: 1 })) });
    await page.getByRole("button", { name: "Make the master" }).click();
  };
  await page.goto("/");
  await send();
  assert.equal(await page.locator("h1").innerText(), "This needs a cookie");
  assert.deepEqual(await names(visitor), ["cookie-consent"]);
  await page.getByRole("button", { name: "Allow essential only" }).click();
  await send();
  await page.waitForURL(/\/tracks\/[0-9a-f]{32}/);
  assert.ok((await names(visitor)).includes("session-id"));
  await visitor.leave();
});

test("with scripts a blocked upload is refused before it is sent, with the way to the settings", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  await page.goto("/help");
  await banner(page).getByRole("button", { name: "Block all" }).click();
  await banner(page).waitFor({ state: "detached" });
  await page.goto("/");
  await page.setInputFiles("#file", { name: "mix.wav", mimeType: "audio/wav", buffer: wav(mix({ seconds: 1 })) });
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.locator("[data-message]").getByRole("link", { name: "Cookie settings" }).click();
  await page.getByRole("button", { name: "Essential only" }).click();
  await page.waitForURL((url) => url.pathname === "/");
  assert.equal(await page.locator("[data-blocked]").count(), 0);
  await visitor.leave();
});

test("a browser that keeps no cookies is told so, and the pages go on working", async () => {
  const visitor = await Visitor.withoutCookies(server.url);
  const { page } = visitor;
  await page.goto(`${server.url}/help`);
  await banner(page).getByRole("button", { name: "Accept all" }).click();
  await page.waitForURL(/\/cookies\/kept/);
  assert.equal(await page.locator("h1").innerText(), "Your browser kept no cookie");
  await page.getByRole("link", { name: "Go on without" }).click();
  await page.waitForURL(/\/help$/);
  await visitor.leave();
});

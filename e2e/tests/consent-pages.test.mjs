// The banner and the pages about cookies, as a person meets them: by keyboard alone, in either language, in any colours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor, accessibilityFaults, layoutShift } from "../lib/browser.mjs";
import { FACTS, inCategory } from "../lib/facts.mjs";
import { combinations, pairwise } from "../lib/pairs.mjs";
import { open } from "../lib/stage.mjs";

const BANNER = "[data-consent-banner]";
const PAGES = ["/help", "/cookies", "/cookies/settings", "/cookies/receipt"];

const { server, browser } = await open();

async function arrive(options) {
  const visitor = await Visitor.arrive(browser, server.url, options);
  await visitor.page.goto("/help");
  return visitor;
}

/** Tabs on until the selector's element has the focus; every stop on the way has to show that it has it. */
async function tabTo(page, selector) {
  const stops = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate((selector) => {
      const focused = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(focused);
      const shows = outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
      const { top, bottom } = focused.getBoundingClientRect();
      return {
        there: focused.matches(selector),
        shows: shows || focused === document.body,
        inView: bottom > 0 && top < innerHeight,
        what: focused.outerHTML.slice(0, 120),
      };
    }, selector);
    stops.push(stop.what);
    assert.ok(stop.shows && stop.inView, `the focus is seen on ${stop.what}`);
    if (stop.there) return stops;
  }
  assert.fail(`no way to ${selector}: ${stops.join("\n")}`);
}

async function decision(page) {
  const receipt = await (await page.request.get("/cookies/receipt.json")).json();
  return JSON.stringify(receipt).match(/"choice":"([\w-]+)"/)?.[1];
}

for (const [pressed, decided] of [["accept-all", "accept-all"], ["block-all", "block-all"], ["prompt", "prompt"], ["essential-only", "selective"]]) {
  test(`'${pressed}' can be reached and pressed by keyboard, before anything else on the page`, async () => {
    const visitor = await arrive();
    const { page } = visitor;
    const stops = await tabTo(page, `${BANNER} [value="${pressed}"]`);
    assert.ok(stops.length <= 6, `${stops.length} stops: ${stops.join("\n")}`);
    await page.keyboard.press("Enter");
    await page.locator(BANNER).waitFor({ state: "detached" });
    await page.waitForURL(/\/help/);
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BUTTON", "the focus went on");
    assert.equal(await decision(page), decided);
    await visitor.leave();
  });
}

test("single cookies can be chosen by keyboard, and none is ticked before", async () => {
  const visitor = await arrive();
  const { page } = visitor;
  await tabTo(page, `${BANNER} a[href^="/cookies/settings"]`);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.equal(new URL(page.url()).pathname, "/cookies/settings");
  assert.equal(await page.locator('[name="item"]:checked').count(), 0);
  const offered = await page.locator('[name="item"]').evaluateAll((boxes) => boxes.map(({ value }) => value));
  const optional = [...FACTS.keys()].filter((name) => !inCategory("essential").includes(name));
  assert.deepEqual(offered.sort(), optional.sort());
  await tabTo(page, '[name="item"][value="theme-mode"]');
  await page.keyboard.press("Space");
  await tabTo(page, '[data-categories] [value="selective"]');
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await page.goto("/cookies/settings");
  const ticked = await page.locator('[name="item"]:checked').evaluateAll((boxes) => boxes.map(({ value }) => value));
  assert.deepEqual(ticked, ["theme-mode"]);
  await visitor.leave();
});

test("the banner holds nobody: the focus goes on to the page", async () => {
  const visitor = await arrive();
  await tabTo(visitor.page, `${BANNER} [value="accept-all"]`);
  await tabTo(visitor.page, "header a");
  await tabTo(visitor.page, "footer a");
  await visitor.leave();
});

const COLOURS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  "forced colours": { forcedColors: "active" },
};

for (const [colours, scheme] of Object.entries(COLOURS)) {
  test(`the four choices look alike in ${colours}`, async () => {
    const visitor = await arrive(scheme);
    const looks = await visitor.page.evaluate((banner) => {
      // Where a button is and how wide its words are is its own.
      const own = /^(inline-size|width|(perspective|transform)-origin|(inset.*)|left|right|top|bottom)$/;
      const choices = [...document.querySelectorAll(`${banner} .four > *`)];
      return choices.map((choice) => {
        const style = getComputedStyle(choice);
        const names = [...style].filter((name) => !own.test(name));
        return {
          text: choice.innerText,
          link: choice.matches("a"),
          height: choice.getBoundingClientRect().height,
          look: names.map((name) => `${name}: ${style.getPropertyValue(name)}`),
        };
      });
    }, BANNER);
    assert.equal(looks.length, 4, looks.map(({ text }) => text).join());
    for (const { text, look, height, link } of looks) {
      assert.equal(height, looks[0].height, text);
      // Whoever sets their own colours wants to see what is a link.
      if (link && scheme.forcedColors) continue;
      assert.deepEqual(look.filter((line, index) => line !== looks[0].look[index]), [], `${text} looks like ${looks[0].text}`);
    }
    await visitor.leave();
  });
}

test("a typeface that comes late moves nothing", async () => {
  const visitor = await Visitor.arrive(browser, server.url, { viewport: { width: 320, height: 800 } });
  const { page } = visitor;
  await page.route("**/*.woff2", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  for (const path of PAGES) {
    const typeface = page.waitForResponse(/\.woff2$/);
    await page.goto(path);
    await typeface;
    assert.equal(await layoutShift(page), 0, path);
  }
  await visitor.leave();
});

const circumstances = { colours: Object.keys(COLOURS), width: [320, 1280], language: ["en", "de"] };
for (const { colours, width, language } of process.env.FULL ? combinations(circumstances) : pairwise(circumstances)) {
  test(`the pages about cookies are clean in ${colours}, ${width} pixels, ${language}`, async () => {
    const visitor = await Visitor.arrive(browser, server.url, { ...COLOURS[colours], viewport: { width, height: 800 } });
    const { page } = visitor;
    const look = async (path) => {
      await page.goto(`${path}?lang=${language}`);
      const shifted = await layoutShift(page);
      assert.equal(shifted, 0, `${path} does not jump`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, `${path} is not wider than the screen`);
      assert.deepEqual(await accessibilityFaults(page), [], path);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll("button, a.button, summary, label.tick, [data-consent-banner] a")]
          .filter((element) => element.checkVisibility())
          .map((element) => ({ html: element.outerHTML.slice(0, 80), height: element.getBoundingClientRect().height }))
          .filter(({ height }) => height < 43.5),
      );
      assert.deepEqual(small, [], `${path}: everything to press is large enough`);
    };
    for (const path of PAGES) await look(path);
    await page.locator(`${BANNER} [value="prompt"]`).click();
    await page.locator(BANNER).waitFor({ state: "detached" });
    for (const path of PAGES) await look(path);
    await visitor.leave();
  });
}

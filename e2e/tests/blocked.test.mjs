// Browsers that keep no cookies, and blockers that stop what looks like tracking: public pages work, whatever needs a
// cookie says so, and nothing sends anybody round in circles.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Visitor, drop } from "../lib/browser.mjs";
import { Recorder } from "../lib/proxy.mjs";
import { open } from "../lib/stage.mjs";
import { PUBLIC } from "../lib/visits.mjs";

const BANNER = "[data-consent-banner]";
/** Answers to one press: a form's, and the pages that it leads to. */
const MOST_ANSWERS = 3;

const { server, browser } = await open();

/** Does something that leads to another page. Gives how many answers it took to get there. */
async function led(page, act) {
  let answers = 0;
  const count = (response) => (answers += response.request().isNavigationRequest() ? 1 : 0);
  page.on("response", count);
  await Promise.all([page.waitForNavigation(), act()]);
  page.off("response", count);
  return answers;
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with scripts" : "without scripts";

  test(`without cookies every public page can be read, ${how}`, async () => {
    const visitor = await Visitor.withoutCookies(server.url, { javaScriptEnabled });
    // Pages that a link in a mail leads to say without one that it does nothing.
    visitor.tolerate(/404|410/);
    for (const path of PUBLIC) {
      const answers = await led(visitor.page, () => visitor.page.goto(server.url + path));
      assert.ok(answers <= MOST_ANSWERS, path);
      assert.ok(await visitor.page.locator("h1").isVisible(), path);
    }
    await visitor.leave();
  });

  for (const choice of ["accept-all", "block-all", "prompt", "essential-only"]) {
    test(`without cookies '${choice}' says that it could not be kept, ${how}`, async () => {
      const visitor = await Visitor.withoutCookies(server.url, { javaScriptEnabled });
      await visitor.page.goto(`${server.url}/help`);
      const answers = await led(visitor.page, () => visitor.page.locator(`${BANNER} [value="${choice}"]`).click());
      assert.ok(answers <= MOST_ANSWERS, `${answers} answers`);
      assert.match(await visitor.page.locator("main").innerText(), /browser/i);
      assert.match(await visitor.page.locator("main").innerText(), /cookie/i);
      await visitor.leave();
    });
  }

  test(`without cookies sign-in explains itself, ${how}`, async () => {
    const visitor = await Visitor.withoutCookies(server.url, { javaScriptEnabled });
    visitor.tolerate(/40\d/);
    const { page } = visitor;
    await page.goto(`${server.url}/operator/sign-in`);
    const token = page.locator('[name="token"]');
    if (await token.count()) {
      await token.fill("0".repeat(64));
      const answers = await led(page, () => page.locator('form[action^="/operator/sign-in"] button').click());
      assert.ok(answers <= MOST_ANSWERS, `${answers} answers`);
    }
    assert.match(await page.locator("main").innerText(), /cookie/i);
    await visitor.leave();
  });
}

test("a tracker blocker takes nothing but the statistics", async (t) => {
  const recorder = await Recorder.before(server.url);
  // Whatever happens: a proxy that listens keeps the process from ending.
  t.after(() => recorder.close());
  recorder.refuses = /^\/(usage|engagement)/;
  const visitor = await Visitor.arrive(browser, recorder.url);
  visitor.tolerate(/ERR_EMPTY_RESPONSE|ERR_CONNECTION/);
  const { page } = visitor;
  await page.goto("/");
  await page.locator(`${BANNER} [value="accept-all"]`).click();
  await page.locator(BANNER).waitFor({ state: "detached" });
  visitor.tolerate(/404|410/);
  for (const path of PUBLIC) {
    await page.goto(path);
    assert.ok(await page.locator("h1").isVisible(), path);
  }
  await page.goto("/");
  await drop(page, "song.wav", wav(mix({ seconds: 3 }), 16));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 60_000 });
  await visitor.leave();
  assert.ok(recorder.refused.length > 0, "there was something to block");
});

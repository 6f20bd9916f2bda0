// DuckDuckGo's autoconsent, which answers banners for people who are tired of them: it has to find ours by itself, in
// either language, without a rule made for this site, and press what keeps the most out.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Visitor } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";

const dist = dirname(createRequire(import.meta.url).resolve("@duckduckgo/autoconsent"));
const contentScript = await readFile(join(dist, "autoconsent.playwright.js"), "utf8");
const rules = JSON.parse(await readFile(join(dist, "../rules/compact-rules.json"), "utf8"));

const { server, browser } = await open();

/** Opens a page with the tool at work, as its extension does it. Gives what it reported. */
async function opened(page, path) {
  const heard = [];
  const config = { enabled: true, autoAction: "optOut", enablePrehide: false, heuristicMode: "reject", detectRetries: 4 };
  const answer = `autoconsentReceiveMessage({ type: "initResp", config: ${JSON.stringify(config)}, rules: { compact: ${JSON.stringify(rules)} } })`;
  await page.exposeBinding("autoconsentSendMessage", async ({ frame }, message) => {
    heard.push(message);
    if (message.type === "init") await frame.evaluate(answer);
    if (message.type === "eval") {
      const result = await frame.evaluate(message.code).catch(() => false);
      await frame.evaluate(`autoconsentReceiveMessage({ type: "evalResp", id: "${message.id}", result: ${JSON.stringify(result)} })`);
    }
  });
  await page.goto(path);
  await page.evaluate(contentScript);
  const over = ({ type, state }) => type === "autoconsentDone" || state?.lifecycle === "nothingDetected";
  for (let tries = 0; tries < 100 && !heard.some(over); tries++) await page.waitForTimeout(100);
  return heard;
}

for (const [language, path] of [["English", "/help"], ["German", "/help?lang=de"]]) {
  test(`the banner in ${language} is found and answered with 'Essential only'`, async () => {
    const visitor = await Visitor.arrive(browser, server.url);
    const heard = await opened(visitor.page, path);
    const of = (type) => heard.filter((message) => message.type === type).map(({ cmp, result }) => ({ cmp, result }));
    assert.deepEqual(of("popupFound"), [{ cmp: "HEURISTIC-REJECT", result: undefined }], JSON.stringify(heard.at(-1)));
    assert.deepEqual(of("optOutResult"), [{ cmp: "HEURISTIC-REJECT", result: true }]);

    await visitor.page.locator("[data-consent-banner]").waitFor({ state: "detached" });
    await visitor.page.goto("/help");
    assert.equal(await visitor.page.locator("[data-consent-banner]").count(), 0, "the banner is answered");
    assert.deepEqual((await visitor.cookies()).map(({ name }) => name), ["cookie-consent"]);
    const receipt = await (await visitor.page.request.get("/cookies/receipt.json")).json();
    assert.equal(JSON.stringify(receipt).match(/"choice":"([\w-]+)"/)?.[1], "selective");
    await visitor.leave();
  });
}

test("where the decision is made already, the tool finds nothing to press", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  await visitor.page.goto("/help");
  await visitor.page.locator('[data-consent-banner] [value="essential-only"]').click();
  await visitor.page.locator("[data-consent-banner]").waitFor({ state: "detached" });
  const heard = await opened(visitor.page, "/help");
  assert.deepEqual(heard.filter(({ type }) => type === "popupFound"), []);
  await visitor.leave();
});

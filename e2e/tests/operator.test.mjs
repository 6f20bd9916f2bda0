// What the operator sees of visitors who agreed to be counted, what is left when one of them changes their mind, and the
// way in. With SHOTS=<folder> the pages are photographed.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Visitor, accessibilityFaults, drop } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";

const shots = process.env.SHOTS;

const { server, browser } = await open();
const token = (await readFile(join(server.folder, "operator-token"), "utf8")).trim();
if (shots) await mkdir(shots, { recursive: true });

async function signIn(page, sent = token) {
  await page.goto("/operator");
  await page.waitForURL("**/operator/sign-in");
  await page.getByLabel("Operator token").fill(sent);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function decide(page, choice) {
  await page.goto("/");
  await page.getByRole("button", { name: choice, exact: true }).click();
  await page.locator("[data-consent-banner]").waitFor({ state: "detached" });
}

/** What a line of a list says, its cells joined. */
const line = (page, heading, name) =>
  page
    .getByRole("region", { name: heading })
    .locator("tr", { has: page.locator("th span", { hasText: new RegExp(`^${name}`) }) })
    .first();

/** Uses the site: masters a mix, plays it, compares, and meets a fault. */
async function useTheSite(page) {
  await page.goto("/");
  await drop(page, "Night Drive.wav", wav(mix({ seconds: 6 })));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 120_000 });
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByRole("button", { name: /Mix/ }).click();
  await page.evaluate(() => setTimeout(() => { throw new TypeError("no gain 4711 for 'Max' at max@example.org"); }));
  await page.goto("/help");
  // The help page's own numbers leave with it.
  await page.goto("/tracks");
}

test("the operator sees what a consenting visitor used, and nothing of it once they change their mind", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  visitor.tolerate(/no gain/);
  await decide(visitor.page, "Accept all");
  await useTheSite(visitor.page);

  const operator = await Visitor.arrive(browser, server.url);
  const { page } = operator;
  await signIn(page);
  await page.getByRole("heading", { name: "How the service fares" }).waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/operator");
  const cookie = (await operator.cookies()).find(({ name }) => name === "auth-token");
  assert.ok(cookie.httpOnly && cookie.expires === -1 && cookie.value !== token, "a session's cookie, not the token");

  for (const feature of ["upload", "play", "switch-sides", "drop", "master-done"]) {
    assert.match(await line(page, "Most used features", feature).innerText(), /1\s+1$/, feature);
  }
  assert.match(await line(page, "Slowest pages", "/tracks/{id}").innerText(), / m?s\s/);
  assert.match(await line(page, "Pages in browsers", "/").innerText(), / m?s\s/);
  assert.match(await line(page, "Stages of a master", "limit").innerText(), / m?s\s/);
  assert.match(await line(page, "Decisions about cookies", "Accept All").innerText(), /1\s+0$/);
  const experiment = page.getByRole("region", { name: "Experiment" });
  assert.match(await experiment.innerText(), /Too early to say/);
  assert.match(await experiment.innerText(), /100\.0 %/);
  const faults = await page.getByRole("region", { name: "Failures in browsers" }).innerText();
  assert.match(faults, /TypeError: no gain/);
  assert.doesNotMatch(faults, /4711|Max|example/);

  await decideAgain(visitor.page);
  assert.equal((await visitor.cookies()).some(({ name }) => name === "usage-stats"), false);
  await page.reload();
  assert.match(await page.getByRole("region", { name: "Most used features" }).innerText(), /Nothing yet/);
  assert.match(await page.getByRole("region", { name: "Failures in browsers" }).innerText(), /None/);
  assert.match(await line(page, "Slowest pages", "/tracks/{id}").innerText(), / m?s\s/, "the server's own stay");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/operator/sign-in");
  assert.equal((await operator.cookies()).some(({ name }) => name === "auth-token"), false);
  await visitor.leave();
  await operator.leave();
});

/** Block All on the settings page. */
async function decideAgain(page) {
  await page.goto("/cookies/settings");
  await page.getByRole("button", { name: "Block all", exact: true }).first().click();
  await page.waitForLoadState("networkidle");
}

test("a wrong token is refused, and who asks for it stays signed in for seven days", async () => {
  const operator = await Visitor.arrive(browser, server.url);
  operator.tolerate(/401/);
  await signIn(operator.page, "0".repeat(64));
  await operator.page.getByRole("alert").getByText("That is not the operator's token").waitFor();
  await operator.page.getByLabel("Operator token").fill(token);
  await operator.page.getByLabel("Keep me signed in (7 days)").check();
  await operator.page.getByRole("button", { name: "Sign in" }).click();
  await operator.page.getByRole("heading", { name: "How the service fares" }).waitFor();
  const { expires } = (await operator.cookies()).find(({ name }) => name === "auth-token");
  const days = (expires - Date.now() / 1000) / 86_400;
  assert.ok(days > 6.99 && days <= 7, `${days} days`);
  await operator.leave();
});

test("a browser without cookies is told so, and not sent in circles", async () => {
  const operator = await Visitor.withoutCookies(server.url, { baseURL: server.url });
  operator.tolerate(/403/);
  await signIn(operator.page);
  await operator.page.getByRole("heading", { name: "Your browser did not keep the cookie" }).waitFor();
  await operator.leave();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`the operator's pages in ${colorScheme} at ${width} pixels`, async () => {
      const visitor = await Visitor.arrive(browser, server.url);
      visitor.tolerate(/no gain/);
      await decide(visitor.page, "Accept all");
      await useTheSite(visitor.page);
      await visitor.leave();
      const operator = await Visitor.arrive(browser, server.url, { colorScheme, viewport: { width, height: 800 } });
      const { page } = operator;
      await decide(page, "Essential only");
      await page.goto("/operator/sign-in");
      await look("operator-sign-in");
      await signIn(page);
      await page.getByRole("heading", { name: "How the service fares" }).waitFor();
      await look("operator");
      await operator.leave();

      async function look(name) {
        if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} is not wider than the screen`);
        assert.deepEqual(await accessibilityFaults(page), [], name);
      }
    });
  }
}

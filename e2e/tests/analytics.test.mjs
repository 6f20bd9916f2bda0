// What Google Analytics is told of a visitor in a real browser: nothing before they agreed, and then by the server alone.
// A stub on this machine stands where Google would.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Visitor, launch } from "../lib/browser.mjs";
import { Server } from "../lib/server.mjs";

let google;
let server;
let browser;
const heard = [];

before(async () => {
  google = createServer(async (request, answer) => {
    let body = "";
    for await (const part of request) body += part;
    const { client_id: client, events } = JSON.parse(body);
    for (const { name, params } of events) heard.push({ client, name, ...params });
    answer.writeHead(204).end();
  });
  await new Promise((resolve) => google.listen(0, "127.0.0.1", resolve));
  server = await Server.start({
    BALANCED_ANALYTICS__GA4_MEASUREMENT_ID: "G-TEST12345",
    BALANCED_ANALYTICS__GA4_API_SECRET: "hush",
    BALANCED_ANALYTICS__GA4_BASE_URL: `http://127.0.0.1:${google.address().port}`,
  });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.close();
  google?.close();
});

/** Waits until so many events were heard, and a little longer for what should not come. */
async function events(count) {
  const deadline = Date.now() + 15_000;
  while (heard.length < count && Date.now() < deadline) await sleep(100);
  await sleep(2500);
  return heard.splice(0);
}

const googles = (cookies) => cookies.filter(({ name }) => name.startsWith("_g")).map(({ name }) => name).sort();

test("who has not agreed is not counted, and the browser keeps neither number", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  for (const path of ["/", "/help"]) await visitor.page.goto(path);
  assert.deepEqual(googles(await visitor.cookies()), []);
  assert.deepEqual(await events(0), []);
  await visitor.leave();
});

test("who agreed is counted page by page, with the time in view, and the browser speaks to this site alone", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  const { page } = visitor;
  await page.goto("/");
  await page.getByRole("button", { name: "Accept all" }).click();
  await page.locator("[data-consent-banner]").waitFor({ state: "detached" });
  // The answer left the page as it was; the next one is the first that counts.
  await page.goto("/");
  assert.deepEqual(googles(await visitor.cookies()), ["_ga", "_gid"]);
  await sleep(600);
  await page.getByRole("link", { name: "Help" }).first().click();
  await page.waitForURL(/\/help$/);
  await sleep(300);
  await visitor.leave();

  const all = await events(4);
  assert.equal(new Set(all.map(({ client, session_id: session }) => `${client} ${session}`)).size, 1, "one visitor, one visit");
  const views = all.filter(({ name }) => name === "page_view");
  assert.deepEqual(views.map(({ page_location: location }) => new URL(location).pathname), ["/", "/help"]);
  assert.equal(new URL(views[1].page_referrer).pathname, "/");
  const times = all.filter(({ name }) => name === "page_engagement");
  const home = times.find(({ page_location: location }) => new URL(location).pathname === "/");
  assert.ok(home.engagement_time_msec >= 500 && home.engagement_time_msec < 60_000, JSON.stringify(times));
});

test("a service without Google behaves the same for everybody", async () => {
  await new Promise((resolve) => google.close(resolve) && google.closeAllConnections());
  const visitor = await Visitor.arrive(browser, server.url);
  await visitor.page.goto("/");
  await visitor.page.getByRole("button", { name: "Accept all" }).click();
  await visitor.page.locator("[data-consent-banner]").waitFor({ state: "detached" });
  await visitor.page.goto("/help");
  await visitor.leave();
  assert.equal(await server.stop(), 0, "and it ends in good order");
});

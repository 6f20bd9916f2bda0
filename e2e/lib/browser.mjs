// Debian's Chromium, watched: whatever a page complains of, and whatever it asks of another origin, fails the test.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axeSource = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

export const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
  ],
};

export async function launch() {
  return chromium.launch(LAUNCH);
}

/** A visitor: a browser context with its own cookies, and what it noticed. */
export class Visitor {
  complaints = [];
  foreign = [];
  tolerated = [];

  static async arrive(browser, url, options = {}) {
    const context = await browser.newContext({ baseURL: url, ...options });
    return Visitor.#watched(context, await context.newPage(), url);
  }

  /** One whose browser is set to keep no cookies at all. */
  static async withoutCookies(url, options = {}) {
    const profile = await mkdtemp(join(tmpdir(), "balanced-profile-"));
    await mkdir(join(profile, "Default"));
    const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
    await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
    const context = await chromium.launchPersistentContext(profile, { ...LAUNCH, ...options });
    const visitor = Visitor.#watched(context, context.pages()[0], url);
    visitor.profile = profile;
    return visitor;
  }

  static #watched(context, page, url) {
    const visitor = new Visitor();
    visitor.origin = new URL(url).origin;
    visitor.context = context;
    visitor.page = page;
    visitor.page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") visitor.complaints.push(message.text());
    });
    visitor.page.on("pageerror", (error) => visitor.complaints.push(String(error)));
    visitor.context.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== visitor.origin) visitor.foreign.push(request.url());
    });
    return visitor;
  }

  /** What the browser writes to its console for an answer that the test provokes. */
  tolerate(pattern) {
    this.tolerated.push(pattern);
  }

  async leave() {
    const complaints = this.complaints.filter((text) => !this.tolerated.some((pattern) => pattern.test(text)));
    await this.context.close();
    if (this.profile) await rm(this.profile, { recursive: true, force: true });
    assert.deepEqual(complaints, [], "the console is silent");
    assert.deepEqual(this.foreign, [], "nothing is asked of another origin");
  }

  async cookies() {
    return this.context.cookies();
  }
}

/** Drops a file on the page, as from the desktop. */
export async function drop(page, name, bytes) {
  const transfer = await page.evaluateHandle(
    ({ name, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type: "audio/wav" }));
      return transfer;
    },
    { name, base64: bytes.toString("base64") },
  );
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent("[data-drop]", type, { dataTransfer: transfer });
  }
}

/** What axe finds wrong with the page as it is. */
export async function accessibilityFaults(page) {
  // Past the page's own policy: the checker is the test's, not the page's.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axeSource });
  const { result } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document).then((found) => JSON.stringify(found.violations))",
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return JSON.parse(result.value).map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
}

/** How far what is on the page has moved by itself since it was opened (Cumulative Layout Shift). */
export async function layoutShift(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 300);
      }),
  );
}

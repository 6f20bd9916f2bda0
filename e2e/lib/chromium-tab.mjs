// Chromium with a profile on disk: in a private window the protocol shows no cookies, and a test that cannot fail proves
// nothing.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { LAUNCH } from "./browser.mjs";
import { Tab } from "./tab.mjs";

/** A browser for one setting of its signals; visitors come one after the other and find nothing of each other's. */
export class Chromium {
  #context;
  #profile;

  static async start(signal) {
    const started = new Chromium();
    started.#profile = await mkdtemp(join(tmpdir(), "balanced-profile-"));
    await mkdir(join(started.#profile, "Default"));
    // Chromium has a switch for DNT and none for GPC.
    const preferences = { enable_do_not_track: signal === "dnt" };
    await writeFile(join(started.#profile, "Default", "Preferences"), JSON.stringify(preferences));
    started.#context = await chromium.launchPersistentContext(started.#profile, LAUNCH);
    return started;
  }

  async visit({ url, scripts }) {
    const page = await this.#context.newPage();
    const session = await this.#context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.clearBrowserCookies");
    await session.send("Network.clearBrowserCache");
    await session.send("Storage.clearDataForOrigin", { origin: url, storageTypes: "all" });
    await session.send("Emulation.setScriptExecutionDisabled", { value: !scripts });
    return new ChromiumTab({ url, scripts, page, session });
  }

  async close() {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true });
  }
}

class ChromiumTab extends Tab {
  constructor({ page, session, ...rest }) {
    super(rest);
    this.page = page;
    this.session = session;
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== this.url) this.foreign.push(request.url());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
  }

  async open(url) {
    const answer = await this.page.goto(url);
    // So it says where the page that it left renewed itself just then.
    if (!answer) throw new Error("net::ERR_ABORTED");
    return answer.status();
  }

  async run(what, argument) {
    return this.page.evaluate(what, argument);
  }

  async attach(selector, path) {
    await this.page.setInputFiles(selector, path);
  }

  async navigated(act) {
    await Promise.all([this.page.waitForNavigation(), act()]);
  }

  async jar() {
    const { cookies } = await this.session.send("Network.getAllCookies");
    return cookies;
  }

  async leave() {
    await this.page.close();
  }
}

// Firefox, which sends DNT and GPC by itself when it is told to.

import puppeteer from "puppeteer-core";
import { GONE, Tab } from "./tab.mjs";

/** What is asked of the browser is answered at once, or never, when the page went away meanwhile. */
const ANSWERS_WITHIN_MS = 30_000;

const SIGNALS = {
  none: {},
  dnt: { "privacy.donottrackheader.enabled": true },
  gpc: { "privacy.globalprivacycontrol.enabled": true, "privacy.globalprivacycontrol.functionality.enabled": true },
};

/** A browser for one setting of its signals and scripts; each visitor has a container of their own. */
export class Firefox {
  #browser;

  static async start(signal, scripts) {
    const started = new Firefox();
    started.#browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
      headless: true,
      protocolTimeout: ANSWERS_WITHIN_MS,
      extraPrefsFirefox: { "javascript.enabled": scripts, ...SIGNALS[signal] },
    });
    return started;
  }

  async visit({ url, scripts }) {
    const context = await this.#browser.createBrowserContext();
    return new FirefoxTab({ url, scripts, context, page: await context.newPage() });
  }

  async close() {
    await this.#browser.close();
  }
}

class FirefoxTab extends Tab {
  constructor({ context, page, ...rest }) {
    super(rest);
    this.context = context;
    this.page = page;
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== this.url) this.foreign.push(request.url());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) this.complaints.push(message.text());
    });
  }

  async open(url) {
    const answer = await this.page.goto(url);
    // A page that renewed itself just then went elsewhere first.
    if (!answer) throw new Error(`ABORTED: no answer came for ${url}`);
    return answer.status();
  }

  async run(what, argument) {
    return this.page.evaluate(what, argument);
  }

  async attach(selector, path) {
    const input = await this.page.$(selector);
    await input.uploadFile(path);
  }

  async navigated(act) {
    // The answer to what was pressed may go away with the page on which it was.
    const acted = act().catch((error) => {
      if (!GONE.test(error.message)) throw error;
    });
    await Promise.all([this.page.waitForNavigation(), acted]);
  }

  async jar() {
    const cookies = await this.context.cookies();
    // Ends are listed in whole seconds, rounded up: what a deletion has just ended may still be among them, though
    // nothing reads or sends it any more.
    return cookies.filter(({ expires }) => expires === -1 || expires - 1 > Date.now() / 1000);
  }

  async leave() {
    await this.context.close();
  }
}

// The service and a browser for one file of tests: there before its first test, gone after its last.

import { after } from "node:test";
import { launch } from "./browser.mjs";
import { Server } from "./server.mjs";

export async function open(settings) {
  let browser;
  const server = await Server.start(settings);
  after(async () => {
    await browser?.close();
    await server.close();
  });
  browser = await launch();
  return { server, browser };
}

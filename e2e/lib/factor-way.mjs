// What the holder of an account does about a second step, for the crawl: sets up an app, signs in with a code from paper,
// makes new ones, and turns it off. The crawl has no device that holds passkeys, so that their forms are bent to ask.

import assert from "node:assert/strict";
import { code } from "./totp.mjs";

const form = (action) => `form[action="${action}"]`;

/** Sets up an app, is asked for more than the password once, and turns the app off again. */
export async function useSecondStep(visit, { email, password }) {
  const { tab } = visit;
  const fillAndPress = (name, action, fields) =>
    visit.step(name, async () => {
      if (fields.length > 0) await tab.fill(form(action), fields);
      await tab.press(`${form(action)} button`);
    });
  const account = () => visit.step("looking at the account", () => tab.go("/account"));
  const text = (selector) => tab.evaluate((selector) => document.querySelector(selector)?.textContent, selector);

  const none = "0".repeat(32);
  for (const path of ["/account/passkeys/challenge", "/account/passkeys", `/account/passkeys/${none}/rename`, `/account/passkeys/${none}/remove`, "/account/sign-in/passkey"]) {
    await account();
    await visit.step(`asking ${path}`, async () => {
      const bend = ({ from, to }) => document.querySelector(from).setAttribute("action", to);
      await tab.evaluate(bend, { from: form("/account/app/begin"), to: path });
      await tab.press(`${form(path)} button`);
    });
  }
  await account();
  await fillAndPress("beginning with an app", "/account/app/begin", []);
  assert.equal(await tab.path(), "/account/app", await tab.text());
  await fillAndPress("confirming the app", "/account/app", [["code", code(await text(".key code"))]]);
  const paper = await text(".codes code");
  assert.match(paper ?? "", /^[0-9a-z]{4}(-[0-9a-z]{4}){5}$/, await tab.text());
  await account();
  await fillAndPress("signing out", "/account/sign-out", []);
  await fillAndPress("signing in with the password", "/account/sign-in", [["email", email], ["password", password]]);
  assert.equal(await tab.path(), "/account/sign-in/second", await tab.text());
  await fillAndPress("signing in with paper", "/account/sign-in/second", [["recovery", paper]]);
  assert.equal(await tab.path(), "/tracks", await tab.text());
  await account();
  await fillAndPress("making new codes", "/account/recovery-codes", []);
  await account();
  await fillAndPress("turning the app off", "/account/app/off", []);
  await visit.step("opening the proof", () => tab.go("/account/prove"));
  await fillAndPress("proving who it is", "/account/prove", [["password", password]]);
  assert.equal(await tab.path(), "/account", await tab.text());
}

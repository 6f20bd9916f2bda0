// A second step: an app on a phone, codes on paper, and passkeys, as somebody sets them up, uses them and loses them.
// With SHOTS=<folder> the pages are photographed.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Visitor, accessibilityFaults } from "../lib/browser.mjs";
import { mailTo, mailsTo } from "../lib/mail.mjs";
import { open } from "../lib/stage.mjs";
import { code } from "../lib/totp.mjs";

const PASSWORD = "violet anvil teaspoon";
const shots = process.env.SHOTS;

const { server, browser } = await open();
if (shots) await mkdir(shots, { recursive: true });

/** Makes an account by way of a mail, in the browser at hand. */
async function member(page, email) {
  await page.goto("/account/sign-up");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Send me the link" }).click();
  const { pathname, search } = new URL((await mailTo(server, email)).link);
  await page.goto(pathname + search);
  await page.getByLabel("What we call you").fill("Mia");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Make my account" }).click();
  await page.waitForURL("**/tracks");
}

/** Signs in with the password, up to whatever is asked for next. */
async function signIn(page, email) {
  await page.goto("/account/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Sets up an app. Gives its key, when its first code was typed, and the codes on paper. */
async function setUpApp(page) {
  await page.goto("/account");
  await page.getByRole("button", { name: "Set up an app" }).click();
  await page.waitForURL("**/account/app");
  const key = await page.locator(".key code").textContent();
  const at = Date.now();
  await page.getByLabel("Code that the app shows").fill(code(key, 0, at));
  await page.getByRole("button", { name: "Turn it on" }).click();
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  return { key, at, paper: await page.locator(".codes code").allTextContents() };
}

async function subjects(email) {
  return (await mailsTo(server, email)).map(({ subject }) => subject);
}

/** Mails are on their way until they are written. */
async function told(page, email, subject) {
  for (let tries = 0; !(await subjects(email)).includes(subject); tries++) {
    assert.ok(tries < 100, `a mail says: ${subject}`);
    await page.waitForTimeout(100);
  }
}

test("an app is set up, asked for, and turned off", async () => {
  const email = "app@example.org";
  const here = await Visitor.arrive(browser, server.url);
  await member(here.page, email);
  const { key, at, paper } = await setUpApp(here.page);
  assert.equal(new Set(paper).size, 10);
  await told(here.page, email, "An authenticator app was set up");

  const there = await Visitor.arrive(browser, server.url);
  there.tolerate(/401/);
  const { page } = there;
  await signIn(page, email);
  await page.getByRole("heading", { name: "One more step" }).waitFor();
  await page.goto("/tracks");
  assert.equal(await page.getByRole("link", { name: "Sign in" }).count(), 1, "halfway in is not in");
  await page.goto("/account/sign-in/second");
  await page.getByLabel("Code from your authenticator app").fill(code(key, 0, at));
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "used before" }).waitFor();
  await page.getByLabel("Code from your authenticator app").fill(code(key, 1, at));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/account/sign-in"));
  await page.goto("/account");
  await page.getByText("10 of 10 are left").waitFor();
  await page.getByRole("button", { name: "Turn the app off" }).click();
  await page.getByText("asks for no code of an app any more").waitFor();
  await told(page, email, "Your authenticator app was turned off");
  await here.leave();
  await there.leave();
});

test("paper stands in for a lost phone, once, without scripts", async () => {
  const email = "paper@example.org";
  const here = await Visitor.arrive(browser, server.url, { permissions: ["clipboard-read", "clipboard-write"] });
  await member(here.page, email);
  const { paper } = await setUpApp(here.page);
  await here.page.getByRole("button", { name: "Copy all" }).click();
  await here.page.getByText("Copied.").waitFor();
  assert.equal(await here.page.evaluate(() => navigator.clipboard.readText()), `${paper.join("\n")}\n`);

  const there = await Visitor.arrive(browser, server.url, { javaScriptEnabled: false });
  there.tolerate(/401/);
  const { page } = there;
  await signIn(page, email);
  const use = async (typed) => {
    await page.getByText("Use a recovery code instead").click();
    await page.getByLabel("Recovery code").fill(typed);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };
  await use("0000-0000-0000-0000");
  await page.getByRole("alert").waitFor();
  await use(paper[4].toUpperCase());
  await page.waitForURL("**/tracks");
  await page.goto("/account");
  await page.getByText("9 of 10 are left").waitFor();
  await told(page, email, "A recovery code was used");
  await page.getByRole("button", { name: "Make new recovery codes" }).click();
  const fresh = await page.locator(".codes code").allTextContents();
  assert.ok(fresh.length === 10 && fresh.every((one) => !paper.includes(one)));
  assert.equal(await page.getByRole("button", { name: "Copy all" }).count(), 0, "what needs scripts is not there without");
  await page.getByRole("link", { name: "I have kept them" }).click();
  await here.leave();
  await there.leave();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`the pages of a second step in ${colorScheme} at ${width} pixels`, async () => {
      const visitor = await Visitor.arrive(browser, server.url, { colorScheme, viewport: { width, height: 800 } });
      visitor.tolerate(/40[13]|422/);
      const { page } = visitor;
      await page.goto("/");
      await page.getByRole("button", { name: "Essential only", exact: true }).click();
      await page.locator("[data-consent-banner]").waitFor({ state: "detached" });
      const email = `steps-${colorScheme}-${width}@example.org`;
      await member(page, email);
      await page.goto("/account");
      await look("account-without");
      await page.getByRole("button", { name: "Set up an app" }).click();
      await page.getByLabel("Code that the app shows").fill("123 456");
      await page.getByRole("button", { name: "Turn it on" }).click();
      await page.getByRole("alert").waitFor();
      await look("app");
      const key = await page.locator(".key code").textContent();
      await page.getByLabel("Code that the app shows").fill(code(key));
      await page.getByRole("button", { name: "Turn it on" }).click();
      await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
      await look("codes");
      await page.goto("/account");
      await look("account-with");
      await page.goto("/account/prove");
      await page.getByText("Use a recovery code instead").click();
      await look("prove");
      await page.goto("/account");
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await signIn(page, email);
      await page.getByLabel("Code from your authenticator app").fill("000000");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      await page.getByText("Use a recovery code instead").click();
      await look("second");
      await visitor.leave();

      async function look(name) {
        if (shots) await page.screenshot({ path: join(shots, `step-${name}-${colorScheme}-${width}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} is not wider than the screen`);
        assert.deepEqual(await accessibilityFaults(page), [], name);
      }
    });
  }
}

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

/** Gives the page's browser a security key of its own, which sees its holder. */
async function securityKey(page, options = {}) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  const ask = (method, more = {}) => session.send(`WebAuthn.${method}`, { authenticatorId, ...more });
  return { ask, credentials: async () => (await ask("getCredentials")).credentials };
}

/** The same site under the name that passkeys on this machine belong to. */
const named = server.url.replace("127.0.0.1", "localhost");

test("a passkey is added, signs in alone, is the second step, and is removed", async () => {
  const email = "passkey@example.org";
  const visitor = await Visitor.arrive(browser, named);
  visitor.tolerate(/40[14]/);
  const { page } = visitor;
  const device = await securityKey(page);
  await member(page, email);
  await page.goto("/account");
  await page.getByLabel("What you call it").fill("My laptop");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  await told(page, email, "A passkey was added");
  const [held] = await device.credentials();
  assert.ok(held.isResidentCredential && held.rpId === "localhost", "the device knows whose it is, and where");

  await page.goto("/account");
  await page.getByText("My laptop").waitFor();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("has a passkey for your account already").waitFor();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();

  await page.goto("/account/sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL("**/tracks");
  await page.goto("/account");
  await page.getByText("Signed in with a passkey").waitFor();
  const used = (await device.credentials())[0].signCount;
  assert.ok(used > held.signCount);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();

  await signIn(page, email);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL("**/tracks");
  await page.goto("/account/prove");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL("**/account");

  // Somebody else at the device: it does not see its holder.
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await device.ask("setUserVerified", { isUserVerified: false });
  await page.goto("/account/sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("Nothing came of it").waitFor();
  await device.ask("setUserVerified", { isUserVerified: true });
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL("**/tracks");

  await page.goto("/account");
  await page.getByText("Change", { exact: true }).click();
  await page.getByLabel("Name of My laptop").fill("Old laptop");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByText("has another name").waitFor();
  await page.getByText("Change", { exact: true }).click();
  await page.getByRole("button", { name: "Remove this passkey" }).click();
  await page.getByText("opens your account no more").waitFor();
  await told(page, email, "A passkey was removed");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.goto("/account/sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("That passkey was not taken").waitFor();
  await visitor.leave();
});

test("a copy of a passkey is refused, and its holder is told", async () => {
  const email = "copied@example.org";
  const visitor = await Visitor.arrive(browser, named);
  const { page } = visitor;
  const device = await securityKey(page);
  await member(page, email);
  await page.goto("/account");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  const enter = async () => {
    await page.context().clearCookies({ name: "auth-token" });
    await page.goto("/account/sign-in");
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  };
  await enter();
  await page.waitForURL("**/tracks");
  const [credential] = await device.credentials();
  await device.ask("removeCredential", { credentialId: credential.credentialId });
  await device.ask("addCredential", { credential: { ...credential, signCount: 0 } });
  await enter();
  await page.getByText("That passkey was not taken").waitFor();
  await told(page, email, "A passkey was refused");
  await visitor.leave();
});

test("without scripts, and under a number, the page says what a passkey needs", async () => {
  const email = "number@example.org";
  const here = await Visitor.arrive(browser, server.url);
  await member(here.page, email);
  await here.page.goto("/account");
  await here.page.getByText("Passkeys belong to a name").waitFor();
  assert.equal(await here.page.getByRole("button", { name: "Add a passkey" }).count(), 0);
  assert.equal(await here.page.getByRole("link", { name: `${named}/account` }).count(), 1);
  const plain = await Visitor.arrive(browser, named, { javaScriptEnabled: false });
  await plain.page.goto("/account/sign-in");
  await plain.page.getByText("Passkeys need scripts").waitFor();
  assert.equal(await plain.page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
  assert.equal(await plain.page.getByRole("button", { name: "Sign in", exact: true }).count(), 1);
  await here.leave();
  await plain.leave();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`the pages of a second step in ${colorScheme} at ${width} pixels`, async () => {
      const visitor = await Visitor.arrive(browser, named, { colorScheme, viewport: { width, height: 800 } });
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
      // Not before: what looks for faults takes the key away when it leaves.
      await securityKey(page);
      await page.getByLabel("What you call it").fill("A laptop, named as long as names can be");
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByText("Your passkey is added.").waitFor();
      await page.getByText("Change", { exact: true }).click();
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
      await page.goto("/account/sign-in");
      await look("sign-in");
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

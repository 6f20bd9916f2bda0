// An administrator looks after accounts in a real browser, and somebody who is none finds nothing there.
// With SHOTS=<folder> the pages are photographed.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { account, admin } from "../lib/admin.mjs";
import { Visitor, accessibilityFaults, drop } from "../lib/browser.mjs";
import { mailTo, mailsTo } from "../lib/mail.mjs";
import { open } from "../lib/stage.mjs";
import { StubStripe } from "../lib/stub-stripe.mjs";
import { code } from "../lib/totp.mjs";

const PASSWORD = "violet anvil teaspoon";
const ADA = "ada@example.org";
const shots = process.env.SHOTS;

const stripe = await StubStripe.start();
after(() => stripe.close());
const { server, browser } = await open({ ...stripe.settings, BALANCED_MAIL__NOTICES_PER_MINUTE: "1200" });
if (shots) await mkdir(shots, { recursive: true });
await account(server, ADA, PASSWORD);
await admin(server, ["make-admin", ADA]);
/** The browser in which Ada is signed in with her second step. */
let adas;

async function signedIn(email, options = {}) {
  const visitor = await Visitor.arrive(browser, server.url, options);
  visitor.tolerate(/40[14]|422/);
  const { page } = visitor;
  await page.goto("/account/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/tracks");
  return visitor;
}

/** Ada, in the browser in which she set up her second step. */
async function asAda(options = {}) {
  const visitor = await Visitor.arrive(browser, server.url, { storageState: adas, ...options });
  visitor.tolerate(/40[149]|422/);
  return visitor;
}

/** Opens what can be done with an account, and does it. */
async function act(page, words, password = PASSWORD) {
  await page.getByRole("link", { name: words, exact: true }).click();
  await page.getByLabel("Your own password").fill(password);
  await page.getByRole("button", { name: words, exact: true }).click();
}

test("a password alone opens nothing here, and the page leads to what does", async () => {
  const ada = await signedIn(ADA);
  ada.tolerate(/403/);
  const { page } = ada;
  await page.goto("/account");
  await page.getByRole("link", { name: "Administer accounts" }).click();
  await page.getByRole("heading", { name: "This needs your second step" }).waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.getByRole("link", { name: "Set up the second step" }).click();
  await page.waitForURL("**/account#factors");
  await page.getByRole("button", { name: "Set up an app" }).click();
  const key = await page.locator(".key code").textContent();
  await page.getByLabel("Code that the app shows").fill(code(key));
  await page.getByRole("button", { name: "Turn it on" }).click();
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  await page.goto("/admin");
  await page.getByRole("heading", { name: "Accounts" }).waitFor();
  adas = await ada.context.storageState();
  await ada.leave();
});

for (const javaScriptEnabled of [true, false]) {
  test(`an account is found, closed, opened and deleted, scripts ${javaScriptEnabled ? "on" : "off"}`, async () => {
    const email = `mia-${javaScriptEnabled}@example.org`;
    await account(server, email, PASSWORD);
    const mia = await signedIn(email);
    await mia.page.goto("/");
    await drop(mia.page, "Secret Song.wav", wav(mix({ seconds: 3 }), 16));
    await mia.page.getByRole("button", { name: "Make the master" }).click();
    await mia.page.getByRole("heading", { name: "Download this master" }).waitFor({ timeout: 120_000 });

    const ada = await asAda({ javaScriptEnabled });
    const { page } = ada;
    await page.goto("/account");
    await page.getByRole("link", { name: "Administer accounts" }).click();
    await page.getByLabel("Address or name").fill(email);
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByText(`One account with “${email}”`).waitFor();
    await page.getByRole("link", { name: email }).click();
    await page.getByText("1 browser", { exact: true }).waitFor();
    await page.getByText(/^1 track, /).waitFor();
    assert.ok(!(await page.content()).includes("Secret Song"), "her music is not an administrator's business");

    await act(page, "Close the account", "not the password");
    await page.getByRole("alert").filter({ hasText: "nothing was done" }).waitFor();
    await page.getByRole("link", { name: "Leave it as it is" }).click();
    await act(page, "Close the account");
    await page.getByText("The account is closed, and its browsers are signed out.").waitFor();
    await mia.page.goto("/account");
    await mia.page.waitForURL("**/account/sign-in?next=*");
    await act(page, "Open the account again");
    await page.getByText("The account is open again.").waitFor();
    await act(page, "Delete the account");
    await page.getByText("The account is deleted.").waitFor();
    assert.equal((await mailTo(server, email, 1)).subject, "Your account is deleted");
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByText("delete", { exact: true }).first().waitFor();
    assert.ok(!(await page.content()).includes(email), "no line leads to her any more");
    await ada.leave();
    await mia.leave();
  });
}

for (const javaScriptEnabled of [true, false]) {
  test(`somebody is invited, and somebody else gets a first password, scripts ${javaScriptEnabled ? "on" : "off"}`, async () => {
    const [invited, made] = ["invited", "made"].map((name) => `${name}-${javaScriptEnabled}@example.org`);
    const ada = await asAda({ javaScriptEnabled });
    const { page } = ada;
    await page.goto("/admin");
    const fill = async (email, first, own) => {
      await page.getByRole("link", { name: "New account" }).click();
      await page.getByLabel("E-mail address").fill(email);
      await page.getByLabel("First password").fill(first);
      await page.getByLabel("Your own password").fill(own);
      await page.getByRole("button", { name: "Make the account" }).click();
    };
    await fill(invited, "", "not the password");
    await page.getByRole("alert").filter({ hasText: "nothing was done" }).waitFor();
    assert.equal(await page.getByLabel("E-mail address").inputValue(), invited, "what was typed is still there");
    if (javaScriptEnabled) assert.deepEqual(await accessibilityFaults(page), []);
    await page.getByRole("link", { name: "Back to the accounts" }).click();
    await fill(invited, "", PASSWORD);
    await page.getByText("The invitation is on its way.").waitFor();
    await fill(made, PASSWORD, PASSWORD);
    await page.getByText("Its holder should change the password that you know.").waitFor();
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByText("invite", { exact: true }).first().waitFor();
    await ada.leave();

    const nora = await Visitor.arrive(browser, server.url, {});
    const mail = await mailTo(server, invited);
    assert.equal(mail.subject, "An account for you at Balanced Mastering");
    await nora.page.goto(mail.link);
    await nora.page.getByLabel("What we call you").fill("Nora");
    await nora.page.getByLabel("New password").fill(PASSWORD);
    await nora.page.getByRole("button", { name: "Make my account" }).click();
    await nora.page.waitForURL("**/tracks");
    await nora.leave();
    await (await signedIn(made)).leave();
  });
}

test("credits are given with a reason, and a track is opened with one", async () => {
  const email = "buyer@example.org";
  await account(server, email, PASSWORD);
  const mia = await signedIn(email);
  await mia.page.goto("/");
  await drop(mia.page, "Night Drive.wav", wav(mix({ seconds: 3 }), 16));
  await mia.page.getByRole("button", { name: "Make the master" }).click();
  await mia.page.getByRole("heading", { name: "Download this master" }).waitFor({ timeout: 120_000 });

  const ada = await asAda();
  const { page } = ada;
  await page.goto(`/admin?q=${email}`);
  await page.getByRole("link", { name: email }).click();
  await page.getByRole("link", { name: "Give or take credits" }).click();
  await page.getByText("who has no credit").waitFor();
  const fill = async (way, credits, reason, password = PASSWORD) => {
    await page.getByRole("radio", { name: way }).check();
    await page.getByLabel("How many").fill(credits);
    await page.getByLabel("Why").fill(reason);
    await page.getByLabel("Your own password").fill(password);
    await page.getByRole("button", { name: "Change the credits" }).click();
  };
  await fill("Give", "3", "the upload broke", "not the password");
  await page.getByRole("alert").filter({ hasText: "nothing was changed" }).waitFor();
  assert.equal(await page.getByLabel("Why").inputValue(), "the upload broke", "what was typed is still there");
  await fill("Give", "3", "the upload broke");
  await page.getByText("The credits are given.").waitFor();
  await fill("Take", "4", "too many");
  await page.getByRole("alert").filter({ hasText: "More would be taken than is there" }).waitFor();
  await fill("Take", "2", "given twice");
  await page.getByText("The credits are taken.").waitFor();
  await page.getByRole("row", { name: /by hand: given twice −2/ }).waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  const { credits, entries } = await admin(server, ["credits", email]);
  assert.deepEqual([credits, entries.map(({ author }) => author)], [1, ["administrator", "administrator"]]);

  await mia.page.reload();
  await mia.page.getByRole("button", { name: /^Use / }).click();
  await mia.page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
  await ada.leave();
  await mia.leave();
});

test("to everybody else there is no such place", async () => {
  const id = await account(server, "eve@example.org", PASSWORD);
  const eve = await signedIn("eve@example.org");
  for (const path of ["/admin", "/admin/audit", "/admin/policy-notice", "/admin/accounts/new", `/admin/accounts/${id}`, `/admin/accounts/${id}/make-admin`]) {
    await eve.page.goto(path);
    await eve.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  }
  await eve.page.goto("/account");
  assert.equal(await eve.page.getByRole("link", { name: "Administer accounts" }).count(), 0);
  await eve.leave();
});

test("the last administrator stays one", async () => {
  const ada = await asAda();
  const { page } = ada;
  await page.goto(`/admin?q=${ADA}`);
  await page.getByRole("link", { name: ADA }).click();
  assert.equal(await page.getByRole("link", { name: "Delete the account" }).count(), 0);
  await act(page, "Remove as administrator");
  await page.getByRole("alert").filter({ hasText: "You are the only administrator" }).waitFor();
  await ada.leave();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`the pages of an administrator in ${colorScheme} at ${width} pixels`, async () => {
      const long = `somebody.with.a.very.long.address.for.a.small.screen-${colorScheme}-${width}@a-long-name-of-a-host.example.org`;
      const id = await account(server, long, PASSWORD);
      await admin(server, ["disable", id]);
      const ada = await asAda({ colorScheme, viewport: { width, height: 800 } });
      const { page } = ada;
      await page.goto("/");
      await page.getByRole("button", { name: "Essential only", exact: true }).click();
      await page.locator("[data-consent-banner]").waitFor({ state: "detached" });
      const own = (await admin(server, ["show", ADA])).id;
      await admin(server, ["credits", id, "--add", "3", "--reason", "a track of a very long name was uploaded twice by mistake"], "", stripe.settings);
      for (const [name, path] of [
        ["accounts", "/admin"],
        ["new", "/admin/accounts/new"],
        ["found-none", "/admin?q=nobody"],
        ["account", `/admin/accounts/${id}`],
        ["own", `/admin/accounts/${own}?done=enable`],
        ["act", `/admin/accounts/${id}/delete`],
        ["credits", `/admin/accounts/${id}/credits?done=given`],
        ["audit", "/admin/audit"],
        ["notice", "/admin/policy-notice"],
      ]) {
        await page.goto(path);
        if (shots) await page.screenshot({ path: join(shots, `admin-${name}-${colorScheme}-${width}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} is not wider than the screen`);
        assert.deepEqual(await accessibilityFaults(page), [], name);
      }
      await ada.leave();
    });
  }
}

test("a policy notice goes to every open account once, and its page says how far it is", async () => {
  const ada = await asAda();
  const { page } = ada;
  await page.goto("/admin/policy-notice");
  await page.getByText("no unsubscribing").waitFor();
  await page.getByLabel("Your own password").fill("not the password");
  await page.getByRole("button", { name: "Send the notice" }).click();
  await page.getByRole("alert").filter({ hasText: "nothing was sent" }).waitFor();
  await page.getByLabel("Your own password").fill(PASSWORD);
  await page.getByRole("button", { name: "Send the notice" }).click();
  await page.getByRole("heading", { name: /^(On its way|Sent): Version/ }).waitFor();
  for (let tries = 0; !(await page.getByRole("heading", { name: /^Sent: / }).count()); tries++) {
    assert.ok(tries < 60, await page.textContent("main"));
    await page.waitForTimeout(500);
    await page.reload();
  }
  if (shots) await page.screenshot({ path: join(shots, "admin-notice-sent-light-1280.png"), fullPage: true });
  assert.deepEqual(await accessibilityFaults(page), []);
  const { accounts } = await admin(server, ["list", "--per-page", "1000"]);
  for (const { email, disabled } of accounts) {
    const notices = async () => (await mailsTo(server, email)).filter(({ subject }) => subject.includes("cookie policy"));
    for (let tries = 0; !disabled && (await notices()).length === 0; tries++) {
      assert.ok(tries < 100, `${email} gets one`);
      await page.waitForTimeout(100);
    }
    assert.equal((await notices()).length, disabled ? 0 : 1, email);
  }
  await ada.leave();
});

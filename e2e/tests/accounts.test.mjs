// A guest becomes the holder of an account, and leaves: by mail, with their tracks, from two browsers, without a trace.
// With SHOTS=<folder> the pages are photographed.

import assert from "node:assert/strict";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { Visitor, accessibilityFaults, drop } from "../lib/browser.mjs";
import { mailTo, mailsTo } from "../lib/mail.mjs";
import { open } from "../lib/stage.mjs";

const PASSWORD = "violet anvil teaspoon";
const shots = process.env.SHOTS;

const { server, browser } = await open();
if (shots) await mkdir(shots, { recursive: true });

async function signUp(page, email) {
  await page.goto("/account/sign-up");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Send me the link" }).click();
  await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
  return mailTo(server, email);
}

async function confirm(page, { link }, name) {
  await page.goto(link);
  await page.getByLabel("What we call you").fill(name);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Make my account" }).click();
  await page.waitForURL("**/tracks");
}

async function signIn(page, email, { keep = false } = {}) {
  await page.goto("/account/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  if (keep) await page.getByLabel("Keep me signed in (7 days)").check();
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function upload(page, name) {
  await page.goto("/");
  await drop(page, name, wav(mix({ seconds: 5 }), 16));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor({ timeout: 120_000 });
}

test("from guest to account, with the tracks, from two browsers, and away without a trace", async () => {
  const email = "zebra-mia@example.org";
  const here = await Visitor.arrive(browser, server.url);
  const { page } = here;
  await upload(page, "Night Drive.wav");
  const mail = await signUp(page, email);
  assert.equal(mail.subject, "Your account at Balanced Mastering");
  assert.match(server.log, /account\/confirm\?token=/, "on this machine the log shows the link");
  await confirm(page, mail, "Zebra Mia");
  await page.getByRole("link", { name: "Night Drive.wav" }).waitFor();
  await page.getByRole("link", { name: "Account" }).click();
  await page.getByText("this browser").waitFor();

  const there = await Visitor.arrive(browser, server.url);
  await signIn(there.page, email, { keep: true });
  await there.page.getByRole("link", { name: "Night Drive.wav" }).click();
  await there.page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
  const kept = (await there.cookies()).find(({ name }) => name === "auth-token");
  const days = (kept.expires - Date.now() / 1000) / 86_400;
  assert.ok(kept.httpOnly && days > 6.99 && days <= 7, `${days} days`);

  // One is signed out from the other.
  await page.reload();
  await page.getByRole("button", { name: /Sign out Chrome on Linux/ }).click();
  await page.getByText("That browser is signed out.").waitFor();
  await there.page.goto("/account");
  await there.page.waitForURL("**/account/sign-in?next=*");
  assert.equal((await there.cookies()).some(({ name }) => name === "auth-token"), false);
  await signIn(there.page, email);
  await there.page.waitForURL("**/tracks");

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download everything" }).click(),
  ]);
  const archive = await readFile(await download.path());
  assert.equal(archive.subarray(0, 4).toString("latin1"), "PK\x03\x04");
  for (const inside of ["account.json", email, "Night Drive.wav", "wav24.wav", "report.json"]) {
    assert.ok(archive.includes(inside), `${inside} is in it`);
  }

  await page.goto("/account");
  await page.getByRole("link", { name: "Delete my account" }).click();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
  assert.deepEqual(await here.cookies(), [], "nothing is left in this browser");
  const storage = await page.evaluate(() => Object.keys(localStorage).concat(Object.keys(sessionStorage)));
  assert.deepEqual(storage, []);
  await there.page.goto("/tracks");
  await there.page.getByText("Nothing here yet").waitFor();
  assert.equal((await there.cookies()).some(({ name }) => name === "auth-token"), false, "nor in the other");

  // The last mail is on its way until it is written.
  for (let tries = 0; !(await mailsTo(server, email)).some(({ subject }) => subject === "Your account is deleted"); tries++) {
    assert.ok(tries < 100, "a last mail confirms it");
    await page.waitForTimeout(100);
  }
  await here.leave();
  await there.leave();
  assert.deepEqual(await readdir(join(server.folder, "blobs")), [], "no bytes are left");
  assert.equal(await server.stop(), 0);
  // Once it has ended in good order, the log is folded into the database.
  for (const name of (await readdir(server.folder)).filter((name) => name.startsWith("balanced.sqlite"))) {
    const bytes = await readFile(join(server.folder, name));
    for (const trace of ["zebra", "Zebra", "Night Drive"]) assert.ok(!bytes.includes(trace), `${trace} is not in ${name}`);
  }
  await server.restart();
});

test("a link that somebody else opened first changes nothing, and works once", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  visitor.tolerate(/410/);
  const mail = await signUp(visitor.page, "once@example.org");
  const scanner = await fetch(mail.link);
  assert.equal(scanner.status, 200);
  await confirm(visitor.page, mail, "Once");
  await visitor.page.goto(mail.link);
  await visitor.page.getByRole("heading", { name: "This link does nothing any more" }).waitFor();
  await visitor.leave();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`the pages of an account in ${colorScheme} at ${width} pixels`, async () => {
      const visitor = await Visitor.arrive(browser, server.url, { colorScheme, viewport: { width, height: 800 } });
      visitor.tolerate(/40[13]|422/);
      const { page } = visitor;
      await page.goto("/");
      await page.getByRole("button", { name: "Essential only", exact: true }).click();
      await page.locator("[data-consent-banner]").waitFor({ state: "detached" });
      const email = `looks-${colorScheme}-${width}@example.org`;
      const mail = await signUp(page, email);
      await look("sent");
      await page.goto(mail.link);
      await look("confirm");
      for (const [name, path] of [["sign-up", "/account/sign-up"], ["sign-in", "/account/sign-in"], ["forgot", "/account/forgot"]]) {
        await page.goto(path);
        await look(name);
      }
      await page.getByLabel("E-mail address").fill("nobody@example.org");
      await page.goto("/account/sign-in");
      await page.getByLabel("E-mail address").fill("nobody@example.org");
      await page.getByLabel("Password").fill("not the password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").waitFor();
      await look("wrong");
      await confirm(page, mail, "Mia with a name that is as long as names on this site can possibly be, and more");
      await look("tracks");
      await page.goto("/account");
      await page.getByText("Who tried to sign in lately").click();
      await look("account");
      await page.goto("/account/delete");
      await look("delete");
      await visitor.leave();

      async function look(name) {
        if (shots) await page.screenshot({ path: join(shots, `account-${name}-${colorScheme}-${width}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} is not wider than the screen`);
        assert.deepEqual(await accessibilityFaults(page), [], name);
      }
    });
  }
}

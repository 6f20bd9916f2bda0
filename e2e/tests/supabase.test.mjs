// An account whose password is checked at Supabase: in a real browser, against a stub that Supabase's own client takes for
// Supabase (`stub-gotrue.test.mjs`). With SHOTS=<folder> the pages are photographed.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { Visitor, accessibilityFaults } from "../lib/browser.mjs";
import { open } from "../lib/stage.mjs";
import { StubGoTrue } from "../lib/stub-gotrue.mjs";

const PASSWORD = "violet anvil teaspoon";
const ANOTHER = "another lantern biscuit";
const shots = process.env.SHOTS;

const stub = await StubGoTrue.start();
after(() => stub.close());
const { server, browser } = await open(stub.settings);
if (shots) await mkdir(shots, { recursive: true });

/** Waits until something is so, on the server's side. */
async function until(what, isSo) {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 450, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function signIn(page, email, password = PASSWORD) {
  await page.goto("/account/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function look(page, name) {
  const { width } = page.viewportSize();
  if (shots) await page.screenshot({ path: join(shots, `supabase-${name}-${width}.png`), fullPage: true });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0, `${name} is not wider than the screen`);
  assert.deepEqual(await accessibilityFaults(page), [], name);
}

/** Nothing of Supabase's is in a browser, on a page of ours or in the log. */
async function holdsNoToken(visitor) {
  const kept = await visitor.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  const text = JSON.stringify(await visitor.cookies()) + kept + (await visitor.page.content()) + server.log;
  assert.doesNotMatch(text, /eyJ|refresh_token|sb_secret|pkce_[0-9a-f]{20}/);
}

test("sign-up, confirm, sign in and out, another password, and the end", async () => {
  const visitor = await Visitor.arrive(browser, server.url);
  visitor.tolerate(/401|410/);
  const { page } = visitor;
  await page.goto("/account/sign-up");
  await page.getByLabel("E-mail address").fill("mia@example.org");
  await page.getByRole("button", { name: "Send me the link" }).click();
  await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
  await until("a mail", () => stub.mail("mia@example.org"));
  const mail = stub.mail("mia@example.org");
  assert.equal((await fetch(server.url + mail.path)).status, 200, "a program that opens links changes nothing");
  await page.goto(mail.path);
  await page.getByLabel("What we call you").fill("Mia Öz");
  await page.getByLabel("New password").fill(PASSWORD);
  await look(page, "confirm");
  await page.getByRole("button", { name: "Make my account" }).click();
  await page.waitForURL("**/tracks");
  assert.equal(stub.user("mia@example.org").user_metadata.name, "Mia Öz");
  assert.equal(stub.sessions("mia@example.org"), 1);
  await page.goto("/account");
  await page.getByText("Mia Öz, mia@example.org").waitFor();
  await holdsNoToken(visitor);

  await page.getByLabel("The password that is set").fill(PASSWORD);
  await page.getByLabel("New password").fill(ANOTHER);
  await page.getByRole("button", { name: "Change my password" }).click();
  await page.getByText("Your password is changed").waitFor();
  await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await until("the session ends at Supabase, too", () => stub.sessions("mia@example.org") === 0);

  await signIn(page, "mia@example.org");
  await page.getByText("Address and password do not belong together").waitFor();
  await signIn(page, "mia@example.org", ANOTHER);
  await page.waitForURL("**/tracks");
  await page.goto("/account");
  await page.getByLabel("New address").fill("new@example.org");
  await page.getByLabel("Your password").fill(ANOTHER);
  await page.getByRole("button", { name: "Change my address" }).click();
  await until("two mails", () => stub.mails.filter(({ kind }) => kind === "email_change").length === 2);
  const [old, fresh] = stub.mails.slice(-2);
  await page.goto(old.path);
  await page.getByRole("button", { name: "Use this address" }).click();
  await page.getByRole("heading", { name: "Half of it is done" }).waitFor();
  await page.goto(fresh.path);
  await page.getByRole("button", { name: "Use this address" }).click();
  await page.getByText("You sign in with new@example.org from now on").waitFor();

  await page.goto("/account/delete");
  await page.getByLabel("Password").fill(ANOTHER);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
  assert.equal(stub.users.size, 0, "deleted by the admin API");
  assert.deepEqual(await visitor.cookies(), []);
  await visitor.leave();
});

test("a forgotten password; and the project's own mail templates, which do not give a token to a browser", async () => {
  stub.add("noa@example.org", PASSWORD);
  const visitor = await Visitor.arrive(browser, server.url);
  visitor.tolerate(/410/);
  const { page } = visitor;
  const forget = async (before) => {
    await page.goto("/account/forgot");
    await page.getByLabel("E-mail address").fill("noa@example.org");
    await page.getByRole("button", { name: "Send me the link" }).click();
    await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    await until("a mail", () => stub.mails.length > before);
    return stub.mail("noa@example.org");
  };
  const { theirs } = await forget(stub.mails.length);
  const led = await fetch(theirs, { redirect: "manual" });
  assert.match(led.headers.get("location"), /\/account\/reset\?code=[^#]*$/, "a code that opens nothing, and no token");
  await page.goto(new URL(led.headers.get("location")).pathname + "?code=0");
  await page.getByRole("heading", { name: "This link does nothing any more" }).waitFor();
  assert.match(server.log, /set the project's mail templates/);

  await page.goto((await forget(stub.mails.length)).path);
  await page.getByLabel("New password").fill(ANOTHER);
  await page.getByRole("button", { name: "Set the new password" }).click();
  await page.getByText("Your new password is set").waitFor();
  await signIn(page, "noa@example.org", ANOTHER);
  await page.waitForURL("**/tracks");
  await visitor.leave();
});

for (const javaScriptEnabled of [true, false]) {
  test(`by way of another service, ${javaScriptEnabled ? "with" : "without"} scripts`, async () => {
    stub.visitor = { sub: `lou-${javaScriptEnabled}`, email: `lou-${javaScriptEnabled}@example.org`, verified: true, name: "Lou" };
    const visitor = await Visitor.arrive(browser, server.url, { javaScriptEnabled });
    visitor.tolerate(/403|410/);
    const { page } = visitor;
    await page.goto("/account/sign-in?next=/help");
    await page.getByLabel("Keep me signed in (7 days)").check();
    await page.getByRole("button", { name: "Continue with Google" }).click();
    await page.getByRole("heading", { name: "Other service" }).waitFor();
    assert.notEqual(new URL(page.url()).origin, server.url, "the page's policy is in nobody's way");
    // The service asks for other things of its own meanwhile.
    assert.match(stub.asked.findLast((asked) => asked.includes("/authorize?")), /code_challenge_method=s256/);
    const back = page.waitForRequest((request) => request.url().includes("/account/oauth/callback"));
    await page.getByRole("link", { name: "Yes, it is me" }).click();
    await page.waitForURL("**/help");
    const cookies = await visitor.cookies();
    const auth = cookies.find(({ name }) => name === "auth-token");
    assert.ok(auth.httpOnly && auth.expires > 0, "kept, as ticked");
    assert.deepEqual(cookies.filter(({ domain }) => domain !== "127.0.0.1"), []);
    await page.goto("/account");
    await page.getByText(`Lou, lou-${javaScriptEnabled}@example.org`).waitFor();

    // Replayed, and in another browser, the way back is no good.
    const way = (await back).url();
    for (const who of [visitor, await Visitor.arrive(browser, server.url)]) {
      who.tolerate(/410/);
      await who.page.goto(way);
      await who.page.getByRole("heading", { name: "This sign-in is over" }).waitFor();
      if (who !== visitor) await who.leave();
    }
    await page.goto("/account");
    await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
    await page.goto("/account/sign-in");
    await page.getByRole("button", { name: "Continue with Google" }).click();
    await page.getByRole("link", { name: "No" }).click();
    await page.getByRole("heading", { name: "You are not signed in" }).waitFor();
    // To sign in elsewhere is to go there: that, and nothing else, is asked of other origins.
    assert.deepEqual(visitor.foreign.filter((url) => !/\/auth\/v1\/(authorize|callback)|\/authorize\?state/.test(url)), []);
    visitor.foreign = [];
    await visitor.leave();
  });
}

test("while Supabase is down everybody is told, and whoever is signed in goes on", async () => {
  stub.add("kim@example.org", PASSWORD);
  stub.lifetime = 3;
  const here = await Visitor.arrive(browser, server.url);
  await signIn(here.page, "kim@example.org");
  await here.page.waitForURL("**/tracks");
  await until("it was refreshed", () => stub.asked.some((asked) => asked.includes("grant_type=refresh_token")));
  await stub.goAway();
  const there = await Visitor.arrive(browser, server.url);
  there.tolerate(/503/);
  await signIn(there.page, "kim@example.org");
  await there.page.getByRole("heading", { name: "Signing in is not possible at the moment" }).waitFor();
  await look(there.page, "down");
  await new Promise((resolve) => setTimeout(resolve, 4000));
  await here.page.goto("/account");
  await here.page.getByText("kim@example.org").waitFor();

  await stub.comeBack();
  stub.lifetime = 3600;
  await until("it is refreshed again", () => stub.sessions("kim@example.org") === 1 && /Supabase answers again/.test(server.log));
  await signIn(there.page, "kim@example.org");
  await there.page.waitForURL("**/tracks");
  await here.leave();
  await there.leave();
});

for (const fault of ["slow", 429, 500, "json", "huge", "expired", "wrong-key"]) {
  test(`a service that answers with “${fault}” signs nobody in and is told of`, async () => {
    const email = `fault-${fault}@example.org`;
    stub.add(email, PASSWORD);
    const visitor = await Visitor.arrive(browser, server.url);
    visitor.tolerate(/50[03]/);
    stub.fault = fault;
    await signIn(visitor.page, email);
    await visitor.page.getByRole("heading", { name: /does not answer|Many people|did not work/ }).waitFor({ timeout: 20_000 });
    stub.fault = undefined;
    assert.equal((await visitor.cookies()).some(({ name }) => name === "auth-token"), false);
    await signIn(visitor.page, email);
    await visitor.page.waitForURL("**/tracks");
    await visitor.leave();
  });
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`the pages in ${colorScheme} at ${width} pixels`, async () => {
      const visitor = await Visitor.arrive(browser, server.url, { colorScheme, viewport: { width, height: 800 } });
      const { page } = visitor;
      await page.goto("/");
      await page.getByRole("button", { name: "Essential only", exact: true }).click();
      await page.locator("[data-consent-banner]").waitFor({ state: "detached" });
      await page.goto("/account/sign-in");
      await look(page, `sign-in-${colorScheme}`);
      await visitor.leave();
    });
  }
}

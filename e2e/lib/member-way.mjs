// What the holder of an account does on the site, for the crawl: signs up, forgets, changes, takes along, deletes.

import assert from "node:assert/strict";
import { useSecondStep } from "./factor-way.mjs";
import { admin } from "./admin.mjs";
import { mailTo } from "./mail.mjs";

const PASSWORD = "violet anvil teaspoon";
const ANOTHER = "another lantern biscuit";
const form = (action) => `form[action="${action}"]`;

let members = 0;

async function fillAndPress(visit, name, action, fields) {
  const { tab } = visit;
  await visit.step(name, async () => {
    if (fields.length > 0) await tab.fill(form(action), fields);
    await tab.press(`${form(action)} button`);
  });
}

/** Opens the link in a mail, on the way that the recorder watches. */
async function open(visit, { link }) {
  const { pathname, search } = new URL(link);
  await visit.step(`opening ${pathname}`, () => visit.tab.go(pathname + search));
}

/** Makes an account by way of a mail. Gives who it is; nothing where the visitor blocked what it needs. */
export async function signUp(visit, server) {
  const { tab } = visit;
  await visit.step("opening the sign-up", () => tab.go("/account/sign-up"));
  if (visit.state.choice === "block-all") {
    assert.ok(!(await tab.has(form("/account/sign-up"))), "there is no form that could not work");
    return undefined;
  }
  const email = `member${++members}@example.org`;
  await fillAndPress(visit, "signing up", "/account/sign-up", [["email", email]]);
  await open(visit, await mailTo(server, email));
  await fillAndPress(visit, "confirming", "/account/confirm", [["name", "Mia"], ["new", PASSWORD]]);
  assert.equal(await tab.path(), "/tracks", await tab.text());
  return { email, mails: 1 };
}

/** Signs out and in again, with or without being kept signed in. */
export async function signInAgain(visit, { email }, keep) {
  const { tab } = visit;
  await visit.step("looking at the account", () => tab.go("/account"));
  await fillAndPress(visit, "signing out of the account", "/account/sign-out", []);
  assert.equal(await tab.path(), "/account/sign-in");
  const fields = [["email", email], ["password", PASSWORD], ...(keep ? [["keep", "yes"]] : [])];
  await fillAndPress(visit, "signing in to the account", "/account/sign-in", fields);
  assert.equal(await tab.path(), "/tracks", await tab.text());
}

/** Looks after accounts as an administrator, and stops being one. */
export async function administer(visit, server, { email }) {
  const { tab } = visit;
  const { id } = await admin(server, ["make-admin", email]);
  const own = `/admin/accounts/${id}`;
  for (const path of ["/admin", "/admin?q=example&page=2", own, `${own}/end-sessions`, `${own}/credits`, "/admin/audit"]) {
    await visit.step(`looking at ${path}`, () => tab.go(path));
  }
  await visit.step("opening the notice", () => tab.go("/admin/policy-notice"));
  // Sent with a key that is not this browser's: all the others' mails are not to come in between.
  const spoil = (from) => (document.querySelector(`${from} [name="csrf"]`).value = "0");
  await tab.evaluate(spoil, form("/admin/policy-notice"));
  await fillAndPress(visit, "wanting a notice", "/admin/policy-notice", [["password", PASSWORD]]);
  await visit.step("opening the form for a new account", () => tab.go("/admin/accounts/new"));
  await fillAndPress(visit, "inviting somebody who has an account", "/admin/accounts/new", [["email", email], ["password", PASSWORD]]);
  const remove = `${own}/remove-admin`;
  // Nothing is sold here, so that nobody has credits.
  await visit.step("opening the removal", () => tab.go(remove));
  const bend = ({ from, to }) => document.querySelector(from).setAttribute("action", to);
  await tab.evaluate(bend, { from: form(remove), to: `${own}/credits` });
  await fillAndPress(visit, "wanting credits", `${own}/credits`, [["password", PASSWORD]]);
  await visit.step("opening the removal", () => tab.go(remove));
  await fillAndPress(visit, "wanting to be none any more", remove, [["password", PASSWORD]]);
  await admin(server, ["remove-admin", email]);
}

/** Changes what can be changed, takes all along, and deletes the account. Nothing of it is left in the browser. */
export async function changeAndLeave(visit, server, member) {
  const { tab } = visit;
  const account = () => visit.step("looking at the account", () => tab.go("/account"));
  await account();
  await fillAndPress(visit, "changing the name", "/account/name", [["name", "Mia Öz"]]);
  await account();
  await fillAndPress(visit, "changing the password", "/account/password", [["password", PASSWORD], ["new", ANOTHER]]);
  await account();
  const moved = `new-${member.email}`;
  await fillAndPress(visit, "changing the address", "/account/email", [["email", moved], ["password", ANOTHER]]);
  await open(visit, await mailTo(server, moved));
  await fillAndPress(visit, "confirming the address", "/account/email/confirm", []);
  await visit.step("opening the forgotten password", () => tab.go("/account/forgot"));
  await fillAndPress(visit, "forgetting the password", "/account/forgot", [["email", moved]]);
  await open(visit, await mailTo(server, moved, 1));
  await fillAndPress(visit, "resetting the password", "/account/reset", [["new", PASSWORD]]);
  assert.equal(await tab.path(), "/account/sign-in", await tab.text());
  await fillAndPress(visit, "signing in with it", "/account/sign-in", [["email", moved], ["password", PASSWORD]]);
  await useSecondStep(visit, { email: moved, password: PASSWORD });
  await account();
  // A session that never was: the only browser of this account is the one at hand.
  const end = `/account/sessions/${"0".repeat(32)}/end`;
  const bent = async (name, action) => {
    await account();
    await visit.step(name, async () => {
      const bend = ({ from, action }) => document.querySelector(from).setAttribute("action", action);
      await tab.evaluate(bend, { from: form("/account/sign-out"), action });
      await tab.press(`${form(action)} button`);
    });
  };
  await bent("signing another browser out", end);
  // Where passwords are checked on this machine, no other service is offered.
  await bent("asking for another service", "/account/oauth/google");
  // Nothing is sold here: where payments go there is nothing.
  for (const action of ["/purchases", "/purchases/portal", `/tracks/${"0".repeat(32)}/unlock`, "/stripe/webhook"]) {
    await bent(`paying at ${action}`, action);
  }
  await visit.step("taking all along", () => visit.fetch("/account/export.zip"));
  await visit.step("opening the deletion", () => tab.go("/account/delete"));
  await fillAndPress(visit, "deleting the account", "/account/delete", [["password", PASSWORD]]);
  assert.match(await tab.text(), /Your account is deleted/);
  const left = (await tab.jar()).map(({ name }) => name);
  assert.deepEqual(left.filter((name) => ["auth-token", "session-id", "csrf-token"].includes(name)), []);
}

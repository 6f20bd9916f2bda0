// What a visitor does on the site: decides, signs in, uploads, sets things up, looks at everything, leaves.

import assert from "node:assert/strict";
import { inCategory } from "./facts.mjs";
import { FETCHED, LOOKED_AT, NEEDS_MEMBER, NEEDS_OPERATOR } from "./visits.mjs";

const BANNER = "[data-consent-banner]";
const SETTINGS = 'form[action="/settings"]';
const QUESTION = "[data-consent-prompts] form.question";

/** Decides as the row says. */
export async function decide(visit, choice) {
  const { tab } = visit;
  await visit.step("looking at the first page", () => tab.go("/"));
  assert.deepEqual(visit.recorder.lines, [], "looking sets nothing");
  assert.ok(await tab.has(BANNER), "the banner is there while nothing is decided");
  if (choice === "none") return;
  const category = { functional: "functional", analytics: "analytics" }[choice];
  if (category) {
    const named = inCategory(category);
    await visit.step("opening the settings", () => tab.go("/cookies/settings"));
    // The page tells of the signal beside the boxes, so ticking one is a yes that knows of it.
    visit.decides({ choice: "selective", named, told: true });
    await tab.fill("form[data-categories]", named.map((name) => ["item", name]));
    await visit.step("deciding", () => tab.press('form[data-categories] [name="choice"]'));
  } else {
    const pressed = choice.startsWith("prompt") ? "prompt" : choice;
    visit.decides({ choice: pressed });
    await visit.step("deciding", () => tab.dismiss(`${BANNER} [name="choice"][value="${pressed}"]`));
  }
  assert.ok(!(await tab.has(BANNER)), "the banner is gone once it is answered");
}

/** Answers every question that is asked until none is. Gives the names that were asked for. */
export async function answer(visit, how) {
  const { tab } = visit;
  const asked = [];
  for (await visit.step("seeing the questions", () => tab.go("/help")); await tab.has(QUESTION); ) {
    const item = await tab.evaluate((field) => document.querySelector(field).value, `${QUESTION} [name="item"]`);
    assert.ok(!asked.includes(item), `${item} is asked for once`);
    asked.push(item);
    if (how === "allow") visit.names(item);
    await visit.step(`answering for ${item}`, () => tab.dismiss(`${QUESTION}:has([value="${item}"]) [name="answer"][value="${how}"]`));
  }
  return asked;
}

/** Uses every feature that stores something. Gives the track's id, if one came to be. */
export async function use(visit, { song, how }) {
  const { tab } = visit;
  const blocked = visit.state.choice === "block-all";
  await visit.step("filling in the upload form", async () => {
    await tab.go("/");
    await tab.fill("form[data-upload]", [["lufs", "-12.5"]]);
    // A draft is kept when the typing stops.
    if (tab.scripts) await tab.pause(700);
  });
  const id = await visit.step("uploading", async () => {
    await tab.go("/");
    await tab.attach("#file", song);
    if (blocked && tab.scripts) {
      // It is explained in place.
      await tab.tap("[data-send]");
      await tab.pause(1500);
    } else await tab.press("[data-send]");
    return (await tab.path()).match(/^\/tracks\/([0-9a-f]{32})$/)?.[1];
  });
  assert.equal(id === undefined, blocked, `an upload needs a session and no more: ${await tab.text()}`);
  await visit.step("keeping settings", async () => {
    await tab.go("/settings");
    await tab.fill(SETTINGS, [["text", "larger"]]);
    await tab.press(`${SETTINGS} button`);
  });
  await leaveToKeep(visit, "user-preferences", how);
  await visit.step("choosing a theme", async () => {
    await tab.go("/settings");
    await tab.press('form[action="/settings/theme"] [value="dark"]');
  });
  await leaveToKeep(visit, "theme-mode", how);
  return id;
}

/** A setting that is not agreed to is asked for where it is made. */
async function leaveToKeep(visit, item, how) {
  const { tab } = visit;
  const asks = `[name="allow"][value="${item}"]`;
  assert.equal(await tab.has(asks), !visit.agreed.has(item), `${item} is asked for where it is not agreed to, and there alone`);
  if (how !== "allow" || visit.agreed.has(item)) return;
  visit.names(item);
  await visit.step(`allowing ${item}`, () => tab.press(asks));
}

/** Signs in as the operator, with or without being kept signed in. */
export async function signIn(visit, { token, keep }) {
  const { tab } = visit;
  await visit.step("opening the sign-in", () => tab.go("/operator/sign-in"));
  const form = 'form[action^="/operator/sign-in"]';
  if (visit.state.choice === "block-all") {
    assert.ok(!(await tab.has(form)), "there is no form that could not work");
    return;
  }
  await tab.fill(form, [["token", token], ...(keep ? [["keep", "yes"]] : [])]);
  await visit.step("signing in", () => tab.press(`${form} button`));
  assert.notEqual(await tab.path(), "/operator/sign-in", await tab.text());
}

/** Opens every address there is. */
export async function lookAtEverything(visit, { id, operator, member }) {
  const { tab } = visit;
  const fill = (pattern) => pattern.replace("{id}", id ?? "0".repeat(32));
  for (const path of LOOKED_AT.map(fill)) {
    if ((NEEDS_OPERATOR.test(path) && !operator) || (NEEDS_MEMBER.test(path) && !member)) continue;
    await visit.step(`looking at ${path}`, () => tab.go(path));
  }
  await visit.step("checking a receipt", async () => {
    await tab.go("/cookies/receipt");
    await tab.fill("form.check", [["receipt", "not a receipt"]]);
    await tab.press("form.check button");
  });
  for (const path of FETCHED.map(fill)) await visit.step(`fetching ${path}`, () => visit.fetch(path));
}

/** Tries the forms of a finished track: once more, and away with it. */
export async function finish(visit, id) {
  const { tab } = visit;
  if (id === undefined) return;
  await visit.step("waiting for the master", async () => {
    for (let tries = 0; (await visit.fetch(`/tracks/${id}/report.json`)) !== 200; tries++) {
      assert.ok(tries < 150, "a master of three seconds is made within half a minute");
      await tab.pause(200);
    }
  });
  const away = `form[action="/tracks/${id}/delete"]`;
  await visit.step("asking for another try", async () => {
    await tab.go(`/tracks/${id}`);
    // Its own would begin another version; the form for something else is bent to ask, for a track that never was.
    const again = `/tracks/${"0".repeat(32)}/again`;
    await tab.evaluate(({ away, again }) => document.querySelector(away).setAttribute("action", again), { away, again });
    await tab.press(`form[action="${again}"] button`);
  });
  await visit.step("deleting the track", async () => {
    await tab.go(`/tracks/${id}`);
    await tab.press(`${away} button`);
  });
}

/** Ends the operator's session. */
export async function signOut(visit) {
  const { tab } = visit;
  await visit.step("signing out", async () => {
    await tab.go("/operator");
    await tab.press('form[action="/operator/sign-out"] button');
  });
  assert.ok((await tab.jar()).every(({ name }) => name !== "auth-token"), "the token goes with the session");
}

/** Takes back what was agreed to: only what is essential stays, and it stays so on every page. */
export async function withdraw(visit) {
  const { tab } = visit;
  await visit.step("opening the settings again", () => tab.go("/cookies/settings"));
  if (!(await tab.has("[data-withdraw]"))) return false;
  visit.decides({ choice: "essential-only", named: [], told: false });
  await visit.step("withdrawing", () => tab.press("[data-withdraw]"));
  for (const path of ["/", "/help", "/tracks"]) await visit.step(`looking at ${path} after withdrawing`, () => tab.go(path));
  return true;
}

// A guest becomes a buyer: hears for free, makes an account, pays on the payment page, downloads, gets money back, subscribes,
// and leaves without a trace. Stripe is a stand-in that Stripe's own library takes for the real one; its webhooks are signed
// by that library. With SHOTS=<folder> the pages are photographed.

import assert from "node:assert/strict";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { mix, wav } from "../lib/audio.mjs";
import { account, admin } from "../lib/admin.mjs";
import { Visitor, accessibilityFaults, drop } from "../lib/browser.mjs";
import { mailTo, mailsTo } from "../lib/mail.mjs";
import { open } from "../lib/stage.mjs";
import { StubStripe } from "../lib/stub-stripe.mjs";

const PASSWORD = "violet anvil teaspoon";
const shots = process.env.SHOTS;

const stripe = await StubStripe.start();
after(() => stripe.close());
const { server, browser } = await open(stripe.settings);
stripe.tell(server);
if (shots) await mkdir(shots, { recursive: true });

/** The name of the track that is seen. */
const trackOf = (page) => new URL(page.url()).pathname;

async function upload(page, name) {
  await page.goto("/");
  await drop(page, name, wav(mix({ seconds: 5 }), 16));
  await page.getByRole("button", { name: "Make the master" }).click();
  await page.getByRole("heading", { name: "Download this master" }).waitFor({ timeout: 120_000 });
  return trackOf(page);
}

/** From a page that says what it costs, by way of a mail, back to it. */
async function signUp(page, email, name = "Mia") {
  await page.getByRole("link", { name: "Make an account" }).click();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Send me the link" }).click();
  const { link } = await mailTo(server, email);
  await page.goto(link);
  await page.getByLabel("What we call you").fill(name);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Make my account" }).click();
}

async function pay(page, button) {
  await page.getByRole("button", { name: button }).click();
  await page.waitForURL(`${stripe.url}/c/pay/**`);
  await page.getByRole("button", { name: "Pay" }).click();
  await page.waitForURL(`${server.url}/**`);
}

async function status(page, path) {
  return (await page.request.get(path)).status();
}

/** The payment page is another site's; nothing else is. */
async function leave(visitor) {
  visitor.foreign = visitor.foreign.filter((url) => !url.startsWith(stripe.url));
  await visitor.leave();
}

async function arrive(options) {
  const visitor = await Visitor.arrive(browser, server.url, options);
  visitor.tolerate(/40[24]/);
  return visitor;
}

for (const javaScriptEnabled of [true, false]) {
  test(`a master is heard, bought and downloaded, ${javaScriptEnabled ? "with" : "without"} scripts`, async () => {
    const guest = await arrive();
    const email = `buyer-${javaScriptEnabled}@example.org`;
    const track = await upload(guest.page, "Night Drive.wav");
    assert.equal(await status(guest.page, `${track}/preview.flac`), 200, "listening is free");
    assert.equal(await status(guest.page, `${track}/download/wav24`), 402);
    const cookies = await guest.context.storageState();
    await leave(guest);

    const visitor = await arrive({ javaScriptEnabled, storageState: cookies });
    const { page } = visitor;
    await page.goto(`${track}/download/wav24`);
    await page.getByRole("heading", { name: "This download is not paid for yet" }).waitFor();
    await signUp(page, email);
    await page.waitForURL(`${server.url}${track}`);
    await page.getByRole("button", { name: "Buy: One master" }).click();
    await page.waitForURL(`${stripe.url}/c/pay/**`);
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByRole("heading", { name: "Nothing was paid" }).waitFor();
    await page.getByRole("link", { name: "Back to the payment page" }).click();
    await page.getByRole("button", { name: "Pay" }).click();
    await page.waitForURL(`${server.url}${track}`);
    await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
    assert.deepEqual(new Set(await stripe.settled()), new Set([200]), "every webhook was taken");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /WAV 24 bit/ }).click()]);
    assert.equal((await readFile(await download.path())).subarray(0, 4).toString("latin1"), "RIFF");
    for (const kind of ["wav16", "flac"]) assert.equal(await status(page, `${track}/download/${kind}`), 200, kind);
    await page.goto("/purchases");
    await page.getByText("9.00 EUR").first().waitFor();
    assert.match(await page.getByRole("link", { name: /Receipt/ }).getAttribute("href"), /^https:\/\/pay\.stripe\.com\//);
    const told = (await mailsTo(server, email)).filter(({ subject }) => subject === "Your purchase at Balanced Mastering");
    assert.equal(told.length, 1, "one mail");
    assert.deepEqual((await visitor.cookies()).map(({ name }) => name).sort(), ["auth-token", "csrf-token"], "no other cookie");
    await leave(visitor);
  });
}

/** What a browser decodes of the file that the player plays. */
async function heard(page, track) {
  return page.evaluate(async (path) => {
    const response = await fetch(path);
    const decoded = await new OfflineAudioContext(4, 1, 44100).decodeAudioData(await response.arrayBuffer());
    return Array.from({ length: decoded.numberOfChannels }, (_, index) => [...decoded.getChannelData(index)]);
  }, `${track}/preview.flac`);
}

/** How much of a copy is not in what it is a copy of, dB. */
function apart(copy, of) {
  const product = (a, b) => a.reduce((sum, x, index) => sum + x * b[index], 0);
  const gain = product(copy, of) / product(of, of);
  const left = copy.map((x, index) => x - gain * of[index]);
  return 10 * Math.log10(product(left, left) / product(copy, copy));
}

test("what is heard before it is paid for is a copy in step, and afterwards the master itself", async () => {
  const visitor = await arrive();
  const { page } = visitor;
  const email = "listener@example.org";
  await account(server, email, PASSWORD);
  await page.goto("/account/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/tracks");
  const track = await upload(page, "Night Drive.wav");
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => document.querySelector("[data-time]").textContent !== "0:00");
  await page.getByRole("button", { name: "A Mix" }).click();
  await page.getByRole("button", { name: "B Master" }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  assert.equal(await page.getByRole("alert").count(), 0, "it plays");
  const copy = await heard(page, track);

  await admin(server, ["credits", email, "--add", "1", "--reason", "a test"], "", stripe.settings);
  await page.reload();
  await page.getByRole("button", { name: /^Use / }).click();
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
  const whole = await heard(page, track);
  assert.deepEqual([copy.length, whole.length], [4, 4]);
  for (const channel of [0, 1, 2, 3]) {
    assert.equal(copy[channel].length, whole[channel].length, "the same length");
    const lost = apart(copy[channel], whole[channel]);
    assert.ok(lost > -50 && lost < -8, `channel ${channel} is close and not the same: ${lost} dB`);
  }
  await leave(visitor);
});

test("from guest to buyer, money back, a subscription, and away without a trace", async () => {
  const email = "zebra-buyer@example.org";
  const visitor = await arrive();
  const { page } = visitor;
  const first = await upload(page, "Zebra Drive.wav");
  await signUp(page, email, "Zebra Mia");
  await page.waitForURL(`${server.url}${first}`);
  await pay(page, "Buy: One master");
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
  await stripe.settled();
  const customer = stripe.of("customer").find((one) => one.email === email);
  const charge = () => stripe.of("charge").filter((one) => one.customer === customer.id).at(-1).id;

  // Money goes back by way of Stripe's own library; downloads wait, and the next purchase pays for it.
  await stripe.library.refunds.create({ charge: charge() });
  assert.deepEqual((await stripe.settled()).at(-1), 200);
  assert.equal(await status(page, `${first}/download/wav24`), 402);
  await page.goto(first);
  await page.getByText("1 master to be paid for again").waitFor();
  await pay(page, "Buy: Ten masters");
  await stripe.settled();
  assert.equal(await status(page, `${first}/download/wav24`), 200);

  const second = await upload(page, "Second.wav");
  const unlock = page.getByRole("button", { name: "Use one of your 9 masters" });
  await Promise.all([page.waitForURL(`${server.url}${second}`), unlock.click()]);
  await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
  assert.equal(await status(page, `${second}/download/flac`), 200);

  // A dispute holds all of it, and its end decides.
  stripe.dispute(charge());
  await stripe.settled();
  assert.equal(await status(page, `${second}/download/flac`), 402);
  stripe.dispute(charge(), "won");
  await stripe.settled();
  assert.equal(await status(page, `${second}/download/flac`), 200);

  // Words that were lost are made up for.
  stripe.isDeaf = true;
  const bought = charge();
  stripe.warn(bought);
  stripe.dispute(bought, "lost");
  assert.equal(await status(page, `${second}/download/flac`), 200, "nobody has heard of it");
  await server.kill();
  await server.restart(stripe.settings);
  for (let tries = 0; (await status(page, `${second}/download/flac`)) !== 402; tries++) {
    assert.ok(tries < 100, "what was missed is asked for");
    await page.waitForTimeout(100);
  }
  stripe.isDeaf = false;
  await page.goto("/purchases");
  await page.getByText("dispute lost").waitFor();

  await pay(page, "Subscribe: Four a month");
  await page.getByText("Thank you: your payment came.").waitFor();
  await page.getByText("then for another month").waitFor();
  await stripe.settled();
  await page.getByRole("button", { name: "Payment page at Stripe" }).click();
  await page.getByRole("button", { name: "Cancel plan" }).click();
  await page.waitForURL(`${server.url}/purchases`);
  await stripe.settled();
  await page.reload();
  await page.getByText("Cancelled. It runs until").waitFor();

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.goto("/account").then(() => page.getByRole("link", { name: "Download everything" }).click()),
  ]);
  const archive = await readFile(await download.path());
  for (const inside of [customer.id, bought, '"kind": "refund"', "Four a month"]) {
    assert.ok(archive.includes(inside), `${inside} is in it`);
  }

  // Stripe is down just then, and hears of it later.
  stripe.isDown = true;
  await page.goto("/account/delete");
  await page.getByText("A subscription ends with the account").waitFor();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
  await page.waitForTimeout(12_000);
  stripe.isDown = false;
  assert.ok(stripe.objects.has(customer.id), "it could not be told");
  for (let tries = 0; stripe.objects.has(customer.id); tries++) {
    assert.ok(tries < 600, "Stripe is told again");
    await page.waitForTimeout(100);
  }
  assert.ok(stripe.of("subscription").every(({ customer: of, status }) => of !== customer.id || status === "canceled"));
  await leave(visitor);
  assert.equal(await server.stop(), 0);
  for (const name of (await readdir(server.folder)).filter((name) => name.startsWith("balanced.sqlite"))) {
    const bytes = await readFile(join(server.folder, name));
    for (const trace of ["zebra", "Zebra", customer.id, `receipts/payment/${bought}`]) {
      assert.ok(!bytes.includes(trace), `${trace} is not in ${name}`);
    }
    if (name === "balanced.sqlite") assert.ok(bytes.includes(bought), "the books stay");
  }
  await server.restart(stripe.settings);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`the pages of paying in ${colorScheme} at ${width} pixels`, async () => {
      const visitor = await arrive({ colorScheme, viewport: { width, height: 800 } });
      const { page } = visitor;
      await page.goto("/");
      await page.getByRole("button", { name: "Essential only", exact: true }).click();
      await page.locator("[data-consent-banner]").waitFor({ state: "detached" });
      await look("upload", "/");
      const track = await upload(page, "Night Drive (final mix 3).wav");
      await look("guest", track);
      await look("required-guest", `${track}/download/wav24`);
      await look("prices", "/prices");
      await page.goto(track);
      await signUp(page, `pay-${colorScheme}-${width}@example.org`);
      await page.waitForURL(`${server.url}${track}`);
      await look("member", track);
      await page.getByRole("button", { name: "Buy: Ten masters" }).click();
      await page.waitForURL(`${stripe.url}/c/pay/**`);
      await page.getByRole("link", { name: "Back" }).click();
      await look("cancelled");
      await page.goto("/purchases");
      await pay(page, "Buy: Ten masters");
      await page.goto("/purchases");
      await pay(page, "Subscribe: Four a month");
      await stripe.settled();
      await page.getByText("Every master that came and went").click();
      await look("purchases");
      await page.goto(track);
      await look("unlock");
      await page.getByRole("button", { name: "Use one of your 14 masters" }).click();
      await page.getByRole("link", { name: /WAV 24 bit/ }).waitFor();
      const customer = stripe.of("customer").find((one) => one.email === `pay-${colorScheme}-${width}@example.org`);
      for (const { id } of stripe.of("charge").filter((one) => one.customer === customer.id)) stripe.dispute(id, "lost");
      await stripe.settled();
      await look("owing", track);
      await page.getByText("1 master to be paid for again").waitFor();
      await look("account", "/account");
      await leave(visitor);

      async function look(name, path) {
        if (path) await page.goto(path);
        if (shots) await page.screenshot({ path: join(shots, `pay-${name}-${colorScheme}-${width}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} is not wider than the screen`);
        assert.deepEqual(await accessibilityFaults(page), [], name);
      }
    });
  }
}

// The stand-in for Stripe that the tests of payments use, held to the light: Stripe's own library talks to it and finds
// what it knows; what Stripe refuses, it refuses; and the webhooks that it sends are ones that the library takes.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { StubStripe } from "../lib/stub-stripe.mjs";

let stub;
let stripe;

before(async () => {
  stub = await StubStripe.start();
  stripe = stub.library;
});

after(async () => {
  await stub?.close();
});

const single = (customer) => ({
  mode: "payment",
  customer,
  client_reference_id: "0123456789abcdef0123456789abcdef",
  line_items: [{ quantity: 1, price_data: { currency: "eur", unit_amount: 900, product_data: { name: "One master" } } }],
  payment_intent_data: { metadata: { purchase: "0123456789abcdef0123456789abcdef" } },
  success_url: "http://127.0.0.1/back",
  cancel_url: "http://127.0.0.1/back",
});

test("Stripe's own library makes a checkout, finds it paid, and pays it back", async () => {
  const customer = await stripe.customers.create({ email: "mia@example.org" });
  const made = await stripe.checkout.sessions.create(single(customer.id));
  assert.equal(made.status, "open");
  assert.equal(made.payment_intent_data, undefined, "what Stripe does not show");
  stub.pay(made.id);
  const paid = await stripe.checkout.sessions.retrieve(made.id, { expand: ["payment_intent.latest_charge"] });
  assert.deepEqual([paid.status, paid.payment_intent.latest_charge.amount], ["complete", 900]);
  const charge = paid.payment_intent.latest_charge.id;
  await stripe.refunds.create({ charge, amount: 400 });
  assert.equal((await stripe.charges.retrieve(charge)).amount_refunded, 400);
  await assert.rejects(stripe.refunds.create({ charge, amount: 501 }), { type: "StripeInvalidRequestError" });
  const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: "http://127.0.0.1/" });
  assert.equal((await fetch(portal.url)).status, 200);
});

test("Stripe's own library subscribes, pages through events, and cancels", async () => {
  const customer = await stripe.customers.create({ email: "mia@example.org" });
  const { payment_intent_data, ...rest } = single(customer.id);
  const price_data = { ...rest.line_items[0].price_data, recurring: { interval: "month" } };
  const made = await stripe.checkout.sessions.create({
    ...rest,
    mode: "subscription",
    line_items: [{ quantity: 1, price_data }],
    subscription_data: { metadata: payment_intent_data.metadata },
  });
  const { subscription } = stub.pay(made.id);
  for (let month = 0; month < 60; month++) stub.month(subscription);
  const events = [];
  for await (const event of stripe.events.list({ limit: 100 })) events.push(event);
  assert.ok(events.length > 120, `${events.length} events, which are more than a page`);
  assert.deepEqual(new Set(events.map(({ id }) => id)).size, events.length);
  assert.equal(events.at(-1).id, stub.events.at(-1).id, "the latest first");
  const found = await stripe.subscriptions.retrieve(subscription, { expand: ["latest_invoice"] });
  assert.equal(found.latest_invoice.amount_paid, 900);
  await stripe.customers.del(customer.id);
  assert.equal((await stripe.subscriptions.retrieve(subscription)).status, "canceled");
  await assert.rejects(stripe.customers.retrieve(customer.id), { code: "resource_missing", statusCode: 404 });
});

test("what Stripe refuses is refused", async () => {
  const customer = await stripe.customers.create({ email: "mia@example.org" });
  const wrong = (change) => stripe.checkout.sessions.create({ ...single(customer.id), ...change });
  await assert.rejects(wrong({ colour: "blue" }), { code: "parameter_unknown" });
  await assert.rejects(wrong({ customer: "cus_none" }), { code: "resource_missing", statusCode: 400 });
  await assert.rejects(wrong({ mode: "subscription" }), { type: "StripeInvalidRequestError" });
  await assert.rejects(wrong({ success_url: "back" }), { type: "StripeInvalidRequestError" });
  await assert.rejects(wrong({ expires_at: Math.floor(Date.now() / 1000) + 60 }), { type: "StripeInvalidRequestError" });
  const idempotencyKey = "once";
  const first = await stripe.checkout.sessions.create(single(customer.id), { idempotencyKey });
  assert.equal((await stripe.checkout.sessions.create(single(customer.id), { idempotencyKey })).id, first.id);
  const other = { ...single(customer.id), client_reference_id: "other" };
  await assert.rejects(stripe.checkout.sessions.create(other, { idempotencyKey }), { type: "StripeIdempotencyError" });
  await stripe.checkout.sessions.expire(first.id);
  await assert.rejects(stripe.checkout.sessions.expire(first.id), { type: "StripeInvalidRequestError" });
  const bare = await fetch(`${stub.url}/v1/charges/ch_1`, { headers: { authorization: "Bearer sk_test_wrong" } });
  assert.equal(bare.status, 401);
});

test("the webhooks that it sends are ones that Stripe's own library takes", async () => {
  const taken = [];
  const receiver = createServer(async (request, answer) => {
    const body = Buffer.concat(await request.toArray());
    taken.push(stripe.webhooks.constructEvent(body, request.headers["stripe-signature"], stub.webhookSecret));
    answer.end();
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  stub.tell({ url: `http://127.0.0.1:${receiver.address().port}` });
  const { charge } = stub.warn(stub.of("charge")[0].id);
  assert.deepEqual(await stub.settled(), [200]);
  assert.deepEqual([taken[0].type, taken[0].data.object.charge], ["radar.early_fraud_warning.created", charge]);
  receiver.closeAllConnections();
  receiver.close();
});

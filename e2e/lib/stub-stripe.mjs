// Stripe, as far as a shop with Checkout, a customer portal and webhooks needs it: form-encoded requests, keys that make a
// request be done once, lists by pages, objects that are written out where that is asked for. What it does not know it
// refuses, as Stripe does. `stripe-stub.test.mjs` has Stripe's own library talk to it; webhooks are signed by that library.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Stripe from "stripe";

const KEY = "sk_test_0123456789abcdef";
const WEBHOOK_SECRET = "whsec_0123456789abcdef";
const SECOND = 1000;
const MONTH_S = 30 * 86_400;

/** Fields that a request may have; any other one is a mistake. */
const FIELDS = {
  "POST customers": /^(email|name|metadata\[\w+\])$/,
  "POST customers/*": /^(email|name|metadata\[\w+\])$/,
  "POST checkout/sessions":
    /^(mode|customer|client_reference_id|success_url|cancel_url|expires_at|adaptive_pricing\[enabled\]|metadata\[\w+\]|line_items\[0\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[name|recurring\]\[interval))\]|payment_intent_data\[(receipt_email|metadata\]\[\w+)\]|subscription_data\[metadata\]\[\w+\])$/,
  "POST checkout/sessions/*/expire": /^$/,
  "POST billing_portal/sessions": /^(customer|return_url)$/,
  "POST refunds": /^(charge|payment_intent|amount|reason)$/,
  "GET events": /^(created\[(gte|gt|lte|lt)\]|limit|starting_after|type)$/,
  "GET checkout/sessions": /^(customer|status|limit|starting_after)$/,
  "GET subscriptions": /^(customer|status|limit|starting_after)$/,
  "GET disputes": /^(charge|payment_intent|limit|starting_after)$/,
  "GET radar/early_fraud_warnings": /^(charge|payment_intent|limit|starting_after)$/,
};

class Refusal extends Error {
  constructor(status, type, code, message) {
    super(message);
    Object.assign(this, { status, body: { error: { type, code, message } } });
  }
}

const invalid = (message, code = "parameter_invalid") => new Refusal(400, "invalid_request_error", code, message);
const missing = (what, status = 404) => new Refusal(status, "invalid_request_error", "resource_missing", `No such ${what}`);
const now = () => Math.floor(Date.now() / SECOND);

/** `a[b][c]=1` as `{a: {b: {c: "1"}}}`, and `a[]=1` as a list. */
function parse(text) {
  const parsed = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split(/[[\]]+/).filter((part, index) => part !== "" || index === 0);
    if (name.endsWith("[]") || /\[\d+\]$/.test(name)) {
      const key = path[0];
      parsed[key] = [...(parsed[key] ?? []), value];
      continue;
    }
    let at = parsed;
    for (const part of path.slice(0, -1)) at = at[part] ??= {};
    at[path.at(-1)] = value;
  }
  return parsed;
}

export class StubStripe {
  /** All objects by their ids, and all events, the latest first. */
  objects = new Map();
  events = [];
  /** Requests that came, such as "POST checkout/sessions". */
  requests = [];
  /** Webhooks that are not sent, because the line is down. */
  isDeaf = false;
  /** Requests are answered with 500. */
  isDown = false;
  #keys = new Map();
  #server;
  #webhooks = "";
  #stripe;
  #sent = [];
  url = "";

  static async start() {
    const stripe = new StubStripe();
    stripe.#server = createServer((request, answer) => stripe.#serve(request, answer));
    await new Promise((resolve) => stripe.#server.listen(0, "127.0.0.1", resolve));
    const { port } = stripe.#server.address();
    stripe.url = `http://127.0.0.1:${port}`;
    stripe.#stripe = new Stripe(KEY, { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
    return stripe;
  }

  /** Stripe's own library, talking to this. */
  get library() {
    return this.#stripe;
  }

  get webhookSecret() {
    return WEBHOOK_SECRET;
  }

  /** The program's settings for it. */
  get settings() {
    const products = [
      '{id="single", name="One master", kind="single", price="9.00 EUR"}',
      '{id="pack", name="Ten masters", kind="pack", credits=10, price="60.00 EUR"}',
      '{id="plan", name="Four a month", kind="monthly", credits=4, price="20.00 EUR"}',
    ];
    return {
      BALANCED_PAYMENTS__STRIPE_SECRET_KEY: KEY,
      BALANCED_PAYMENTS__STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      BALANCED_PAYMENTS__STRIPE_BASE_URL: this.url,
      BALANCED_PAYMENTS__PRODUCTS: `[${products.join(", ")}]`,
    };
  }

  /** Where webhooks go from now on. */
  tell(server) {
    this.#webhooks = `${server.url}/stripe/webhook`;
  }

  async close() {
    await this.settled();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Waits until the webhooks that were sent are answered. Gives their statuses. */
  async settled() {
    return Promise.all(this.#sent);
  }

  of(kind) {
    return [...this.objects.values()].filter(({ object }) => object === kind);
  }

  #make(prefix, object, fields) {
    const made = { id: `${prefix}_${randomBytes(9).toString("hex")}`, object, created: now(), livemode: false, ...fields };
    this.objects.set(made.id, made);
    return made;
  }

  #find(id, object, status) {
    const found = this.objects.get(id);
    if (found?.object !== object) throw missing(`${object}: '${id}'`, status);
    return found;
  }

  /** Something happened: kept, and sent where the line is not down. */
  happened(type, object) {
    const event = this.#make("evt", "event", { type, api_version: "2026-10-28.endive", data: { object: structuredClone(object) }, pending_webhooks: 1, request: { id: null, idempotency_key: null } });
    this.events.unshift(event);
    if (this.#webhooks && !this.isDeaf) this.#sent.push(this.send(event));
    return event;
  }

  /** Sends an event as Stripe does. Gives the status of the answer. */
  async send(event) {
    const payload = JSON.stringify(event);
    const header = this.#stripe.webhooks.generateTestHeaderString({ payload, secret: WEBHOOK_SECRET });
    const headers = { "stripe-signature": header, "content-type": "application/json; charset=utf-8" };
    const answer = await fetch(this.#webhooks, { method: "POST", headers, body: payload }).catch(() => ({ status: 0 }));
    return answer.status;
  }

  #charge({ amount, currency, customer, metadata = {}, invoice = null, payment_intent = null }) {
    const charge = this.#make("ch", "charge", {
      amount, amount_captured: amount, amount_refunded: 0, captured: true, currency, customer, disputed: false, invoice,
      metadata, outcome: { risk_level: "normal", risk_score: 12, type: "authorized" }, paid: true, payment_intent,
      refunded: false, review: null, status: "succeeded",
    });
    charge.receipt_url = `https://pay.stripe.com/receipts/payment/${charge.id}`;
    return charge;
  }

  /** What happens when somebody presses the button of the payment page. */
  pay(id) {
    const session = this.#find(id, "checkout.session");
    if (session.status !== "open") throw new Error(`${id} is ${session.status}`);
    if (session.mode === "subscription") {
      const { unit_amount, currency } = session.price;
      const subscription = this.#make("sub", "subscription", {
        status: "active", customer: session.customer, metadata: session.subscription_data?.metadata ?? {},
        cancel_at_period_end: false, cancel_at: null, current_period_end: now() + MONTH_S, latest_invoice: null,
        price: { unit_amount, currency },
      });
      session.subscription = subscription.id;
      this.happened("customer.subscription.created", subscription);
      session.invoice = this.month(subscription.id).id;
    } else {
      const intent = this.#make("pi", "payment_intent", {
        amount: session.amount_total, currency: session.currency, customer: session.customer, status: "succeeded",
        metadata: session.payment_intent_data?.metadata ?? {},
      });
      const { amount, currency, customer, metadata } = intent;
      const charge = this.#charge({ amount, currency, customer, metadata: { ...metadata }, payment_intent: intent.id });
      intent.latest_charge = charge.id;
      session.payment_intent = intent.id;
      this.happened("charge.succeeded", charge);
      this.happened("payment_intent.succeeded", intent);
    }
    Object.assign(session, { status: "complete", payment_status: "paid", url: null });
    this.happened("checkout.session.completed", session);
    return session;
  }

  /** A month of a subscription is paid. */
  month(id) {
    const subscription = this.#find(id, "subscription");
    const { unit_amount: amount, currency } = subscription.price;
    const invoice = this.#make("in", "invoice", {
      subscription: id, customer: subscription.customer, amount_paid: amount, currency, status: "paid",
      subscription_details: { metadata: subscription.metadata },
    });
    invoice.hosted_invoice_url = `https://invoice.stripe.com/i/${invoice.id}`;
    const charge = this.#charge({ amount, currency, customer: subscription.customer, invoice: invoice.id });
    invoice.charge = charge.id;
    Object.assign(subscription, { latest_invoice: invoice.id, current_period_end: subscription.current_period_end + MONTH_S });
    this.happened("charge.succeeded", charge);
    this.happened("invoice.paid", invoice);
    return invoice;
  }

  /** The holder of the card wants the money back from their bank; or the bank has decided. */
  dispute(charge, status = "needs_response") {
    const about = this.#find(charge, "charge");
    const known = this.of("dispute").find((dispute) => dispute.charge === charge);
    const dispute = known ?? this.#make("dp", "dispute", { charge, amount: about.amount, currency: about.currency, reason: "fraudulent" });
    dispute.status = status;
    about.disputed = true;
    this.happened(known ? "charge.dispute.closed" : "charge.dispute.created", dispute);
    return dispute;
  }

  /** The card's network warns of a payment. */
  warn(charge) {
    this.#find(charge, "charge");
    const warning = this.#make("issfr", "radar.early_fraud_warning", { charge, actionable: true, fraud_type: "made_with_stolen_card" });
    this.happened("radar.early_fraud_warning.created", warning);
    return warning;
  }

  #refund({ charge, amount, reason = null }) {
    const about = this.#find(charge, "charge", 400);
    const left = about.amount - about.amount_refunded;
    const back = amount === undefined ? left : Number(amount);
    if (!(back > 0 && back <= left)) throw invalid(`Refund amount (${back}) is greater than unrefunded amount on charge (${left})`);
    about.amount_refunded += back;
    about.refunded = about.amount_refunded === about.amount;
    const refund = this.#make("re", "refund", { charge, amount: back, currency: about.currency, reason, status: "succeeded" });
    this.happened("charge.refunded", about);
    return refund;
  }

  #session(form) {
    const customer = this.#find(form.customer, "customer", 400);
    const { quantity, price_data: price } = form.line_items?.[0] ?? {};
    const amount = Number(price?.unit_amount);
    if (quantity !== "1" || !Number.isInteger(amount) || amount < 50) throw invalid("Invalid line_items[0]");
    if (!/^[a-z]{3}$/.test(price.currency)) throw invalid(`Invalid currency: ${price.currency}`);
    if (!price.product_data?.name) throw invalid("Missing required param: line_items[0][price_data][product_data][name].");
    const monthly = price.recurring?.interval === "month";
    if (form.mode !== (monthly ? "subscription" : "payment")) throw invalid(`You must provide ${monthly ? "" : "no "}recurring price in \`${form.mode}\` mode`);
    if (form.mode === "subscription" && form.payment_intent_data) throw invalid("You can not pass `payment_intent_data` in `subscription` mode.");
    if (form.mode === "payment" && form.subscription_data) throw invalid("You can not pass `subscription_data` in `payment` mode.");
    const expires = Number(form.expires_at ?? now() + 86_400);
    if (expires < now() + 1800 - 5 || expires > now() + 86_400) throw invalid("The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.");
    for (const url of [form.success_url, form.cancel_url]) if (!URL.canParse(url)) throw invalid("Not a valid URL");
    const session = this.#make("cs_test", "checkout.session", {
      mode: form.mode, status: "open", payment_status: "unpaid", customer: customer.id,
      client_reference_id: form.client_reference_id ?? null, amount_total: amount, currency: price.currency,
      success_url: form.success_url, cancel_url: form.cancel_url, expires_at: expires, metadata: form.metadata ?? {},
      payment_intent: null, subscription: null, invoice: null,
    });
    // What Stripe keeps and does not show.
    for (const [name, value] of Object.entries({ price: { ...price, unit_amount: amount }, payment_intent_data: form.payment_intent_data, subscription_data: form.subscription_data })) {
      Object.defineProperty(session, name, { value, enumerable: false });
    }
    session.url = `${this.url}/c/pay/${session.id}`;
    return session;
  }

  #list(items, query) {
    const limit = Number(query.limit ?? 10);
    if (!(limit >= 1 && limit <= 100)) throw invalid("Invalid integer: limit");
    let from = 0;
    if (query.starting_after) {
      from = items.findIndex(({ id }) => id === query.starting_after) + 1;
      if (from === 0) throw missing(`object: '${query.starting_after}'`, 400);
    }
    const data = items.slice(from, from + limit);
    return { object: "list", url: "/v1", data, has_more: from + limit < items.length };
  }

  /** Writes out what names stand for, along each path that was asked for. */
  #expanded(object, paths = []) {
    const copy = structuredClone(object);
    for (const path of paths) {
      let at = copy;
      for (const part of path.split(".")) {
        if (typeof at?.[part] === "string") at[part] = structuredClone(this.objects.get(at[part]) ?? at[part]);
        at = at?.[part];
      }
    }
    return copy;
  }

  #cancel(id) {
    const subscription = this.#find(id, "subscription");
    if (subscription.status === "canceled") throw missing(`subscription: '${id}'`);
    Object.assign(subscription, { status: "canceled", canceled_at: now() });
    this.happened("customer.subscription.deleted", subscription);
    return subscription;
  }

  #answer(method, path, form, query) {
    const [first, second, third, fourth] = path.split("/");
    const by = (object) => (one) => one.object === object && (!query.charge || one.charge === query.charge);
    const all = (filter) => [...this.objects.values()].filter(filter).reverse();
    switch (`${method} ${path.replace(/\b(cs_test|cus|ch|in|sub|pi|evt|re)_\w+/g, "*")}`) {
      case "POST customers":
        return this.#make("cus", "customer", { email: form.email ?? null, metadata: form.metadata ?? {} });
      case "POST customers/*":
        return Object.assign(this.#find(second, "customer"), form);
      case "GET customers/*":
        return this.#find(second, "customer");
      case "DELETE customers/*": {
        this.#find(second, "customer");
        for (const one of this.of("subscription")) if (one.customer === second && one.status !== "canceled") this.#cancel(one.id);
        this.objects.delete(second);
        return { id: second, object: "customer", deleted: true };
      }
      case "POST checkout/sessions":
        return this.#session(form);
      case "GET checkout/sessions":
        return this.#list(all((one) => one.object === "checkout.session" && one.customer === query.customer && (!query.status || one.status === query.status)), query);
      case "GET checkout/sessions/*":
        return this.#expanded(this.#find(third, "checkout.session"), query.expand);
      case "POST checkout/sessions/*/expire": {
        const session = this.#find(third, "checkout.session");
        if (session.status !== "open" || fourth !== "expire") throw invalid(`Only Checkout Sessions with a status in ["open"] can be expired.`);
        Object.assign(session, { status: "expired", url: null });
        this.happened("checkout.session.expired", session);
        return session;
      }
      case "POST billing_portal/sessions": {
        this.#find(form.customer, "customer", 400);
        const portal = this.#make("bps", "billing_portal.session", { customer: form.customer, return_url: form.return_url });
        portal.url = `${this.url}/p/session/${portal.id}`;
        return portal;
      }
      case "POST refunds":
        return this.#refund(form);
      case "GET charges/*":
        return this.#expanded(this.#find(second, "charge"), query.expand);
      case "GET invoices/*":
        return this.#expanded(this.#find(second, "invoice"), query.expand);
      case "GET subscriptions":
        return this.#list(all((one) => one.object === "subscription" && one.customer === query.customer && one.status !== "canceled"), query);
      case "GET subscriptions/*":
        return this.#expanded(this.#find(second, "subscription"), query.expand);
      case "DELETE subscriptions/*":
        return this.#cancel(second);
      case "GET disputes":
        return this.#list(all(by("dispute")), query);
      case "GET radar/early_fraud_warnings":
        return this.#list(all(by("radar.early_fraud_warning")), query);
      case "GET events":
        return this.#list(this.events.filter(({ created }) => created >= Number(query.created?.gte ?? 0)), query);
      case "GET events/*":
        return this.#find(second, "event");
      default:
        throw new Refusal(404, "invalid_request_error", undefined, `Unrecognized request URL (${method}: /v1/${first})`);
    }
  }

  async #serve(request, answer) {
    const body = Buffer.concat(await request.toArray()).toString();
    const { pathname, search } = new URL(request.url, this.url);
    if (!pathname.startsWith("/v1/")) return this.#page(request, answer, pathname, body);
    const path = pathname.slice("/v1/".length);
    const { status, sent } = this.#respond(request, path, search.slice(1), body);
    answer.writeHead(status, { "content-type": "application/json", "request-id": `req_${randomBytes(7).toString("hex")}` });
    answer.end(JSON.stringify(sent));
  }

  #respond({ method, headers }, path, search, body) {
    this.requests.push(`${method} ${path}`);
    if (this.isDown) return { status: 500, sent: { error: { type: "api_error", message: "Something went wrong" } } };
    try {
      if (headers.authorization !== `Bearer ${KEY}`) throw new Refusal(401, "invalid_request_error", undefined, "Invalid API Key provided");
      if (!/^\d{4}-\d\d-\d\d/.test(headers["stripe-version"] ?? "")) throw invalid("Invalid Stripe API version");
      if (method === "POST" && headers["content-type"] !== "application/x-www-form-urlencoded") throw invalid("Invalid request: unsupported content type");
      const shape = `${method} ${path.replace(/\b(cs_test|cus)_\w+/, "*")}`;
      const names = [...new URLSearchParams(`${body}&${search}`).keys()].filter((name) => name && !/^expand\[\d*\]$/.test(name));
      const strange = names.find((name) => !(FIELDS[shape] ?? /^$/).test(name));
      if (strange) throw invalid(`Received unknown parameter: ${strange}`, "parameter_unknown");
      const key = method === "POST" && headers["idempotency-key"];
      const known = key && this.#keys.get(key);
      if (known && known.body !== body) throw new Refusal(400, "idempotency_error", undefined, "Keys for idempotent requests can only be used with the same parameters they were first used with.");
      if (known) return { status: 200, sent: known.sent };
      const sent = structuredClone(this.#answer(method, path, parse(body), parse(search)));
      if (key) this.#keys.set(key, { body, sent });
      return { status: 200, sent };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, sent: error.body };
    }
  }

  /** The pages that buyers see: to pay on, and of a customer. */
  #page({ method }, answer, pathname, body) {
    const [, kind, , id] = pathname.split("/");
    const session = kind === "c" && this.objects.get(id);
    const portal = kind === "p" && this.objects.get(id);
    const html = (title, inside) =>
      answer.setHeader("content-type", "text/html").end(`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${inside}`);
    if (!session && !portal) return answer.writeHead(404).end("nothing here");
    if (portal) {
      const own = this.of("subscription").filter(({ customer, status }) => customer === portal.customer && status === "active");
      if (method === "POST") {
        for (const subscription of own) {
          subscription.cancel_at_period_end = true;
          this.happened("customer.subscription.updated", subscription);
        }
        return answer.writeHead(303, { location: portal.return_url }).end();
      }
      return html("Billing", `<form method="post"><button>Cancel plan</button></form><a href="${portal.return_url}">Return</a>`);
    }
    if (method === "POST") {
      if (session.status === "open") this.pay(id);
      return answer.writeHead(303, { location: session.success_url }).end();
    }
    const price = `${(session.amount_total / 100).toFixed(2)} ${session.currency.toUpperCase()}`;
    html("Checkout", `<p>${price}</p><form method="post"><button>Pay</button></form><a href="${session.cancel_url}">Back</a>`);
  }
}

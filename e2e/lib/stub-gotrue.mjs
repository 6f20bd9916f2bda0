// Supabase's auth server, as far as this program and the real client `@supabase/auth-js` speak with it: its addresses, its
// bodies, its errors, its rules (an answer that tells nobody who has an account, links that work once, refresh tokens that
// are good once and end the whole session when an old one comes back). After github.com/supabase/auth, `internal/api`.
//
// What it does not have: other ways than address and password or OAuth, several factors, limits of rate. Faults are
// switched on with `fault`.

import { createHash, createHmac, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { address, identify, listen } from "./stub-other-service.mjs";

const ANON = "sb_publishable_of_the_stub_0123456789";
const SERVICE = "sb_secret_of_the_stub_0123456789";
const SECRET = "the-stub-signs-older-tokens-with-this-secret";
const OTP_SECONDS = 3600;
const FLOW_SECONDS = 300;

const sha256 = (text) => createHash("sha256").update(text).digest("base64url");
const now = () => Math.floor(Date.now() / 1000);
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

class Refusal extends Error {
  constructor(status, code, message = code) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export class StubGoTrue {
  /** Users by id; the mails that were sent; what was asked for, without bodies. */
  users = new Map();
  mails = [];
  asked = [];
  /** "slow", 429, 500, "json", "huge", "expired", "wrong-key" or a function of the request: what goes wrong. */
  fault;
  /** "ES256", "RS256" or "HS256". */
  algorithm = "ES256";
  /** How long access tokens are good, seconds. */
  lifetime = 3600;
  /** Whether addresses are taken for confirmed without a mail. */
  autoconfirm = false;
  /** Whether a change of address takes a link to the old one as well. */
  secureEmailChange = true;
  /** Who signs in by way of the other service: the next one that is asked. */
  visitor = { sub: "1", email: "other@example.org", verified: true, name: "Other" };
  #sessions = new Map();
  #links = new Map();
  #flows = new Map();
  #keys = {};
  #server;
  #other;
  url = "";

  static async start() {
    const stub = new StubGoTrue();
    stub.#makeKeys();
    stub.#server = await listen((request, answer) => stub.#serve(request, answer));
    stub.url = address(stub.#server);
    stub.#other = await listen(identify);
    return stub;
  }

  /** New keys, as when a project rotates them. */
  rotateKeys() {
    this.#makeKeys();
  }

  #makeKeys() {
    const pair = (type, options) => ({ kid: randomUUID(), ...generateKeyPairSync(type, options) });
    this.#keys = {
      ES256: pair("ec", { namedCurve: "P-256" }),
      RS256: pair("rsa", { modulusLength: 2048 }),
    };
  }

  /** The program's settings for it. */
  get settings() {
    return {
      BALANCED_IDENTITY__PROVIDER: "supabase",
      BALANCED_IDENTITY__SUPABASE_URL: this.url,
      BALANCED_IDENTITY__SUPABASE_ANON_KEY: ANON,
      BALANCED_IDENTITY__SUPABASE_SERVICE_KEY: SERVICE,
      BALANCED_IDENTITY__SUPABASE_OAUTH: '["google", "github"]',
    };
  }

  get keys() {
    return { anon: ANON, service: SERVICE };
  }

  /** The last mail to an address. */
  mail(to) {
    return this.mails.filter((mail) => mail.to === to).at(-1);
  }

  user(email) {
    return [...this.users.values()].find((user) => user.email === email);
  }

  /** A user who is there already. */
  add(email, password, { confirmed = true, ...more } = {}) {
    const user = {
      id: randomUUID(),
      aud: "authenticated",
      role: "authenticated",
      email,
      phone: "",
      ...(confirmed && { email_confirmed_at: new Date().toISOString() }),
      app_metadata: { provider: "email", providers: ["email"] },
      user_metadata: {},
      identities: [],
      created_at: new Date().toISOString(),
      updated_at: new Date().toISOString(),
      is_anonymous: false,
      ...more,
    };
    Object.defineProperty(user, "password", { value: password, writable: true, enumerable: false });
    this.users.set(user.id, user);
    return user;
  }

  /** How many sessions somebody has. */
  sessions(email) {
    return [...this.#sessions.values()].filter(({ user }) => user.email === email).length;
  }

  /** Ends all of somebody's sessions, as an administrator of the project does. */
  revoke(email) {
    for (const [id, { user }] of this.#sessions) if (user.email === email) this.#sessions.delete(id);
  }

  async close() {
    for (const server of [this.#server, this.#other]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Is not to be reached any more, until it is `back`. */
  async goAway() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async comeBack() {
    this.#server = await listen((request, answer) => this.#serve(request, answer), new URL(this.url).port);
  }

  async #serve(request, answer) {
    const url = new URL(request.url, this.url);
    const path = url.pathname.replace(/^\/auth\/v1/, "");
    this.asked.push(`${request.method} ${path}${url.search}`);
    const fault = typeof this.fault === "function" ? this.fault(request.method, path, url) : this.fault;
    const headers = { "Content-Type": "application/json", "X-Supabase-Api-Version": "2024-01-01" };
    const reply = (status, body, more = {}) =>
      answer.writeHead(status, { ...headers, ...more }).end(body === undefined ? "" : JSON.stringify(body));
    if (fault === "slow") return;
    if (fault === 429) return reply(429, { code: "over_request_rate_limit", message: "Request rate limit reached" });
    if (fault === 500) return reply(500, { code: "unexpected_failure", message: "Unexpected failure" });
    if (fault === "json") return answer.writeHead(200, headers).end('{"access_token": "ey');
    if (fault === "huge") {
      answer.writeHead(200, headers);
      const more = () => answer.write("x".repeat(65536), (error) => !error && !answer.destroyed && setImmediate(more));
      return more();
    }
    try {
      const body = Buffer.concat(await request.toArray()).toString();
      await this.#route(request, path, url.searchParams, body ? JSON.parse(body) : {}, reply);
    } catch (error) {
      if (!(error instanceof Refusal)) return reply(500, { code: "unexpected_failure", message: String(error) });
      reply(error.status, { code: error.code, message: error.message }, { "x-sb-error-code": error.code });
    }
  }

  async #route(request, path, query, body, reply) {
    const route = `${request.method} ${path}`;
    if (route === "GET /.well-known/jwks.json") return reply(200, this.#jwks());
    if (route === "GET /settings") return reply(200, this.#settings());
    if (route === "GET /authorize") return this.#authorize(query, reply);
    if (route === "GET /callback") return this.#callback(query, reply);
    if (route === "GET /verify") return this.#verifyInBrowser(query, reply);
    if (request.headers.apikey !== ANON && request.headers.apikey !== SERVICE) {
      return reply(401, { message: "Invalid API key" });
    }
    const redirect = query.get("redirect_to");
    switch (route) {
      case "POST /signup":
        return reply(200, this.#signUp(body, redirect));
      case "POST /token":
        return reply(200, this.#token(query.get("grant_type"), body));
      case "POST /recover":
        return reply(200, this.#recover(body, redirect));
      case "POST /verify":
        return reply(200, this.#verify(body.type, body.token_hash));
      case "GET /user":
        return reply(200, this.#bearer(request).user);
      case "PUT /user":
        return reply(200, this.#update(this.#bearer(request), body, redirect));
      case "POST /logout":
        this.#signOut(this.#bearer(request), query.get("scope") ?? "global");
        return reply(204);
      default:
    }
    const [, id] = path.match(/^\/admin\/users\/([0-9a-f-]{36})$/) ?? [];
    if (id && request.method === "GET") return reply(200, this.#administered(request, id));
    if (id && request.method === "DELETE") return reply(200, this.#delete(request, id));
    throw new Refusal(404, "not_found", "404 page not found");
  }

  #jwks() {
    const keys = Object.entries(this.#keys).map(([alg, { kid, publicKey }]) => ({
      ...publicKey.export({ format: "jwk" }),
      alg,
      kid,
      use: "sig",
      key_ops: ["verify"],
    }));
    return { keys };
  }

  #settings() {
    const external = { email: true, google: true, github: true, phone: false };
    return { external, disable_signup: false, mailer_autoconfirm: this.autoconfirm, phone_autoconfirm: false };
  }

  #token(grant, body) {
    if (grant === "password") {
      const user = this.user(body.email?.toLowerCase());
      if (!user?.password) throw new Refusal(400, "invalid_credentials", "Invalid login credentials");
      if (user.banned_until) throw new Refusal(400, "user_banned", "User is banned");
      if (user.password !== body.password) throw new Refusal(400, "invalid_credentials", "Invalid login credentials");
      if (!user.email_confirmed_at) throw new Refusal(400, "email_not_confirmed", "Email not confirmed");
      return this.#session(user, "password");
    }
    if (grant === "refresh_token") return this.#refresh(body.refresh_token);
    if (grant === "pkce") {
      if (!body.auth_code || !body.code_verifier) throw new Refusal(400, "validation_failed");
      const flow = [...this.#flows.values()].find(({ code }) => code === body.auth_code);
      if (!flow?.user) throw new Refusal(404, "flow_state_not_found", "invalid flow state, no valid flow state found");
      if (flow.at + FLOW_SECONDS < now()) throw new Refusal(422, "flow_state_expired");
      if (sha256(body.code_verifier) !== flow.challenge) {
        throw new Refusal(400, "bad_code_verifier", "code challenge does not match previously saved code verifier");
      }
      this.#flows.delete(flow.id);
      return this.#session(flow.user, "oauth");
    }
    throw new Refusal(400, "invalid_credentials", "unsupported_grant_type");
  }

  #session(user, method) {
    const session = { id: randomUUID(), user, method, refresh: [randomBytes(9).toString("base64url")] };
    this.#sessions.set(session.id, session);
    return this.#answer(session);
  }

  #answer(session) {
    const { user } = session;
    const lifetime = this.fault === "expired" ? -120 : this.lifetime;
    return {
      access_token: this.#accessToken(session, lifetime),
      token_type: "bearer",
      expires_in: lifetime,
      expires_at: now() + lifetime,
      refresh_token: session.refresh.at(-1),
      user: { ...user, last_sign_in_at: new Date().toISOString() },
    };
  }

  #accessToken({ id, user, method }, lifetime) {
    const key = this.#keys[this.algorithm];
    const claims = {
      iss: `${this.url}/auth/v1`,
      sub: user.id,
      aud: "authenticated",
      exp: now() + lifetime,
      iat: now() - 1,
      email: user.email,
      phone: "",
      app_metadata: user.app_metadata,
      user_metadata: user.user_metadata,
      role: "authenticated",
      aal: "aal1",
      amr: [{ method, timestamp: now() }],
      session_id: id,
      is_anonymous: false,
    };
    const header = { alg: this.algorithm, typ: "JWT", ...(key && { kid: key.kid }) };
    const text = `${base64(header)}.${base64(claims)}`;
    if (!key) return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
    const { privateKey } = this.fault === "wrong-key" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : key;
    const signed = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${text}.${signed.toString("base64url")}`;
  }

  #refresh(token) {
    const session = [...this.#sessions.values()].find(({ refresh }) => refresh.includes(token));
    if (!session) throw new Refusal(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
    if (session.user.banned_until) throw new Refusal(400, "user_banned", "Invalid Refresh Token: User Banned");
    const age = session.refresh.length - 1 - session.refresh.indexOf(token);
    if (age > 1) {
      this.#sessions.delete(session.id);
      throw new Refusal(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used");
    }
    // The one before the last comes back when the answer got lost.
    if (age === 0) session.refresh.push(randomBytes(9).toString("base64url"));
    return this.#answer(session);
  }

  /** Who asks, by their access token; signatures of its own are known by what is in them. */
  #bearer(request) {
    const token = request.headers.authorization?.match(/^Bearer (\S+)$/)?.[1];
    if (!token) throw new Refusal(401, "no_authorization", "This endpoint requires a valid Bearer token");
    let claims;
    try {
      claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    } catch {
      throw new Refusal(403, "bad_jwt", "invalid JWT");
    }
    if (claims.exp <= now()) throw new Refusal(403, "bad_jwt", "invalid JWT: token is expired");
    const user = this.users.get(claims.sub);
    if (!user) throw new Refusal(403, "user_not_found", "User from sub claim in JWT does not exist");
    const session = this.#sessions.get(claims.session_id);
    if (!session) throw new Refusal(403, "session_not_found", "Session from session_id claim in JWT does not exist");
    if (user.banned_until) throw new Refusal(403, "user_banned", "User is banned");
    return { user, session };
  }

  #post(user, kind, to, redirect, pkce) {
    const token = `${pkce ? "pkce_" : ""}${randomBytes(28).toString("hex")}`;
    this.#links.set(token, { user, kind, to, at: now(), challenge: pkce });
    // `path` is for a template as our README has it; `theirs` is what the project's own template says.
    const path = { signup: "/account/confirm", recovery: "/account/reset", email_change: "/account/email/confirm" }[kind];
    const theirs = `${this.url}/auth/v1/verify?token=${token}&type=${kind}&redirect_to=${encodeURIComponent(redirect ?? "")}`;
    this.mails.push({ to, kind, path: `${path}?token=${token}`, theirs, token });
  }

  #signUp({ email, password, data, code_challenge: challenge }, redirect) {
    if (!password) throw new Refusal(400, "validation_failed", "Signup requires a valid password");
    if (password.length > 72) throw new Refusal(400, "validation_failed", "Password cannot be longer than 72 characters");
    if (password.length < 6) throw new Refusal(422, "weak_password", "Password should be at least 6 characters.");
    const address = email?.toLowerCase();
    let user = this.user(address);
    if (user?.email_confirmed_at) {
      if (this.autoconfirm) throw new Refusal(422, "user_already_exists", "User already registered");
      // Somebody who looks like a new one.
      return { ...user, id: randomUUID(), role: "", identities: [], user_metadata: data ?? {}, email_confirmed_at: undefined };
    }
    user ??= this.add(address, password, { confirmed: this.autoconfirm, user_metadata: data ?? {} });
    user.identities = [identity(user, "email", user.id)];
    if (this.autoconfirm) return this.#session(user, "password");
    user.confirmation_sent_at = new Date().toISOString();
    this.#post(user, "signup", address, redirect, challenge);
    return user;
  }

  #recover({ email, code_challenge: challenge }, redirect) {
    const user = this.user(email?.toLowerCase());
    if (user) this.#post(user, "recovery", user.email, redirect, challenge);
    return {};
  }

  #useLink(kind, token) {
    const link = this.#links.get(token);
    if (!link || link.kind !== kind || link.at + OTP_SECONDS < now()) {
      throw new Refusal(403, "otp_expired", "Email link is invalid or has expired");
    }
    this.#links.delete(token);
    if (link.user.banned_until) throw new Refusal(403, "user_banned", "User is banned");
    return link;
  }

  #verify(kind, token) {
    if (!kind || !token) throw new Refusal(400, "validation_failed", "Verify requires either a token or a token hash");
    const { user } = this.#useLink(kind, token);
    if (kind === "email_change") {
      if (this.secureEmailChange && !user.half_changed) {
        Object.defineProperty(user, "half_changed", { value: true, writable: true, enumerable: false, configurable: true });
        return { msg: "Confirmation link accepted. Please proceed to confirm link sent to the other email", code: "200" };
      }
      delete user.half_changed;
      user.email = user.new_email;
      delete user.new_email;
    }
    user.email_confirmed_at ??= new Date().toISOString();
    return this.#session(user, "otp");
  }

  /** What the project's own templates lead to. */
  #verifyInBrowser(query, reply) {
    const back = new URL(query.get("redirect_to"));
    try {
      const link = this.#useLink(query.get("type"), query.get("token"));
      link.user.email_confirmed_at ??= new Date().toISOString();
      if (link.challenge) {
        back.searchParams.set("code", randomUUID());
      } else {
        back.hash = new URLSearchParams(this.#session(link.user, "otp")).toString();
      }
    } catch (error) {
      back.searchParams.set("error_code", error.code);
    }
    reply(303, undefined, { Location: back.href });
  }

  #update({ user, session }, { email, password, data, code_challenge: challenge }, redirect) {
    if (password !== undefined) {
      if (password.length < 6) throw new Refusal(422, "weak_password", "Password should be at least 6 characters.");
      if (password.length > 72) throw new Refusal(400, "validation_failed");
      if (password === user.password) throw new Refusal(422, "same_password", "New password should be different.");
    }
    if (email && email !== user.email) {
      if (this.user(email)) throw new Refusal(422, "email_exists", "A user with this email address has already been registered");
      user.new_email = email;
      if (this.secureEmailChange) this.#post(user, "email_change", user.email, redirect, challenge);
      this.#post(user, "email_change", email, redirect, challenge);
    }
    if (password !== undefined) {
      user.password = password;
      for (const [id, other] of this.#sessions) if (other.user === user && other !== session) this.#sessions.delete(id);
      for (const [token, link] of this.#links) if (link.user === user) this.#links.delete(token);
    }
    if (data) Object.assign(user.user_metadata, data);
    return user;
  }

  #signOut({ user, session }, scope) {
    for (const [id, other] of this.#sessions) {
      const ends = { local: other === session, others: other.user === user && other !== session, global: other.user === user };
      if (ends[scope]) this.#sessions.delete(id);
    }
  }

  #administered(request, id) {
    if (request.headers.authorization !== `Bearer ${SERVICE}`) throw new Refusal(403, "not_admin", "User not allowed");
    const user = this.users.get(id);
    if (!user) throw new Refusal(404, "user_not_found", "User not found");
    return user;
  }

  #delete(request, id) {
    const user = this.#administered(request, id);
    this.users.delete(id);
    this.revoke(user.email);
    return {};
  }

  #authorize(query, reply) {
    const [provider, redirect] = [query.get("provider"), query.get("redirect_to")];
    if (!["google", "github"].includes(provider)) {
      throw new Refusal(400, "validation_failed", "Unsupported provider: provider is not enabled");
    }
    const challenge = query.get("code_challenge");
    if (!challenge !== !query.get("code_challenge_method")) throw new Refusal(400, "validation_failed");
    const flow = { id: randomUUID(), provider, redirect, challenge, code: randomUUID(), at: now() };
    this.#flows.set(flow.id, flow);
    const back = encodeURIComponent(`${this.url}/auth/v1/callback`);
    reply(302, undefined, { Location: `${address(this.#other)}/authorize?state=${flow.id}&redirect_uri=${back}` });
  }

  #callback(query, reply) {
    const flow = this.#flows.get(query.get("state"));
    if (!flow) throw new Refusal(400, "bad_oauth_state", "OAuth state not found or expired");
    const back = new URL(flow.redirect);
    const { sub, email, verified, name } = this.visitor;
    if (query.get("error")) {
      back.searchParams.set("error", query.get("error"));
      back.searchParams.set("error_description", "<b>The resource owner denied the request</b>");
      return reply(302, undefined, { Location: back.href });
    }
    let user = [...this.users.values()].find(({ identities }) =>
      identities.some(({ provider, id }) => provider === flow.provider && id === sub),
    );
    // Only an address that the other service vouches for joins a user who has it.
    user ??= verified ? this.user(email) : undefined;
    user ??= this.add(this.user(email) ? "" : email, undefined, { confirmed: verified, user_metadata: { name, email } });
    if (!user.identities.some(({ provider }) => provider === flow.provider)) {
      user.identities.push(identity(user, flow.provider, sub));
    }
    flow.user = user;
    if (flow.challenge) back.searchParams.set("code", flow.code);
    reply(302, undefined, { Location: back.href });
  }
}

function identity(user, provider, id) {
  const at = new Date().toISOString();
  const identity_data = { email: user.email, sub: id };
  return { identity_id: randomUUID(), id, user_id: user.id, identity_data, provider, created_at: at, updated_at: at };
}

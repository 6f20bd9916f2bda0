// The stub that stands for Supabase is believed because the real client of Supabase believes it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { AuthClient, GoTrueAdminApi } from "@supabase/auth-js";
import { StubGoTrue } from "../lib/stub-gotrue.mjs";

const PASSWORD = "violet anvil teaspoon";
const BACK = "http://127.0.0.1:9/account/confirm";

const stub = await StubGoTrue.start();
after(() => stub.close());

/** A client as an application makes one, with a memory of its own. */
function client() {
  const kept = new Map();
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
  return new AuthClient({
    url: `${stub.url}/auth/v1`,
    headers: { apikey: stub.keys.anon },
    flowType: "pkce",
    autoRefreshToken: false,
    detectSessionInUrl: false,
    persistSession: true,
    storage,
  });
}

async function good(asked) {
  const { data, error } = await asked;
  assert.equal(error, null, error?.message);
  return data;
}

async function refused(asked, code) {
  const { error } = await asked;
  assert.equal(error?.code, code);
}

test("sign-up, confirm, sign-in, refresh, who am I, sign-out", async () => {
  const auth = client();
  const asked = auth.signUp({ email: "mia@example.org", password: PASSWORD, options: { emailRedirectTo: BACK } });
  assert.equal((await good(asked)).session, null, "first the mail");
  await refused(auth.signInWithPassword({ email: "mia@example.org", password: PASSWORD }), "email_not_confirmed");
  const { token } = stub.mail("mia@example.org");
  const confirmed = await good(auth.verifyOtp({ token_hash: token, type: "signup" }));
  assert.equal(confirmed.user.email, "mia@example.org");
  assert.ok(confirmed.user.email_confirmed_at);
  await refused(auth.verifyOtp({ token_hash: token, type: "signup" }), "otp_expired");

  const { session } = await good(auth.signInWithPassword({ email: "mia@example.org", password: PASSWORD }));
  assert.equal((await good(auth.getUser())).user.id, session.user.id);
  const claims = await good(auth.getClaims(session.access_token));
  assert.equal(claims.claims.sub, session.user.id, "the client proves the signature with the published key");
  const refreshed = await good(auth.refreshSession());
  assert.notEqual(refreshed.session.refresh_token, session.refresh_token);
  await good(auth.refreshSession());
  await refused(auth.refreshSession({ refresh_token: session.refresh_token }), "refresh_token_already_used");
  await refused(auth.refreshSession({ refresh_token: refreshed.session.refresh_token }), "refresh_token_not_found");

  await good(auth.signInWithPassword({ email: "mia@example.org", password: PASSWORD }));
  const again = await good(auth.signUp({ email: "mia@example.org", password: "another lantern biscuit" }));
  assert.deepEqual(again.user.identities, [], "it tells nobody who has an account");
  const before = stub.sessions("mia@example.org");
  assert.equal((await auth.signOut({ scope: "local" })).error, null);
  assert.equal(stub.sessions("mia@example.org"), before - 1);
  await refused(auth.signInWithPassword({ email: "mia@example.org", password: "wrong wrong wrong" }), "invalid_credentials");
});

test("a forgotten password, another address, and the end", async () => {
  const auth = client();
  const { id } = stub.add("noa@example.org", PASSWORD);
  await good(auth.resetPasswordForEmail("noa@example.org", { redirectTo: BACK }));
  await good(auth.resetPasswordForEmail("nobody@example.org", { redirectTo: BACK }));
  await good(auth.verifyOtp({ token_hash: stub.mail("noa@example.org").token, type: "recovery" }));
  await refused(auth.updateUser({ password: PASSWORD }), "same_password");
  await refused(auth.updateUser({ password: "short" }), "weak_password");
  await good(auth.updateUser({ password: "another lantern biscuit" }));
  await good(auth.updateUser({ email: "new-noa@example.org" }));
  const [old, fresh] = stub.mails.slice(-2);
  assert.deepEqual([old.to, fresh.to], ["noa@example.org", "new-noa@example.org"]);
  await good(auth.verifyOtp({ token_hash: old.token, type: "email_change" }));
  const moved = await good(auth.verifyOtp({ token_hash: fresh.token, type: "email_change" }));
  assert.equal(moved.user.email, "new-noa@example.org");

  const admin = (key) =>
    new GoTrueAdminApi({ url: `${stub.url}/auth/v1`, headers: { apikey: key, Authorization: `Bearer ${key}` } });
  await refused(admin(stub.keys.anon).deleteUser(id), "not_admin");
  await good(admin(stub.keys.service).deleteUser(id));
  await refused(admin(stub.keys.service).deleteUser(id), "user_not_found");
  assert.equal((await auth.getUser()).error?.code, "user_not_found");
});

test("by way of another service, with a code and its proof", async () => {
  const auth = client();
  const options = { redirectTo: "http://127.0.0.1:9/account/oauth/callback?state=kept", skipBrowserRedirect: true };
  const { url } = await good(auth.signInWithOAuth({ provider: "google", options }));
  const page = await (await fetch(url)).text();
  const yes = page.match(/<a href="([^"]+)"/)[1].replace(/&#38;/g, "&");
  const { headers } = await fetch(yes, { redirect: "manual" });
  const back = new URL(headers.get("location"));
  assert.equal(back.searchParams.get("state"), "kept");
  const code = back.searchParams.get("code");
  await refused(client().exchangeCodeForSession(code), "pkce_code_verifier_not_found");
  const { session } = await good(auth.exchangeCodeForSession(code));
  assert.equal(session.user.email, "other@example.org");
  const { status } = await fetch(`${stub.url}/auth/v1/token?grant_type=pkce`, {
    method: "POST",
    headers: { apikey: stub.keys.anon },
    body: JSON.stringify({ auth_code: code, code_verifier: "x".repeat(43) }),
  });
  assert.equal(status, 404, "once");
});

test("older tokens, other keys and faults reach the client as the service's own do", async () => {
  const auth = client();
  stub.add("lou@example.org", PASSWORD);
  const signIn = () => auth.signInWithPassword({ email: "lou@example.org", password: PASSWORD });
  for (const algorithm of ["RS256", "HS256", "ES256"]) {
    stub.algorithm = algorithm;
    const { session } = await good(signIn());
    assert.equal((await good(auth.getClaims(session.access_token))).header.alg, algorithm);
  }
  stub.fault = "wrong-key";
  const { data } = await signIn();
  assert.ok((await auth.getClaims(data.session.access_token)).error, "a signature by another key is noticed");
  stub.fault = 429;
  await refused(signIn(), "over_request_rate_limit");
  stub.fault = 500;
  assert.equal((await signIn()).error?.status, 500);
  stub.fault = undefined;
  await good(signIn());
});

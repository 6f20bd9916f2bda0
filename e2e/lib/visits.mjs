// How the crawl gets to each address that the router knows. An address that no visit asks for fails the crawl; where a
// form is needed, `way.mjs` fills it in.

/** Addresses that a person opens as pages. */
export const LOOKED_AT = [
  "/",
  "/tracks",
  "/tracks/{id}",
  "/help",
  "/help/loudness",
  "/settings",
  "/cookies",
  "/cookies?lang=de",
  "/cookies/settings",
  "/cookies/kept",
  "/cookies/receipt",
  "/account/sign-up",
  "/account/sign-in",
  "/account/sign-in/second",
  "/account/forgot",
  "/account/confirm",
  "/account/reset",
  "/account/email/confirm",
  "/account/oauth/callback",
  "/account",
  "/account/delete",
  "/account/prove",
  "/account/app",
  "/prices",
  "/purchases",
  "/purchases/{id}",
  "/operator/sign-in",
  "/operator",
  "/no/such/page",
];

/** Addresses that a page asks for, that programs read, or that end in a download. */
export const FETCHED = [
  "/healthz",
  "/tracks/{id}/events",
  "/tracks/{id}/preview.flac",
  "/tracks/{id}/original",
  "/tracks/{id}/report",
  "/tracks/{id}/report.json",
  "/tracks/{id}/download/wav24",
  "/cookies/receipt.json",
  "/cookies/changes.atom",
  "/cookies/versions/1.json",
  "/.well-known/cookie-policy.json",
  "/.well-known/cookie-policy.schema.json",
  "/.well-known/gpc.json",
];

/** Pages that are the operator's. */
export const NEEDS_OPERATOR = /^\/operator(?!\/sign-in)/;

/** Pages that are an account's. */
export const NEEDS_MEMBER = /^\/account(\/(delete|prove|app))?$/;

/** Pages that anybody can open. */
export const PUBLIC = LOOKED_AT.filter((path) => !path.includes("{") && !NEEDS_OPERATOR.test(path) && !NEEDS_MEMBER.test(path));

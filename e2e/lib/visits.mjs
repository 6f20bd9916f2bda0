// How the crawl gets to each address that the router knows. An address without an entry fails the crawl, and so does an
// entry that nothing came of.

/** Addresses that a person opens as pages. */
export const LOOKED_AT = [
  "/",
  "/tracks",
  "/tracks/{id}",
  "/help",
  "/help/nothing-of-the-kind",
  "/no/such/page",
];

/** Addresses that a page asks for, or that end in a download. */
export const FETCHED = [
  "/healthz",
  "/tracks/{id}/events",
  "/tracks/{id}/preview.flac",
  "/tracks/{id}/original",
  "/tracks/{id}/report.json",
  "/tracks/{id}/download/wav24",
];

/** Pages that are the operator's. */
export const NEEDS_OPERATOR = /^\/operator(?!\/sign-in)/;

/** Pages that anybody can open. */
export const PUBLIC = LOOKED_AT.filter((path) => !path.includes("{") && !NEEDS_OPERATOR.test(path));

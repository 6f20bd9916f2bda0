//! The policy page in English.

use super::policy::{Card, Columns, Facts, Group, Point, Policy, Section};
use crate::consent::purposes::Area;

pub(super) const POLICY: Policy = Policy {
    title: "Cookie policy",
    lead: "We use cookies so that the site works better for you, remembers what you prefer, and fits how you work. Here \
           is every one of them, with what holds in your browser at this moment.",
    version: "Version {}, in force since {}.",
    contents: "On this page",
    what: Section {
        heading: "1. What cookies are",
        text: &[
            "Cookies are small text files that a site stores on your device when you visit it. Ours remember what you \
             prefer, keep you signed in, and make the site better to use.",
            "Browsers have a second place, local storage, which scripts of the page fill and which is not sent with each \
             request. We use it for two things, list them beside the cookies, and ask for them in the same way.",
        ],
    },
    types: Section {
        heading: "2. The cookies we use",
        text: &[
            "There is nothing else: the server checks every response against this very list, and what is not on it, or \
             not agreed to, does not leave the server.",
        ],
    },
    columns: Columns {
        name: "Name",
        about: "What it does",
        life: "How long",
        whose: "Whose",
        state: "In your browser",
    },
    purposes: Section {
        heading: "3. What they are for",
        text: &["Twelve purposes, and for each the items that serve it."],
    },
    groups: [
        Group {
            area: Area::Security,
            heading: "Authentication and security",
            promises: [
                "Remembers that you are signed in.",
                "Protect you against attacks that act in your name.",
                "Keeps the connection between your browser and your tracks on our server.",
                "Notices suspicious activity. Our server does that, with limits on how often something may be tried.",
            ],
        },
        Group {
            area: Area::Experience,
            heading: "User experience",
            promises: [
                "Remember your settings and choices.",
                "Keeps an upload form that you filled in halfway.",
                "Remembers which pages you have visited, and your latest uploads.",
                "Stores what you need to read a page well: less motion, more contrast, larger text.",
            ],
        },
        Group {
            area: Area::Improvement,
            heading: "Service improvement",
            promises: [
                "Finds slow pages. The server times its own work without storing anything on your device; your browser\u{2019}s \
                 times are taken only if you allow analytics.",
                "Shows which features are popular.",
                "Finds and mends faults. A fault is written down without a word about you, unless you allow usage-stats.",
                "Compares two versions of a page. Without your consent you always see the usual one.",
            ],
        },
    ],
    kept_in: "Kept in",
    nothing_stored: "Nothing is stored on your device for this.",
    parties: Section {
        heading: "4. Third parties",
        text: &[
            "No page of this site loads anything from another server, so nobody else can set a cookie here. Three services \
             can have to do with cookies where the operator of a site uses them:",
        ],
    },
    facts: Facts { purpose: "Purpose", data: "Data", control: "Control", duration: "Duration", here: "On this site" },
    stripe: Card {
        name: "Stripe",
        role: "Payments",
        purpose: "Secure payment and detection of fraud.",
        data: "How you prefer to pay, and the security of the payment session.",
        control: "Stripe\u{2019}s own privacy policy.",
        duration: "Differs from cookie to cookie.",
        here: "Not configured: nothing can be bought here yet. Where it is, you pay on Stripe\u{2019}s own pages; nothing of \
               Stripe\u{2019}s is loaded or stored here.",
        link: ("https://stripe.com/privacy", "Stripe\u{2019}s privacy policy"),
    },
    supabase: Card {
        name: "Supabase",
        role: "Authentication",
        purpose: "Signing users in, and managing their sessions.",
        data: "Whether you are signed in, and security tokens.",
        control: "Essential wherever there are accounts.",
        duration: "The session, or 7 days.",
        here: "Not configured: accounts are kept by this server itself. Where it is, our server talks to it; its tokens stay \
               on the server, and your browser holds auth-token only.",
        link: ("https://supabase.com/privacy", "Supabase\u{2019}s privacy policy"),
    },
    supabase_configured: "In use: it checks passwords and sends the mails for them. Our server talks to it; its tokens stay on \
                          the server, and your browser holds auth-token only. If you choose to sign in with another service, \
                          your browser goes there by way of Supabase and comes back.",
    google: Card {
        name: "Google Analytics",
        role: "Website analytics",
        purpose: "Statistics of how the site is used, and how fast it is.",
        data: "Page views, how long a session lasts, the way through the pages.",
        control: "Off unless you allow it here; you can also switch it off in your browser\u{2019}s settings.",
        duration: "Up to 2 years; browsers end it after 400 days.",
        here: "Not configured: _ga and _gid are never set here, and nothing is sent to Google, whatever you choose.",
        link: ("https://policies.google.com/privacy", "Google\u{2019}s privacy policy"),
    },
    stripe_configured: "You pay on Stripe\u{2019}s own pages, which set Stripe\u{2019}s cookies, not ours. Nothing of Stripe\u{2019}s is \
                        loaded or stored here. Our server tells Stripe your e-mail address and what you buy.",
    google_configured: "In use, without any script of Google\u{2019}s: if you allow _ga and _gid, our server sets them and passes \
                        on to Google which pages you saw, for how long and in which order. Without your yes nothing is \
                        sent.",
    managing: Section { heading: "5. Managing your cookies", text: &[] },
    browsers_heading: "In your browser",
    browsers: &[
        Point::linked(
            "Chrome",
            "Settings \u{2192} Privacy and security \u{2192} Third-party cookies. For this site alone: Settings \u{2192} Privacy \
             and security \u{2192} Site settings \u{2192} Additional content settings \u{2192} On-device site data.",
            "https://support.google.com/chrome/answer/95647",
            "Chrome\u{2019}s instructions",
        ),
        Point::linked(
            "Firefox",
            "Settings \u{2192} Privacy & Security \u{2192} Cookies and Site Data.",
            "https://support.mozilla.org/kb/clear-cookies-and-site-data-firefox",
            "Firefox\u{2019}s instructions",
        ),
        Point::linked(
            "Safari",
            "On a Mac: Safari \u{2192} Settings (older: Preferences) \u{2192} Privacy \u{2192} Manage Website Data. On an iPhone or \
             iPad: Settings \u{2192} Apps \u{2192} Safari \u{2192} Advanced.",
            "https://support.apple.com/guide/safari/sfri11471/mac",
            "Safari\u{2019}s instructions",
        ),
        Point::linked(
            "Edge",
            "Settings \u{2192} Privacy, search, and services \u{2192} Cookies (older: Settings \u{2192} Cookies and site permissions).",
            "https://support.microsoft.com/microsoft-edge/delete-cookies-in-microsoft-edge-63947406-40ac-c3b8-57b9-2a946a29ae09",
            "Edge\u{2019}s instructions",
        ),
    ],
    controls_heading: "On this site",
    controls: &[
        Point::new("Accept all", "Everything in the tables, so that everything works."),
        Point::new(
            "Block all",
            "No cookies at all, save the one that remembers this. Parts of the site will not work.",
        ),
        Point::new("Choose", "You say which kinds of cookies, or which single ones, to allow."),
        Point::new("Ask me each time", "We ask before each cookie is set, by name."),
    ],
    controls_place: "You can change your answer at any time; that takes no more clicks than giving it.",
    opt_out: Section { heading: "6. Opting out", text: &[] },
    analytics_heading: "Of analytics",
    analytics: &[
        Point::linked(
            "Google Analytics",
            "Google offers an opt-out add-on for browsers. It stops Google\u{2019}s script, which this site does not load, so it \
             changes nothing here; on other sites it does. Here your answer in the cookie settings counts.",
            "https://tools.google.com/dlpage/gaoptout",
            "Opt-out add-on",
        ),
        Point::new(
            "Do Not Track",
            "Switch it on in your browser\u{2019}s settings. For us it means: no analytics, unless you tick one by name.",
        ),
        Point::linked(
            "Global Privacy Control",
            "The newer signal with legal weight in some places. It counts in the same way.",
            "https://globalprivacycontrol.org/",
            "Browsers that send it",
        ),
        Point::new(
            "Privacy extensions",
            "Extensions that block trackers work here, too. There is nothing from other servers that they would have to \
             block.",
        ),
    ],
    advertising_heading: "Of advertising",
    advertising_about: "There is no advertising on this site and no cookie for it. For the rest of the web:",
    advertising: &[
        Point::linked(
            "Industry tools",
            "The Digital Advertising Alliance lets you opt out of many advertisers at once.",
            "https://optout.aboutads.info/",
            "Digital Advertising Alliance",
        ),
        Point::new("Platform settings", "Social media platforms have ad preferences in your account there."),
        Point::new(
            "Device and browser settings",
            "Switch on \u{201c}Limit Ad Tracking\u{201d} or what it is called today: on iPhones under Settings \u{2192} Privacy & \
             Security \u{2192} Tracking, on Android under Settings \u{2192} Privacy \u{2192} Ads.",
        ),
    ],
    retention: Section { heading: "7. How long things are kept", text: &[] },
    retained: &[
        Point::new(
            "Session cookies",
            "Are deleted when you close your browser. Some browsers restore them; our server forgets a session that is not \
             used for 7 days all the same.",
        ),
        Point::new("Persistent cookies", "Stay until their date, or until you delete them."),
        Point::new(
            "Local storage",
            "Stays until it is cleared or has expired. What we store carries its date, and is cleared by the first page \
             that you open after it.",
        ),
        Point::new(
            "Account deletion",
            "When you delete an account, every cookie that belongs to it is removed from the browser at hand at once, and \
             from others at their next visit.",
        ),
        Point::new(
            "Records of decisions",
            "We keep a line for each decision: version, choice, signal, time and a fingerprint of the texts. It has no name, \
             no address and no number of yours, and is deleted after 3 years. A decision that you make while signed in is \
             linked to your account until you delete that.",
        ),
        Point::new(
            "Tracks and attempts to sign in",
            "Tracks of an account stay until you delete them; without an account they are deleted after the time that the \
             list of your tracks names. Attempts to sign in are kept for 30 days, with time and kind of browser.",
        ),
        Point::new(
            "What is counted",
            "What usage-stats counted is deleted after 30 days, and at once when you take your yes back.",
        ),
    ],
    updates: Section { heading: "8. Changes of this policy", text: &[] },
    promises: &[
        "We may change this policy when our use of cookies changes.",
        "Significant changes are announced by e-mail to accounts, where there are any, and by a notice on this site; then \
         you are asked again.",
        "A new kind of cookie is added here before it is set.",
        "Look in from time to time, or follow the feed.",
    ],
    note_heading: "Important",
    note: "Without the essential cookies, main features such as signing in, uploading files and paying cannot work. You \
           will be told at the place where it matters, and can decide anew there.",
    contact_heading: "Contact",
    contact: "Questions about this policy? Write to us:",
    no_contact: "Questions about this policy? This copy of the service runs for one machine alone, so ask whoever runs it.",
    last_updated: "Last updated: {}",
    machine_readable: "The policy for machines",
};

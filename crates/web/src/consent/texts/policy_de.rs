//! The policy page in German.

use super::policy::{Card, Columns, Facts, Group, Point, Policy, Section};
use crate::consent::purposes::Area;

pub(super) const POLICY: Policy = Policy {
    title: "Cookie-Richtlinie",
    lead: "Wir verwenden Cookies, damit die Website für dich besser funktioniert, sich merkt, was du magst, und zu deiner \
           Arbeitsweise passt. Hier steht jedes einzelne, und was gerade in deinem Browser gilt.",
    version: "Version {}, gültig seit dem {}.",
    contents: "Auf dieser Seite",
    what: Section {
        heading: "1. Was Cookies sind",
        text: &[
            "Cookies sind kleine Textdateien, die eine Website auf deinem Gerät speichert, wenn du sie besuchst. Unsere \
             merken sich, was du magst, halten dich angemeldet und machen die Website angenehmer.",
            "Browser haben einen zweiten Ort, den lokalen Speicher, den Skripte der Seite füllen und der nicht mit jeder \
             Anfrage gesendet wird. Wir benutzen ihn für zwei Dinge, führen sie neben den Cookies auf und fragen ebenso \
             danach.",
        ],
    },
    types: Section {
        heading: "2. Die Cookies, die wir verwenden",
        text: &[
            "Sonst gibt es nichts: Der Server prüft jede Antwort gegen genau diese Liste. Was nicht darauf steht oder \
             nicht erlaubt wurde, verlässt den Server nicht.",
        ],
    },
    columns: Columns {
        name: "Name",
        about: "Was es tut",
        life: "Wie lange",
        whose: "Wessen",
        state: "In deinem Browser",
    },
    purposes: Section {
        heading: "3. Wozu sie da sind",
        text: &["Zwölf Zwecke, und zu jedem die Einträge, die ihm dienen."],
    },
    groups: [
        Group {
            area: Area::Security,
            heading: "Anmeldung und Sicherheit",
            promises: [
                "Merkt sich, dass du angemeldet bist.",
                "Schützen dich vor Angriffen, die in deinem Namen handeln.",
                "Hält die Verbindung zwischen deinem Browser und deinen Tracks auf unserem Server.",
                "Bemerkt Verdächtiges. Das tut unser Server, mit Grenzen dafür, wie oft etwas versucht werden darf.",
            ],
        },
        Group {
            area: Area::Experience,
            heading: "Bedienung",
            promises: [
                "Merken sich, was du eingestellt und gewählt hast.",
                "Bewahrt ein Upload-Formular auf, das du halb ausgefüllt hast.",
                "Merkt sich, welche Seiten du besucht hast, und deine letzten Uploads.",
                "Speichert, was du brauchst, um eine Seite gut zu lesen: weniger Bewegung, mehr Kontrast, größere Schrift.",
            ],
        },
        Group {
            area: Area::Improvement,
            heading: "Verbesserung",
            promises: [
                "Findet langsame Seiten. Der Server misst seine eigene Arbeit, ohne etwas auf deinem Gerät zu speichern; \
                 die Zeiten deines Browsers werden nur gemessen, wenn du die Analyse erlaubst.",
                "Zeigt, welche Funktionen beliebt sind.",
                "Findet und behebt Fehler. Ein Fehler wird ohne ein Wort über dich notiert, außer du erlaubst usage-stats.",
                "Vergleicht zwei Fassungen einer Seite. Ohne deine Zustimmung siehst du immer die gewöhnliche.",
            ],
        },
    ],
    kept_in: "Steht in",
    nothing_stored: "Dafür wird auf deinem Gerät nichts gespeichert.",
    parties: Section {
        heading: "4. Dritte",
        text: &[
            "Keine Seite dieser Website lädt etwas von einem anderen Server, also kann hier niemand sonst ein Cookie setzen. \
             Drei Dienste können mit Cookies zu tun haben, wo der Betreiber einer Website sie benutzt:",
        ],
    },
    facts: Facts {
        purpose: "Zweck",
        data: "Daten",
        control: "Kontrolle",
        duration: "Dauer",
        here: "Auf dieser Website",
    },
    stripe: Card {
        name: "Stripe",
        role: "Zahlungen",
        purpose: "Sicheres Bezahlen und Erkennen von Betrug.",
        data: "Wie du gern bezahlst, und die Sicherheit der Zahlungssitzung.",
        control: "Die Datenschutzerklärung von Stripe.",
        duration: "Je nach Cookie verschieden.",
        here: "Nicht eingerichtet: Hier kann man noch nichts kaufen. Wo es eingerichtet ist, bezahlst du auf Stripes \
               eigenen Seiten; nichts von Stripe wird hier geladen oder gespeichert.",
        link: ("https://stripe.com/privacy", "Datenschutzerklärung von Stripe"),
    },
    supabase: Card {
        name: "Supabase",
        role: "Anmeldung",
        purpose: "Benutzer anmelden und ihre Sitzungen verwalten.",
        data: "Ob du angemeldet bist, und Sicherheitsmerkmale.",
        control: "Notwendig, wo es Konten gibt.",
        duration: "Die Sitzung oder 7 Tage.",
        here: "Nicht eingerichtet: Konten führt dieser Server selbst. Wo es eingerichtet ist, spricht unser Server \
               damit; die Merkmale bleiben auf dem Server, und dein Browser hat nur auth-token.",
        link: ("https://supabase.com/privacy", "Datenschutzerklärung von Supabase"),
    },
    supabase_configured: "In Gebrauch: Es prüft Passwörter und schickt die Mails dafür. Unser Server spricht damit; die Merkmale \
                          bleiben auf dem Server, und dein Browser hat nur auth-token. Meldest du dich mit einem anderen Dienst \
                          an, geht dein Browser über Supabase dorthin und kommt zurück.",
    google: Card {
        name: "Google Analytics",
        role: "Auswertung der Website",
        purpose: "Statistik, wie die Website benutzt wird und wie schnell sie ist.",
        data: "Seitenaufrufe, wie lange eine Sitzung dauert, der Weg durch die Seiten.",
        control: "Aus, solange du es hier nicht erlaubst; du kannst es auch in den Einstellungen deines Browsers abschalten.",
        duration: "Bis zu 2 Jahre; in Browsern höchstens 400 Tage.",
        here: "Nicht eingerichtet: _ga und _gid werden hier nie gesetzt, und nichts wird an Google gesendet, was immer du \
               wählst.",
        link: ("https://policies.google.com/privacy", "Datenschutzerklärung von Google"),
    },
    stripe_configured: "Du bezahlst auf Stripes eigenen Seiten; dort gelten Stripes Cookies, nicht unsere. Nichts von Stripe \
                        wird hier geladen oder gespeichert. Unser Server nennt Stripe deine E-Mail-Adresse und was du \
                        kaufst.",
    google_configured: "In Gebrauch, ohne jedes Skript von Google: Erlaubst du _ga und _gid, setzt unser Server sie und gibt \
                        an Google weiter, welche Seiten du gesehen hast, wie lange und in welcher Reihenfolge. Ohne dein \
                        Ja wird nichts gesendet.",
    managing: Section { heading: "5. Cookies verwalten", text: &[] },
    browsers_heading: "Im Browser",
    browsers: &[
        Point::linked(
            "Chrome",
            "Einstellungen \u{2192} Datenschutz und Sicherheit \u{2192} Drittanbieter-Cookies. Nur für diese Website: \
             Einstellungen \u{2192} Datenschutz und Sicherheit \u{2192} Website-Einstellungen \u{2192} Zusätzliche \
             Inhaltseinstellungen \u{2192} Auf dem Gerät gespeicherte Websitedaten.",
            "https://support.google.com/chrome/answer/95647?hl=de",
            "Anleitung für Chrome",
        ),
        Point::linked(
            "Firefox",
            "Einstellungen \u{2192} Datenschutz & Sicherheit \u{2192} Cookies und Website-Daten.",
            "https://support.mozilla.org/de/kb/clear-cookies-and-site-data-firefox",
            "Anleitung für Firefox",
        ),
        Point::linked(
            "Safari",
            "Auf dem Mac: Safari \u{2192} Einstellungen \u{2192} Datenschutz \u{2192} Websitedaten verwalten. Auf iPhone oder iPad: \
             Einstellungen \u{2192} Apps \u{2192} Safari \u{2192} Erweitert.",
            "https://support.apple.com/de-de/guide/safari/sfri11471/mac",
            "Anleitung für Safari",
        ),
        Point::linked(
            "Edge",
            "Einstellungen \u{2192} Datenschutz, Suche und Dienste \u{2192} Cookies (früher: Einstellungen \u{2192} Cookies und \
             Websiteberechtigungen).",
            "https://support.microsoft.com/de-de/microsoft-edge/delete-cookies-in-microsoft-edge-63947406-40ac-c3b8-57b9-2a946a29ae09",
            "Anleitung für Edge",
        ),
    ],
    controls_heading: "Auf dieser Website",
    controls: &[
        Point::new("Alle annehmen", "Alles in den Tabellen, damit alles funktioniert."),
        Point::new(
            "Alle blockieren",
            "Gar keine Cookies, bis auf das eine, das sich dies merkt. Teile der Website funktionieren dann nicht.",
        ),
        Point::new("Auswählen", "Du sagst, welche Arten von Cookies oder welche einzelnen du erlaubst."),
        Point::new("Jedes Mal fragen", "Wir fragen vor jedem Cookie, beim Namen."),
    ],
    controls_place: "Du kannst deine Antwort jederzeit ändern; das braucht nicht mehr Klicks, als sie zu geben.",
    opt_out: Section { heading: "6. Widersprechen", text: &[] },
    analytics_heading: "Der Analyse",
    analytics: &[
        Point::linked(
            "Google Analytics",
            "Google bietet ein Add-on zum Deaktivieren an. Es hält das Skript von Google an, das diese Website nicht lädt, \
             ändert hier also nichts; auf anderen Websites schon. Hier zählt deine Antwort in den Cookie-Einstellungen.",
            "https://tools.google.com/dlpage/gaoptout?hl=de",
            "Add-on zum Deaktivieren",
        ),
        Point::new(
            "Do Not Track",
            "Schalte es in den Einstellungen deines Browsers ein. Für uns heißt das: keine Analyse, außer du kreuzt eines \
             beim Namen an.",
        ),
        Point::linked(
            "Global Privacy Control",
            "Das neuere Signal, mancherorts mit Gesetzeskraft. Es zählt genauso.",
            "https://globalprivacycontrol.org/",
            "Browser, die es senden",
        ),
        Point::new(
            "Erweiterungen",
            "Erweiterungen, die Verfolger blockieren, funktionieren auch hier. Von anderen Servern gibt es nichts, was sie \
             blockieren müssten.",
        ),
    ],
    advertising_heading: "Der Werbung",
    advertising_about: "Auf dieser Website gibt es keine Werbung und kein Cookie dafür. Für den Rest des Netzes:",
    advertising: &[
        Point::linked(
            "Werkzeuge der Branche",
            "Bei der Digital Advertising Alliance kannst du vielen Werbetreibenden auf einmal widersprechen.",
            "https://optout.aboutads.info/",
            "Digital Advertising Alliance",
        ),
        Point::new("Plattformen", "Soziale Netzwerke haben Werbeeinstellungen in deinem Konto dort."),
        Point::new(
            "Gerät und Browser",
            "Schalte \u{201e}Ad-Tracking begrenzen\u{201c} ein, oder wie es heute heißt: auf iPhones unter Einstellungen \u{2192} \
             Datenschutz & Sicherheit \u{2192} Tracking, auf Android unter Einstellungen \u{2192} Datenschutz \u{2192} Werbung.",
        ),
    ],
    retention: Section { heading: "7. Wie lange etwas bleibt", text: &[] },
    retained: &[
        Point::new(
            "Sitzungs-Cookies",
            "Werden gelöscht, wenn du den Browser schließt. Manche Browser stellen sie wieder her; unser Server vergisst \
             eine Sitzung, die 7 Tage nicht benutzt wird, trotzdem.",
        ),
        Point::new("Dauerhafte Cookies", "Bleiben bis zu ihrem Datum, oder bis du sie löschst."),
        Point::new(
            "Lokaler Speicher",
            "Bleibt, bis er gelöscht wird oder abgelaufen ist. Was wir speichern, trägt sein Datum und wird von der ersten \
             Seite gelöscht, die du danach öffnest.",
        ),
        Point::new(
            "Löschen des Kontos",
            "Löschst du ein Konto, wird jedes Cookie, das dazu gehört, aus dem Browser, den du gerade benutzt, sofort \
             entfernt, aus anderen bei ihrem nächsten Besuch.",
        ),
        Point::new(
            "Aufzeichnung der Entscheidungen",
            "Wir bewahren zu jeder Entscheidung eine Zeile auf: Version, Wahl, Signal, Zeit und einen Fingerabdruck der \
             Texte. Darin steht kein Name, keine Adresse und keine Nummer von dir, und sie wird nach 3 Jahren gelöscht. Was du \
             entscheidest, während du angemeldet bist, ist mit deinem Konto verbunden, bis du es löschst.",
        ),
        Point::new(
            "Stücke und Versuche, sich anzumelden",
            "Stücke eines Kontos bleiben, bis du sie löschst; ohne Konto werden sie nach der Zeit gelöscht, die über der \
             Liste deiner Stücke steht. Versuche, sich anzumelden, werden 30 Tage aufbewahrt, mit Zeit und Art des Browsers.",
        ),
        Point::new(
            "Was gezählt wurde",
            "Was usage-stats gezählt hat, wird nach 30 Tagen gelöscht, und sofort, wenn du dein Ja zurücknimmst.",
        ),
    ],
    updates: Section { heading: "8. Änderungen dieser Richtlinie", text: &[] },
    promises: &[
        "Wir können diese Richtlinie ändern, wenn sich ändert, wie wir Cookies verwenden.",
        "Wesentliche Änderungen melden wir per E-Mail an Konten, wo es welche gibt, und mit einem Hinweis auf dieser \
         Website; dann wirst du neu gefragt.",
        "Eine neue Art von Cookie steht hier, bevor sie gesetzt wird.",
        "Sieh ab und zu herein, oder abonniere den Feed.",
    ],
    note_heading: "Wichtig",
    note: "Ohne die notwendigen Cookies funktionieren Hauptsachen wie Anmelden, Hochladen und Bezahlen nicht. Es wird dir an \
           der Stelle gesagt, wo es darauf ankommt, und du kannst dort neu entscheiden.",
    contact_heading: "Kontakt",
    contact: "Fragen zu dieser Richtlinie? Schreib uns:",
    no_contact: "Fragen zu dieser Richtlinie? Diese Kopie des Dienstes läuft nur für einen Rechner; frag, wer ihn betreibt.",
    last_updated: "Zuletzt geändert: {}",
    machine_readable: "Die Richtlinie für Maschinen",
};

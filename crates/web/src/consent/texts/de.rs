//! German.

use super::{
    Banner, Choices, Frame, Interstitial, Log, Notice, Prompt, Receipt, Settings, Unkept, Words, policy_de::POLICY,
};

pub(super) const WORDS: Words = Words {
    name: "Deutsch",
    frame: Frame { settings: "Cookie-Einstellungen", policy: "Cookie-Richtlinie", in_language: "Auf Deutsch" },
    choices: Choices {
        accept_all: "Alle annehmen",
        block_all: "Alle blockieren",
        choose: "Auswählen",
        prompt: "Jedes Mal fragen",
        essential_only: "Nur notwendige",
    },
    banner: Banner {
        heading: "Cookies: du entscheidest",
        text: "Wir verwenden Cookies, damit deine Uploads dir gehören, damit wir uns deine Einstellungen merken ({}) und \
               um, nur wenn du zustimmst, zu zählen, was benutzt wird ({}). Deine Antwort gilt {}; du kannst sie \
               jederzeit ändern.",
        signal: "Dein Browser bittet darum, nicht verfolgt zu werden ({}): Die Analyse bleibt aus.",
        essential: "genügt zum Hochladen, Anmelden und Bezahlen; sonst wird nichts gespeichert.",
    },
    notice: Notice {
        heading: "Unsere Cookie-Richtlinie hat sich geändert",
        text: "Du hast über Version {} entschieden. Version {} ändert dies:",
        until_then: "Bis du antwortest, wird nichts Neues gespeichert.",
        more: "Alle Änderungen",
    },
    prompt: Prompt {
        heading: "Du wolltest gefragt werden",
        about: "Dürfen wir {} speichern?",
        stays: "Bleibt:",
        against_signal: "Dein Browser bittet darum, nicht verfolgt zu werden. Erlaubst du dies hier, wird es trotzdem \
                         gespeichert.",
        allow: "Erlauben",
        not_now: "Jetzt nicht",
        never: "Nie",
    },
    interstitial: Interstitial {
        title: "Dafür braucht es ein Cookie",
        sign_in: "Zum Anmelden braucht es auth-token, das Cookie, an dem die Website dich erkennt, und csrf-token, das \
                  das Formular schützt.",
        upload: "Zum Hochladen braucht es session-id: das Cookie, durch das deine Tracks dir gehören. Ohne es fände sie \
                 niemand wieder, auch du nicht.",
        payment: "Zum Bezahlen braucht es ein Konto und damit auth-token und csrf-token: Sie verbinden die Zahlung mit dir \
                  und schützen sie.",
        blocked: "Du hast alle Cookies blockiert, also wurde keines gesetzt.",
        offer: "Du kannst die notwendigen Cookies erlauben. Sonst wird nichts gespeichert, und du kannst es unter \
                \u{201e}Cookie-Einstellungen\u{201c} am Fuß jeder Seite zurücknehmen.",
        allow: "Nur notwendige erlauben",
        not_now: "Jetzt nicht",
    },
    unkept: Unkept {
        title: "Dein Browser hat kein Cookie behalten",
        text: "Deine Antwort ist angekommen, aber dein Browser hat sie nicht gespeichert: Cookies sind ausgeschaltet, \
               oder eine Erweiterung entfernt sie. Solange das so ist, giltst du als unentschieden: Es wird nichts \
               Freiwilliges gespeichert, und wir fragen wieder.",
        works: "Seiten, Hilfe und diese Richtlinie funktionieren trotzdem. Hochladen und Anmelden nicht: Dafür braucht \
                es ein notwendiges Cookie.",
        how: "Wie du dieser Website Cookies erlaubst, steht in der Anleitung für deinen Browser.",
        again: "Ohne weitermachen",
    },
    settings: Settings {
        title: "Cookie-Einstellungen",
        lead: "Alles, was diese Website in deinem Browser speichern darf, und was du dazu gesagt hast. Änderungen gelten \
               sofort.",
        yours: "Deine Entscheidung",
        undecided: "Du hast noch nicht entschieden. Gespeichert werden nur notwendige Cookies, und auch die erst, wenn du \
                    benutzt, was sie braucht.",
        decided: "\u{201e}{}\u{201c}, am {}, zu Version {} der Richtlinie.",
        until: "Sie gilt bis zum {}; danach fragen wir wieder.",
        selective: "Einzeln ausgewählt",
        nothing_but_consent: "Gespeichert ist nur cookie-consent, das sich dies merkt. Hochladen und Anmelden gehen erst, \
                              wenn du die notwendigen Cookies erlaubst.",
        withdraw: "Alles zurücknehmen",
        withdraw_about: "Die notwendigen Cookies bleiben; alles andere wird sofort aus diesem Browser gelöscht.",
        receipt: "Beleg herunterladen",
        all_at_once: "Alles auf einmal",
        accept_all_about: "Alles in der Liste unten.",
        block_all_about: "Nur das Cookie, das sich dies merkt. Kein Hochladen, kein Anmelden, kein Bezahlen.",
        essential_only_about: "Was Hochladen, Anmelden und Bezahlen brauchen; sonst nichts.",
        prompt_about: "Notwendige Cookies, und für jedes andere eine Frage, wenn es gebraucht wird.",
        one_by_one: "Einzeln",
        one_by_one_about: "Kreuze an, was du erlaubst. Was nicht angekreuzt ist, wird nicht gespeichert, und gelöscht, \
                           falls es da ist.",
        essential_about: "Notwendige Cookies brauchen keine Zustimmung: Sie tun, worum du gebeten hast, und werden erst \
                          gesetzt, wenn du es benutzt. Willst du keines davon, wähle \u{201e}Alle blockieren\u{201c}.",
        signal_heading: "Dein Browser bittet darum, nicht verfolgt zu werden",
        signal: "Er sendet {}. Das zählt mehr als \u{201e}Alle annehmen\u{201c}: Die Analyse bleibt aus.",
        signal_told: "Kreuzt du hier trotzdem ein Analyse-Cookie an und speicherst, zählt dein Ja zu diesem einen mehr als \
                      das Signal.",
        save: "Auswahl speichern",
        whole_category: "Alle hiervon",
        answer_here: "Du wolltest gefragt werden. Du kannst auch hier antworten.",
        instead: "Stattdessen in einer Liste ankreuzen",
        google_absent: "Nicht in Gebrauch: Google Analytics ist auf dieser Website nicht eingerichtet.",
    },
    receipt: Receipt {
        title: "Beleg deiner Entscheidung",
        lead: "Eine Datei, die zeigt, was du entschieden hast, von dieser Website signiert. Sie nennt weder dich noch \
               deinen Browser.",
        download: "receipt.json herunterladen",
        nothing_yet: "Es gibt noch keine Entscheidung, also auch keinen Beleg.",
        what: "Was darin steht",
        contents: &[
            "deine Wahl, der Tag, die Version der Richtlinie und ein Fingerabdruck dessen, was diese Version festlegt",
            "zu jedem Eintrag, ob er gespeichert werden darf, und warum",
            "ob dein Browser Do Not Track oder Global Privacy Control gesendet hat",
            "ein Fingerabdruck der Texte in der Sprache, in der du ihn herunterlädst",
            "die Signatur dieser Website über all das",
        ],
        check: "Ist ein Beleg echt?",
        check_about: "Füge den Text der Datei ein. Nur diese Website kann es sagen, denn nur sie hat den Schlüssel, der \
                      signiert. Was du einfügst, wird nicht behalten.",
        field: "Beleg",
        button: "Prüfen",
        genuine: "Dieser Beleg ist echt: \u{201e}{}\u{201c}, am {}, zu Version {} der Richtlinie.",
        forged: "Dieser Beleg wurde nicht von dieser Website signiert oder danach verändert.",
        unreadable: "Das ist kein Beleg. Füge den ganzen Text der Datei ein, so wie sie heruntergeladen wurde.",
    },
    log: Log {
        title: "Änderungen",
        version: "Version {}, {}",
        summaries: &[
            "Die erste Version: neun Cookies in drei Kategorien.",
            "Eine Ablehnung muss gemerkt werden, darum ist cookie-consent neu. Zwei Einträge im lokalen Speicher halten \
             jetzt, was die erste Version zu Formularen und Navigation versprach. Alles ist festgelegt, wird \
             durchgesetzt und einzeln erfragt.",
        ],
        significant: "Eine wesentliche Änderung: Alle werden unterrichtet und neu gefragt.",
        minor: "Eine kleine Änderung: Frühere Antworten gelten weiter.",
        added: "ist neu",
        removed: "ist weg",
        longer: "bleibt länger: {} statt {}",
        otherwise: "bleibt anders: {} statt {}",
        new_party: "hat mit jemand Neuem zu tun: {}",
        first_party: "ist jetzt allein unseres",
        category: "wechselt die Kategorie: {} statt {}",
        purposes: "hat andere Zwecke",
        attributes: "wird anders gesendet oder gelesen",
        document: "für Maschinen",
        feed: "Änderungen verfolgen (Atom-Feed)",
    },
    policy: POLICY,
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    date: "{day}. {month} {year}",
    range: "{} bis {}",
    units: [["Sekunde", "Sekunden"], ["Minute", "Minuten"], ["Stunde", "Stunden"], ["Tag", "Tage"], ["Jahr", "Jahre"]],
    keys: KEYS,
};

const KEYS: &[(&str, &str)] = &[
    ("category.essential", "Notwendig"),
    (
        "category.essential.about",
        "Gebraucht für das, worum du bittest: anmelden, hochladen, bezahlen, sich diese Entscheidung merken.",
    ),
    ("category.functional", "Funktional"),
    ("category.functional.about", "Merken sich, wie du die Website magst."),
    ("category.analytics", "Analyse"),
    ("category.analytics.about", "Zeigen uns, was benutzt wird, was langsam ist und was misslingt."),
    ("item.auth-token", "Hält dich angemeldet."),
    ("item.session-id", "Macht die Tracks, die du hochlädst, zu deinen. Gesetzt mit deinem ersten Upload."),
    (
        "item.csrf-token",
        "Schützt Formulare: zeigt, dass du sie hier ausgefüllt hast und niemand sie anderswo gefälscht hat.",
    ),
    (
        "item.cookie-consent",
        "Merkt sich diese Entscheidung: deine Antworten, den Tag, die Version der Richtlinie, unsere Signatur. Nichts \
         darin unterscheidet dich von anderen.",
    ),
    (
        "item.user-preferences",
        "Speichert deine Einstellungen: Lautheit, Stil und Format, und wie Seiten aussehen (Bewegung, Kontrast, \
         Schriftgröße).",
    ),
    ("item.theme-mode", "Merkt sich hell, dunkel oder wie dein System."),
    ("item.upload-history", "Führt dich zu deinen letzten Uploads zurück. Darin stehen Kennungen, keine Dateinamen."),
    ("item.upload-draft", "Bewahrt ein halb ausgefülltes Upload-Formular auf, bis du wiederkommst. Nie den Ton."),
    ("item.visited-pages", "Kennzeichnet die Hilfeseiten und Tracks, die du geöffnet hast. Bleibt in deinem Browser."),
    ("item._ga", "Eine Zufallszahl, die in Google Analytics für deinen Browser steht."),
    ("item._gid", "Eine Zufallszahl, die in Google Analytics für den heutigen Besuch steht."),
    (
        "item.usage-stats",
        "Eine Zufallszahl, unter der wir Funktionen, Zeiten und Fehler zählen und zwei Fassungen einer Seite \
         vergleichen. Sie bleibt bei uns.",
    ),
    ("purpose.login-state", "Anmeldung"),
    ("purpose.security-tokens", "Sicherheitsmerkmale"),
    ("purpose.session-management", "Sitzung"),
    ("purpose.account-protection", "Kontoschutz"),
    ("purpose.consent", "Deine Entscheidung"),
    ("purpose.preferences", "Einstellungen"),
    ("purpose.form-data", "Formulardaten"),
    ("purpose.navigation", "Navigation"),
    ("purpose.accessibility", "Barrierefreiheit"),
    ("purpose.performance", "Geschwindigkeit"),
    ("purpose.feature-usage", "Nutzung der Funktionen"),
    ("purpose.error-tracking", "Fehlersuche"),
    ("purpose.ab-testing", "A/B-Tests"),
    ("kind.cookie", "Cookie"),
    ("kind.local-storage", "Lokaler Speicher"),
    ("kind.session-storage", "Sitzungsspeicher"),
    ("access.http-only", "für Skripte unsichtbar"),
    ("access.script", "lesbar für das Skript dieser Seite"),
    ("party.first", "unseres"),
    ("party.processor", "unseres, für {}"),
    ("party.third", "{}"),
    ("life.session", "bis du den Browser schließt"),
    ("life.persistent", "{}"),
    ("life.session-or", "bis du den Browser schließt, oder {}, wenn du angemeldet bleiben willst"),
    ("life.capped", "in Browsern höchstens {}"),
    ("state.essential", "Erlaubt, sobald gebraucht"),
    ("state.accepted-all", "Erlaubt: Du hast alle angenommen"),
    ("state.named", "Erlaubt: Du hast es gewählt"),
    ("state.named-despite-signal", "Erlaubt: Du hast es trotz des Signals deines Browsers gewählt"),
    ("state.undecided", "Aus: Du hast noch nicht entschieden"),
    ("state.changed-since", "Aus: neu seit deiner Entscheidung"),
    ("state.blocked-all", "Aus: Du hast alle blockiert"),
    ("state.not-selected", "Aus: Du hast es nicht gewählt"),
    ("state.signal", "Aus: Dein Browser bittet darum, nicht verfolgt zu werden"),
    ("state.unanswered", "Aus: Wir fragen, wenn es gebraucht wird"),
    ("state.not-now", "Aus: Du hast \u{201e}jetzt nicht\u{201c} gesagt"),
    ("state.never", "Aus: Du hast \u{201e}nie\u{201c} gesagt"),
];

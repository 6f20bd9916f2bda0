//! `balanced admin`, as whoever runs the service types it: beside a running service, and by scripts.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use crate::support::{TempDir, balanced, folder, json, stderr, stdout};
use domain::{OsEntropy, SystemClock};
use serde_json::Value;
use store::Store;

const PASSWORD: &str = "violet anvil teaspoon";

/// A running service; it ends when this is dropped.
struct Service {
    child: Child,
    /// Held, since the service has more to say than its first line.
    _says: BufReader<ChildStdout>,
    address: String,
    folder: TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    fn start() -> Self {
        let folder = folder();
        let mut child = Command::new(env!("CARGO_BIN_EXE_balanced"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the service starts");
        let mut line = String::new();
        let mut says = BufReader::new(child.stdout.take().expect("a pipe"));
        says.read_line(&mut line).expect("its first line");
        let address = line.trim().rsplit("http://").next().expect("an address").to_owned();
        Self { child, _says: says, address, folder }
    }

    fn admin(&self, args: &[&str]) -> Output {
        balanced(self.folder.path(), ["admin", "--data", "data"].iter().chain(args))
    }

    /// The JSON object that comes of it.
    fn told(&self, args: &[&str]) -> Value {
        let output = self.admin(&[args, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        json(&output).remove(0)
    }

    /// The same where passwords are checked at a project of Supabase.
    fn admin_with(&self, project: &Project, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_balanced"))
            .args(["admin", "--data", "data"].iter().chain(args))
            .current_dir(self.folder.path())
            .env_clear()
            .env("BALANCED_IDENTITY__PROVIDER", "supabase")
            .env("BALANCED_IDENTITY__SUPABASE_URL", &project.url)
            .env("BALANCED_IDENTITY__SUPABASE_ANON_KEY", "sb_publishable_0123456789")
            .envs(project.service_key.map(|key| ("BALANCED_IDENTITY__SUPABASE_SERVICE_KEY", key)))
            .stdin(Stdio::null())
            .output()
            .expect("the command ends")
    }

    /// An account of somebody who is known at Supabase by that id.
    fn known_there(&self, email: &str, subject: &str) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
            let store =
                Store::open_beside(&self.folder.path().join("data"), clock, entropy).await.expect("the database");
            let (address, name) = (email.parse().expect("an address"), "Mia".parse().expect("a name"));
            let added = store.identities.add(("supabase", subject), &address, &name, "$argon2id$").await;
            added.expect("the database").expect("an account");
            store.close().await;
        });
    }

    fn create(&self, email: &str, password: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_balanced"))
            .args(["admin", "--data", "data", "create", email, "--password-stdin", "--json"])
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        child.stdin.take().expect("a pipe").write_all(password.as_bytes()).expect("written");
        child.wait_with_output().expect("it ends")
    }

    /// Asks the site, as a browser with this cookie would.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    /// The next mail that the service put into its folder.
    fn mail(&self) -> String {
        let folder = self.folder.path().join("data/mail");
        for _ in 0..200 {
            let mut mails = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
            if let Some(mail) = mails.find(|path| path.extension().is_some_and(|ending| ending == "eml")) {
                let text = std::fs::read_to_string(&mail).expect("a mail");
                std::fs::remove_file(mail).expect("removed");
                return text;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("no mail came");
    }
}

#[test]
fn an_account_from_beginning_to_end_beside_the_running_service() {
    let service = Service::start();
    let made = service.create("Mia@Example.org", &format!("{PASSWORD}\n"));
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let id = json(&made)[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(service.told(&["make-admin", "mia@example.org"])["changed"], true);
    assert_eq!(service.told(&["make-admin", &id])["changed"], false, "once is enough");
    assert_eq!(service.told(&["disable", "mia@example.org"])["changed"], true);
    let shown = service.told(&["show", "mia@example.org"]);
    assert_eq!((&shown["id"], &shown["name"], &shown["tracks"]), (&Value::from(id.as_str()), &"mia".into(), &0.into()));
    assert!(shown["disabled"].is_string() && shown["admin"].is_string() && shown["last_sign_in"].is_null());
    for act in ["enable", "remove-admin", "end-sessions"] {
        assert_eq!(service.told(&[act, "mia@example.org"])["changed"], true, "{act}");
    }
    let text = stdout(&service.admin(&["show", &id]));
    assert!(text.contains("mia@example.org") && text.contains("last sign-in"), "{text}");
    let deleted = service.told(&["delete", "mia@example.org", "--yes"]);
    assert_eq!(deleted["changed"], true);
    assert!(service.mail().contains("Your account is deleted"));
    assert_eq!(service.admin(&["show", "mia@example.org"]).status.code(), Some(3));

    let log = service.told(&["audit"]);
    let acts: Vec<_> = log["lines"].as_array().expect("lines").iter().map(|line| line["action"].as_str()).collect();
    let expected = ["delete", "end-sessions", "remove-admin", "enable", "disable", "make-admin", "create"];
    assert_eq!(acts, expected.map(Some));
    for line in log["lines"].as_array().expect("lines") {
        assert_eq!((&line["actor"], &line["account"]), (&"command-line".into(), &Value::Null), "it is gone: {line}");
    }
    let text = stdout(&service.admin(&["audit", "--per-page", "2", "--page", "4"]));
    assert!(text.contains("create") && text.contains("7 lines, page 4 of 4"), "{text}");
}

#[test]
fn credits_are_given_and_taken_with_a_reason_and_shown() {
    let service = Service::start();
    assert_eq!(service.create("mia@example.org", PASSWORD).status.code(), Some(0));
    let unsold = service.admin(&["credits", "mia@example.org", "--add", "1", "--reason", "a test"]);
    assert_eq!(unsold.status.code(), Some(3), "{}", stderr(&unsold));
    assert!(stderr(&unsold).contains("nothing is sold here"), "{}", stderr(&unsold));
    let shown = stdout(&service.admin(&["credits", "mia@example.org"]));
    assert!(shown.contains("mia@example.org has no credit.") && shown.contains("Nothing is sold here"), "{shown}");

    let sells = "[payments]\nstripe_secret_key = 'sk_test_0123456789abcdef'\nstripe_webhook_secret = 'whsec_0123456789abcdef'\n\
                 [[payments.products]]\nid = 'single'\nname = 'One master'\nkind = 'single'\nprice = '9.00 EUR'\n";
    std::fs::write(service.folder.path().join("balanced.toml"), sells).expect("written");
    let reason = "the upload broke";
    let given = service.told(&["credits", "mia@example.org", "--add", "3", "--reason", reason]);
    assert_eq!((&given["changed"], &given["credits"], &given["owed"]), (&3.into(), &3.into(), &0.into()));
    let id = given["id"].as_str().expect("an id");
    let taken = service.admin(&["credits", id, "--take", "2", "--reason", "given twice"]);
    assert_eq!(stdout(&taken), "mia@example.org has 1 credit now.\n", "{}", stderr(&taken));
    let told = service.told(&["credits", "mia@example.org"]);
    assert_eq!((&told["credits"], &told["entries"][0]["credits"]), (&1.into(), &(-2).into()));
    assert_eq!(told["entries"][1]["reason"], reason);
    assert_eq!(told["entries"][1]["author"], "command-line");
    let shown = stdout(&service.admin(&["credits", "mia@example.org"]));
    assert!(shown.contains("+3  by hand (command-line): the upload broke") && shown.contains("-2  by hand"), "{shown}");
    assert!(shown.ends_with("mia@example.org has 1 credit.\n"), "{shown}");

    let cases: [(&[&str], i32, &str); 8] = [
        (&["--take", "2", "--reason", "all"], 3, "has 1 credit, so nothing was taken"),
        (&["--add", "1"], 2, "--reason"),
        (&["--reason", "a test"], 2, "--add"),
        (&["--add", "1", "--take", "1", "--reason", "a test"], 2, "--take"),
        (&["--add", "0", "--reason", "a test"], 2, "1..=10000"),
        (&["--add=-1", "--reason", "a test"], 2, "1..=10000"),
        (&["--take", "10001", "--reason", "a test"], 2, "1..=10000"),
        (&["--add", "1", "--reason", " "], 2, "a reason of 1 to 200"),
    ];
    for (args, code, says) in cases {
        let output = service.admin(&[&["credits", "mia@example.org"], args].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
    let log = service.told(&["audit"]);
    let acts = [0, 1, 2].map(|line| log["lines"][line]["action"].as_str().expect("an act").to_owned());
    assert_eq!(acts, ["take-credits", "give-credits", "create"], "and what was refused is no line");
}

#[test]
fn an_invitation_goes_by_mail_and_its_link_opens_on_the_site() {
    let service = Service::start();
    let url = format!("BALANCED_SERVE__LISTEN={}", service.address);
    let (name, value) = url.split_once('=').expect("a pair");
    let output = Command::new(env!("CARGO_BIN_EXE_balanced"))
        .args(["admin", "--data", "data", "create", "mia@example.org"])
        .current_dir(service.folder.path())
        .env_clear()
        .env(name, value)
        .output()
        .expect("the command ends");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("is invited"), "{}", stdout(&output));
    let mail = service.mail().replace("=\r\n", "").replace("=3D", "=");
    assert!(mail.contains("To: mia@example.org\r\n") && mail.contains("Subject: An account for you"), "{mail}");
    let path = mail.split("http://").nth(1).and_then(|rest| rest.split_once('/')).expect("a link").1;
    let page = service.get(&format!("/{}", path.split_whitespace().next().expect("a link")));
    assert!(page.contains("Choose a password") && page.contains("mia@example.org"), "{page}");
    assert_eq!(service.told(&["list"])["total"], 0, "until she chooses one, there is no account");
}

/// A project of Supabase that answers every request alike, and remembers what was asked.
struct Project {
    url: String,
    service_key: Option<&'static str>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Project {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let (mut first, mut bytes) = (String::new(), 0_usize);
                reader.read_line(&mut first).expect("a request");
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).expect("a header");
                    if let Some((name, value)) = line.split_once(':') {
                        if name.eq_ignore_ascii_case("content-length") {
                            bytes = value.trim().parse().expect("a number");
                        }
                    } else {
                        break;
                    }
                }
                let mut body = vec![0; bytes];
                reader.read_exact(&mut body).expect("a body");
                let line = first.trim_end().trim_end_matches(" HTTP/1.1");
                heard.lock().expect("no panic").push(format!("{line} {}", String::from_utf8_lossy(&body)));
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
                );
                reader.get_mut().write_all(answer.as_bytes()).expect("answered");
            }
        });
        Self { url, service_key: Some("sb_secret_0123456789"), asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

const SUBJECT: &str = "0b2e6c1e-7d0a-4a53-9d3f-2c9f1c0a7e55";

#[test]
fn who_is_deleted_is_deleted_where_passwords_are_checked_too_or_is_not_deleted() {
    let service = Service::start();
    service.known_there("mia@example.org", SUBJECT);
    let delete = ["delete", "mia@example.org", "--yes", "--json"];
    let down = Project::start("500 Internal Server Error");
    let output = service.admin_with(&down, &delete);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stderr(&output).contains("nothing was deleted; try again later"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("sb_secret"), "{}", stderr(&output));
    assert_eq!(service.told(&["list"])["total"], 1);

    let up = Project::start("200 OK");
    let output = service.admin_with(&up, &delete);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!((&json(&output)[0]["changed"], &json(&output)[0]["supabase"]), (&true.into(), &"deleted".into()));
    let asked = up.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].starts_with(&format!("DELETE /auth/v1/admin/users/{SUBJECT} ")), "{asked:?}");
    assert_eq!(service.told(&["list"])["total"], 0);
}

#[test]
fn whose_user_stays_elsewhere_is_told_of() {
    let service = Service::start();
    service.known_there("mia@example.org", SUBJECT);
    let keyless = Project { service_key: None, ..Project::start("200 OK") };
    let said = stdout(&service.admin_with(&keyless, &["delete", "mia@example.org", "--yes"]));
    assert!(said.contains("is deleted") && said.contains("supabase_service_key is not set"), "{said}");
    assert!(keyless.asked().is_empty());
    service.known_there("eve@example.org", "1b2e6c1e-7d0a-4a53-9d3f-2c9f1c0a7e55");
    let told = service.told(&["delete", "eve@example.org", "--yes"]);
    assert_eq!((&told["changed"], &told["supabase"]), (&true.into(), &"stays".into()));
    assert_eq!(service.create("ada@example.org", PASSWORD).status.code(), Some(0));
    assert!(service.told(&["delete", "ada@example.org", "--yes"])["supabase"].is_null(), "she never had one");
}

#[test]
fn where_passwords_are_checked_elsewhere_none_is_set_here_and_the_invitation_comes_from_there() {
    let service = Service::start();
    let project = Project::start("200 OK");
    let output = service.admin_with(&project, &["create", "mia@example.org", "--password-stdin"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("passwords are checked at Supabase"), "{}", stderr(&output));
    assert!(project.asked().is_empty());
    let output = service.admin_with(&project, &["create", "mia@example.org"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("Supabase mails them a link"), "{}", stdout(&output));
    let asked = project.asked();
    assert!(asked[0].starts_with("POST /auth/v1/signup?") && asked[0].contains("mia@example.org"), "{asked:?}");
    let log = service.told(&["audit"]);
    assert_eq!((&log["total"], &log["lines"][0]["action"]), (&1.into(), &"invite".into()));
    let down = Project::start("503 Service Unavailable");
    let output = service.admin_with(&down, &["create", "mia@example.org"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("nobody was invited; try again later"), "{}", stderr(&output));
    assert_eq!(service.told(&["audit"])["total"], 1);
}

#[test]
fn what_cannot_be_done_says_why_and_in_the_exit_code() {
    let service = Service::start();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["show", "nobody@example.org"], 3, "no such account"),
        (&["disable", "0123456789abcdef0123456789abcdef"], 3, "no such account"),
        (&["delete", "mia@example.org"], 2, "--yes"),
        (&["show", "mia"], 2, "expected an account"),
        (&["create", "mia@example.org\nBcc: eve@example.org"], 2, "expected an e-mail address"),
        (&["create", "eve@example.org", "--name", "Eve"], 2, "--password-stdin"),
        (&["list", "--page", "0"], 2, "--page"),
        (&["list", "--per-page", "100000"], 2, "--per-page"),
        (&["dance"], 2, "dance"),
    ];
    assert_eq!(service.create("mia@example.org", PASSWORD).status.code(), Some(0));
    for (args, code, says) in cases {
        let output = service.admin(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(
            stderr(&output).starts_with("error: ") && stderr(&output).contains(says),
            "{args:?}: {}",
            stderr(&output)
        );
    }
    for (email, password) in
        [("eve@example.org", "short"), ("eve@example.org", "password1234"), ("mia@example.org", PASSWORD)]
    {
        let output = service.create(email, password);
        assert_eq!(output.status.code(), Some(3), "{email} {password}: {}", stderr(&output));
        assert!(!stderr(&output).contains(password), "{}", stderr(&output));
    }
    assert_eq!(service.told(&["list"])["total"], 1);
    let nowhere = folder();
    let output = balanced(nowhere.path(), ["admin", "list"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("--data"), "{}", stderr(&output));
    assert!(crate::support::names(nowhere.path()).is_empty(), "asking makes no data folder");
}

#[test]
fn accounts_are_found_and_come_page_by_page() {
    let service = Service::start();
    for email in ["a_b@example.org", "axb@example.org", "eve@example.net"] {
        assert_eq!(service.create(email, PASSWORD).status.code(), Some(0));
    }
    assert_eq!(service.told(&["list", "--search", "a_b"])["total"], 1);
    assert_eq!(service.told(&["list", "--search", "' OR 1=1 --"])["total"], 0);
    let second = service.told(&["list", "--per-page", "2", "--page", "2"]);
    assert_eq!((&second["total"], &second["pages"]), (&3.into(), &2.into()));
    assert_eq!(second["accounts"].as_array().expect("accounts").len(), 1);
    let text = stdout(&service.admin(&["list", "--search", "example.net"]));
    assert!(text.contains("eve@example.net") && text.contains("1 account, page 1 of 1"), "{text}");
}

#[test]
fn a_policy_notice_is_begun_once_and_written_by_the_running_service() {
    let service = Service::start();
    assert_eq!(service.create("mia@example.org", PASSWORD).status.code(), Some(0));
    let preview = service.told(&["send-policy-notice", "--preview"]);
    assert_eq!(preview["accounts"], 1);
    let (text, subject) = (preview["text"].as_str().expect("text"), preview["subject"].as_str().expect("subject"));
    assert!(text.contains("no unsubscribing") && text.contains("cookie-consent"), "{text}");
    assert!(service.told(&["send-policy-notice", "--status"])["begun"].is_null(), "looking sends nothing");
    let unasked = service.admin(&["send-policy-notice"]);
    assert_eq!((unasked.status.code(), stderr(&unasked).contains("--yes")), (Some(2), true), "{}", stderr(&unasked));
    for _ in 0..2 {
        assert!(service.told(&["send-policy-notice", "--yes"])["begun"].is_string());
    }
    let mail = service.mail();
    assert!(mail.contains(&format!("Subject: {subject}")) && mail.contains("To: mia@example.org"), "{mail}");
    let finished = || service.told(&["send-policy-notice", "--status"])["finished"].is_string();
    let waited = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        finished()
    });
    assert!(waited, "{}", stdout(&service.admin(&["send-policy-notice", "--status"])));
    let done = service.told(&["send-policy-notice", "--yes"]);
    assert_eq!((&done["written"], &done["left"], &done["unsent"]), (&1.into(), &0.into(), &0.into()));
    assert_eq!(service.told(&["audit"])["lines"][0]["action"], "policy-notice");
    assert_eq!(service.told(&["audit"])["total"], 2, "wanting it again is no line");
}

#[test]
fn help_has_examples() {
    let output = balanced(Path::new("."), ["admin", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    for words in ["balanced admin create mia@example.org", "Exit codes"] {
        assert!(stdout(&output).contains(words), "{}", stdout(&output));
    }
}

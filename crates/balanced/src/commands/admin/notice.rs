//! `balanced admin send-policy-notice`.

use std::io::{self, IsTerminal as _};

use anstream::println;
use domain::{Actor, OsEntropy};
use serde_json::{Value, json};
use store::{NoticeProgress, Noticed};
use web::PolicyNotice;

use super::change::asked;
use super::{Done, Office, Refusal, moment, rfc3339};
use crate::cli::NoticeArgs;

pub(super) async fn notice(office: &Office, args: &NoticeArgs) -> Done {
    let notice = PolicyNotice::newest();
    if args.preview {
        return preview(office, &notice).await;
    }
    if !args.status {
        begin(office, &notice, args.yes).await?;
    }
    let progress = office.store.notices.progress(notice.version()).await?;
    office.say(&told(&notice, progress), &object(&notice, progress));
    Ok(())
}

async fn preview(office: &Office, notice: &PolicyNotice) -> Done {
    let readers = office.store.notices.readers().await?;
    let (to, name) = ("name@example.org".parse()?, "NAME".parse()?);
    let mail = notice.letter(&office.origin, &to, &name, &OsEntropy)?;
    if office.json {
        println!("{}", json!({ "accounts": readers, "subject": mail.subject, "text": mail.text, "html": mail.html }));
    } else {
        println!("To {readers} accounts: {}\n\n{}", mail.subject, mail.text.trim());
    }
    Ok(())
}

async fn begin(office: &Office, notice: &PolicyNotice, yes: bool) -> Done {
    if office.store.notices.progress(notice.version()).await?.is_some() {
        return Ok(());
    }
    if !yes {
        let readers = office.store.notices.readers().await?;
        let question = format!(
            "Write to {readers} accounts about {}? It cannot be taken back.\nType yes to go on: ",
            notice.heading()
        );
        if !io::stdin().is_terminal() {
            return Err(Refusal::Usage("nobody is there to be asked: --yes sends without asking".to_owned()));
        }
        if !asked(&mut io::stdin().lock(), &mut io::stderr().lock(), &question, "yes")? {
            return Err(Refusal::Refused("nothing was sent".to_owned()));
        }
    }
    match office.store.notices.begin(Actor::CommandLine, notice.version()).await? {
        Noticed::Begun | Noticed::Already => Ok(()),
        Noticed::NotAllowed => Err(Refusal::Refused("that is not for the command line to do".to_owned())),
    }
}

fn told(notice: &PolicyNotice, progress: Option<NoticeProgress>) -> String {
    let heading = notice.heading();
    let Some(NoticeProgress { begun_at, finished_at, written, unsent, left }) = progress else {
        return format!("{heading}: no notice was sent.");
    };
    let all = written + left;
    let end = finished_at.map_or_else(|| "on its way".to_owned(), |at| format!("finished {}", moment(at)));
    format!(
        "{heading}: begun {}, {end}; {written} of {all} mails written, {unsent} of them not sent yet.",
        moment(begun_at)
    )
}

fn object(notice: &PolicyNotice, progress: Option<NoticeProgress>) -> Value {
    json!({
        "version": notice.version(),
        "begun": progress.map(|progress| rfc3339(progress.begun_at)),
        "finished": progress.and_then(|progress| progress.finished_at).map(rfc3339),
        "written": progress.map_or(0, |progress| progress.written),
        "unsent": progress.map_or(0, |progress| progress.unsent),
        "left": progress.map_or(0, |progress| progress.left),
    })
}

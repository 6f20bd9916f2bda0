//! `balanced admin`: what can be asked.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use domain::{AccountId, Adjustment, Email, PersonName, Reason};

pub(super) const EXAMPLES: &str = "\
Examples:
  balanced admin create mia@example.org                 invite somebody; nobody but them ever knows the password
  balanced admin make-admin mia@example.org             let them administer accounts at /admin on the site
  balanced admin list --search example.org --page 2     who has an account
  balanced admin disable mia@example.org                close an account and sign its browsers out
  balanced admin delete mia@example.org --yes           without asking, for scripts
  balanced admin send-policy-notice --preview           what would be sent, and to how many
  balanced admin audit --json                           what administrators did
  balanced admin credits mia@example.org                how many masters are paid for, and why
  balanced admin credits mia@example.org --add 1 --reason 'the upload broke'

Accounts are named by their address or their id. Mails wait in the data folder until a running service sends them.
";

#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    /// Folder of the service's database and files.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: AdminCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Invite somebody by mail to choose a password, or make their account with one from standard input.
    Create(CreateArgs),
    /// List accounts, the latest first.
    List(ListArgs),
    /// Show what there is to know of one account; never its music.
    Show(WhoArgs),
    /// Close an account: nobody can sign in to it, and its browsers are signed out. Nothing of it is removed.
    Disable(WhoArgs),
    /// Open a closed account again.
    Enable(WhoArgs),
    /// Sign all browsers of an account out.
    EndSessions(WhoArgs),
    /// Let the password alone open an account again, for a holder who has lost their app, passkeys and paper.
    RemoveFactors(WhoArgs),
    /// Let an account administer accounts on the site.
    MakeAdmin(WhoArgs),
    /// Do not let an account administer any more.
    RemoveAdmin(WhoArgs),
    /// Remove an account with its tracks and all else that is its holder's, at once and for good.
    Delete(DeleteArgs),
    /// Tell all accounts by mail what changed in the newest cookie policy: once for each version and account, also if it is
    /// begun twice. A running service writes the mails, slowly, and goes on after a restart.
    SendPolicyNotice(NoticeArgs),
    /// Show an account's credits, each of which pays for one track, and give or take some. Their holder sees it with the
    /// reason; what was written stays. Money is paid back at Stripe.
    Credits(CreditsArgs),
    /// Show what administrators did, the latest first. Kept for a year.
    Audit(AuditArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The address that the account is for.
    #[arg(value_name = "ADDRESS")]
    pub(crate) email: Email,
    /// Make the account now, with the password that is the first line of standard input.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// What the site calls its holder; by default what stands before the @.
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub(crate) name: Option<PersonName>,
}

#[derive(Debug, Args)]
pub(crate) struct WhoArgs {
    /// The account's address or id.
    #[arg(value_name = "ACCOUNT")]
    pub(crate) who: Who,
}

#[derive(Debug, Args)]
pub(crate) struct CreditsArgs {
    /// The account's address or id.
    #[arg(value_name = "ACCOUNT")]
    pub(crate) who: Who,
    /// Give so many credits.
    #[arg(long, value_name = "N", group = "change", requires = "reason", value_parser = by_hand())]
    pub(crate) add: Option<i64>,
    /// Take so many credits; never more than there are.
    #[arg(long, value_name = "N", group = "change", requires = "reason", value_parser = by_hand())]
    pub(crate) take: Option<i64>,
    /// Why: their holder reads it, and it is kept for good, so it is to name nobody.
    #[arg(long, value_name = "TEXT", requires = "change")]
    pub(crate) reason: Option<Reason>,
}

fn by_hand() -> clap::builder::RangedI64ValueParser<i64> {
    clap::value_parser!(i64).range(1..=Adjustment::MOST.cast_signed())
}

impl CreditsArgs {
    /// How many are to be given, or taken with a minus.
    pub(crate) fn credits(&self) -> Option<i64> {
        self.add.or(self.take.map(|taken| -taken))
    }
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The account's address or id.
    #[arg(value_name = "ACCOUNT")]
    pub(crate) who: Who,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NoticeArgs {
    /// Show the mail and how many would get it; send nothing.
    #[arg(long, conflicts_with_all = ["status", "yes"])]
    pub(crate) preview: bool,
    /// Show how far it is; send nothing.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) status: bool,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only accounts with this in their address or name.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) search: String,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Some of many.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Paging {
    /// Which page.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page: u32,
    /// How many on a page, 1 to 1000.
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) per_page: u32,
}

impl Paging {
    /// How many come before this page.
    pub(crate) fn skipped(self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.per_page)
    }

    /// How many pages there are.
    pub(crate) fn pages(self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.per_page)).max(1)
    }
}

/// An account, as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    Email(Email),
    Id(AccountId),
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        text.parse().map(Self::Email).map_err(|_| "expected an account's address, or its id of 32 digits".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_two_names() {
        assert_eq!("Mia@Example.org".parse(), Ok(Who::Email("mia@example.org".parse().expect("an address"))));
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(id.parse(), Ok(Who::Id(id.parse().expect("an id"))));
        for bad in ["", "mia", "mia@example.org\nBcc: eve@example.org", "0123456789abcdef"] {
            assert!(bad.parse::<Who>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn pages_count_from_one() {
        let paging = Paging { page: 3, per_page: 50 };
        assert_eq!((paging.skipped(), paging.pages(0), paging.pages(100), paging.pages(101)), (100, 1, 2, 3));
    }
}

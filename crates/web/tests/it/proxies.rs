//! Whose address counts where attempts are counted: a stranger's header does not, a trusted proxy's does.

use crate::common::genuine;
use crate::common::served::Served;
use web::{Limits, OperatorToken, Proxies, Site};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn served(trusted: &[&str], header: &str) -> Served {
    let networks: Vec<String> = trusted.iter().map(|&network| network.to_owned()).collect();
    let proxies = Proxies::check(&networks, header).expect("networks");
    let site = Site { operator: OperatorToken::new(TOKEN).ok(), ..Site::loopback() };
    Served::start(site, Limits::default(), proxies).await
}

/// Guesses at the operator's token with these lines in the head, and gives the status.
async fn guess(served: &Served, lines: &str) -> u16 {
    let (cookie, csrf) = genuine("");
    let body = format!("{csrf}&token=a-guess");
    let request = format!(
        "POST /operator/sign-in HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncookie: {cookie}\r\n{lines}content-length: {}\r\n\r\n{body}",
        served.address,
        body.len()
    );
    let answer = served.send(&request).await;
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status in {answer:?}"))
}

/// The statuses of four guesses, each under the next address of a header that `line` writes.
async fn four(served: &Served, line: impl Fn(u8) -> String) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 1..=4 {
        statuses.push(guess(served, &line(number)).await);
    }
    statuses
}

/// Three tries are free; the fourth has to wait.
const ONE_GUESSER: [u16; 4] = [401, 401, 401, 429];
const FOUR_GUESSERS: [u16; 4] = [401; 4];

#[tokio::test]
async fn by_default_a_header_makes_nobody_somebody_else() {
    let served = served(&[], "x-forwarded-for").await;
    let spoofed = four(&served, |number| {
        format!(
            "x-forwarded-for: 192.0.2.{number}\r\nforwarded: for=192.0.2.{number}\r\nx-real-ip: 192.0.2.{number}\r\n"
        )
    });
    assert_eq!(spoofed.await, ONE_GUESSER);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let served = served(&["127.0.0.1"], "x-forwarded-for").await;
    assert_eq!(four(&served, |number| format!("x-forwarded-for: 192.0.2.{number}\r\n")).await, FOUR_GUESSERS);
    // What stands left of the proxy's own entry is the guesser's invention.
    let spoofed = four(&served, |number| format!("x-forwarded-for: 203.0.113.{number}, 198.51.100.1\r\n"));
    assert_eq!(spoofed.await, ONE_GUESSER);
    let spoofed = four(&served, |number| {
        format!(
            "x-forwarded-for: 203.0.113.{number}\r\nforwarded: for=203.0.113.{number}\r\nx-forwarded-for: 198.51.100.2\r\n"
        )
    });
    assert_eq!(spoofed.await, ONE_GUESSER);
    // One customer's /64 is one guesser.
    let household = four(&served, |number| format!("x-forwarded-for: 2001:db8::{number}\r\n"));
    assert_eq!(household.await, ONE_GUESSER);
    let neighbours = four(&served, |number| format!("x-forwarded-for: 2001:db8:0:{number}::1\r\n"));
    assert_eq!(neighbours.await, FOUR_GUESSERS);
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_the_proxys_own_and_breaks_nothing() {
    let served = served(&["127.0.0.0/8"], "forwarded").await;
    let garbage = four(&served, |number| format!("forwarded: for=_hidden{number};by=\"\r\n"));
    assert_eq!(garbage.await, ONE_GUESSER, "all in the proxy's own name");
    let many = "forwarded: for=203.0.113.1\r\n".repeat(60);
    assert_eq!(guess(&served, &format!("{many}forwarded: for=192.0.2.1\r\n")).await, 401);
    // More than a head may hold is refused before anybody looks into it.
    let huge = format!("forwarded: {}for=192.0.2.2\r\n", "for=203.0.113.1,".repeat(100_000));
    assert!([431, 400].contains(&guess(&served, &huge).await));
    assert_eq!(guess(&served, "forwarded: for=192.0.2.3\r\n").await, 401, "and the service goes on");
}

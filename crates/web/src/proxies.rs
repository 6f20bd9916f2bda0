//! Where a request really came from, when it came by way of the operator's own proxies.
//!
//! Anybody can write a header. So one is read only if the connection itself comes from a network that the operator
//! trusts, only the one that their proxies write, and only from its right end, where they append: up to the first
//! address that is none of theirs. What stands left of it was written by a stranger.
//!
//! Not here: whether browsers come over TLS, and under which name. Both are the operator's to say (`serve.public_url`);
//! `X-Forwarded-Proto`, `X-Forwarded-Host` and `Host` are asked for neither.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

/// Proxies behind each other that are followed; a longer chain is a mistake or an attack.
const MOST_HOPS: usize = 16;

/// The networks of the operator's own proxies. Without any, no header is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    networks: Vec<IpNet>,
    written: Written,
}

/// The header in which the proxies write whom they speak for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Written {
    /// `X-Forwarded-For: 192.0.2.1, 10.0.0.2`, as nearly all do.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=192.0.2.1` (RFC 7239).
    Forwarded,
}

/// What is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAProxy {
    /// Neither a network nor an address.
    #[error("expected a network such as `10.0.0.0/8` or an address in serve.trusted_proxies, found `{found}`")]
    Network {
        /// What was set.
        found: String,
    },
    /// All addresses of a family: then anybody could pass for anybody.
    #[error("`{found}` in serve.trusted_proxies is everybody: name the networks of your own proxies alone")]
    Everybody {
        /// What was set.
        found: String,
    },
    /// Not one of the two headers.
    #[error("expected `x-forwarded-for` or `forwarded` as serve.proxy_header, found `{found}`")]
    Header {
        /// What was set.
        found: String,
    },
}

impl Proxies {
    /// Checks what the operator set: networks (`10.0.0.0/8`, `fd00::/8`) or single addresses, and the header that their
    /// proxies write.
    pub fn check(networks: &[String], header: &str) -> Result<Self, NotAProxy> {
        let written = match header {
            "x-forwarded-for" => Written::XForwardedFor,
            "forwarded" => Written::Forwarded,
            found => return Err(NotAProxy::Header { found: found.to_owned() }),
        };
        let network = |text: &String| {
            let found = || text.clone();
            let network = IpNet::from_str(text).or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            match network {
                Ok(network) if network.prefix_len() == 0 => Err(NotAProxy::Everybody { found: found() }),
                Ok(network) => Ok(network),
                Err(_) => Err(NotAProxy::Network { found: found() }),
            }
        };
        Ok(Self { networks: networks.iter().map(network).collect::<Result<_, _>>()?, written })
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Who sent a request that came over a connection from `peer`. Where a proxy does not say it, or says it in a way
    /// that cannot be read, it is the proxy itself.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // A socket for both families shows IPv4 addresses as IPv6 ones.
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let name = match self.written {
            Written::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Written::Forwarded => header::FORWARDED,
        };
        let lines = headers.get_all(name).iter().rev();
        let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for entry in entries.take(MOST_HOPS) {
            let said = str::from_utf8(entry).ok().and_then(|entry| match self.written {
                Written::XForwardedFor => address(entry),
                Written::Forwarded => forwarded_for(entry),
            });
            match said {
                Some(address) => client = address,
                None => break,
            }
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// An address as proxies write it: with or without a port, an IPv6 one with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// The `for` of an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("for") {
            return None;
        }
        let value = value.trim();
        address(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies(header: &str) -> Proxies {
        let networks = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"].map(str::to_owned);
        Proxies::check(&networks, header).expect("networks")
    }

    /// Whom a request comes from, by a connection and the lines of a header.
    fn client(proxies: &Proxies, peer: &str, header: &'static str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header, line.parse().expect("a header"));
        }
        proxies.client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_the_operator_says_so() {
        let none = Proxies::default();
        assert_eq!(client(&none, "127.0.0.1", "x-forwarded-for", &["192.0.2.1"]), "127.0.0.1");
        let some = proxies("x-forwarded-for");
        assert_eq!(client(&some, "203.0.113.9", "x-forwarded-for", &["192.0.2.1"]), "203.0.113.9");
        assert_eq!(client(&some, "::ffff:203.0.113.9", "x-forwarded-for", &["192.0.2.1"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_says_whom_it_speaks_for() {
        let some = proxies("x-forwarded-for");
        let of = |peer, lines: &[&str]| client(&some, peer, "x-forwarded-for", lines);
        assert_eq!(of("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(of("::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1", "over a socket for both families");
        assert_eq!(of("fd00::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(of("10.0.0.1", &["192.0.2.1:5060"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(of("10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(of("10.0.0.1", &["192.0.2.1, 10.0.0.2 ,10.0.0.3"]), "192.0.2.1", "by way of three");
        assert_eq!(of("10.0.0.1", &["192.0.2.1", "10.0.0.2"]), "192.0.2.1", "in two lines");
        assert_eq!(of("10.0.0.1", &["10.0.0.9"]), "10.0.0.9", "somebody in the operator's own network");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_stranger_wrote_before_the_proxy_did_is_not_read() {
        let some = proxies("x-forwarded-for");
        let of = |lines: &[&str]| client(&some, "10.0.0.1", "x-forwarded-for", lines);
        for spoofed in ["127.0.0.1", "10.0.0.5", "192.0.2.99", "::1", "unknown", "", ",,,", "' OR 1=1 --"] {
            assert_eq!(of(&[&format!("{spoofed}, 192.0.2.1")]), "192.0.2.1", "{spoofed}");
            assert_eq!(of(&[spoofed, "192.0.2.1"]), "192.0.2.1", "{spoofed}");
        }
        // Behind the last readable hop nothing is guessed.
        for broken in
            ["", "unknown", "192.0.2", "192.0.2.1.5", "192.0.2.1:99999", "[2001:db8::7", "2001:db8::7]", "a b"]
        {
            assert_eq!(of(&[&format!("192.0.2.1, {broken}")]), "10.0.0.1", "{broken}");
            assert_eq!(of(&[&format!("192.0.2.1, {broken}, 10.0.0.2")]), "10.0.0.2", "{broken}");
        }
        let endless = vec!["10.0.0.2"; 5000].join(",");
        assert_eq!(of(&[&format!("192.0.2.1,{endless}")]), "10.0.0.2", "and nobody follows a chain without an end");
    }

    #[test]
    fn the_other_header_is_a_strangers() {
        assert_eq!(client(&proxies("x-forwarded-for"), "10.0.0.1", "forwarded", &["for=192.0.2.1"]), "10.0.0.1");
        assert_eq!(client(&proxies("forwarded"), "10.0.0.1", "x-forwarded-for", &["192.0.2.1"]), "10.0.0.1");
    }

    #[test]
    fn the_standards_own_header_is_read_as_well() {
        let some = proxies("forwarded");
        let of = |lines: &[&str]| client(&some, "10.0.0.1", "forwarded", lines);
        assert_eq!(of(&["for=192.0.2.60;proto=http;by=203.0.113.43"]), "192.0.2.60");
        assert_eq!(of(&["proto=https; For=\"[2001:db8:cafe::17]:4711\""]), "2001:db8:cafe::17");
        assert_eq!(of(&["for=192.0.2.43, for=10.0.0.7"]), "192.0.2.43");
        for hidden in ["for=unknown", "for=_gazonk", "proto=https", "for", "for=\"", ""] {
            assert_eq!(of(&[hidden]), "10.0.0.1", "{hidden}");
        }
        assert_eq!(of(&["for=\"192.0.2.99", "for=192.0.2.1"]), "192.0.2.1", "an open quote closes nothing of ours");
    }

    #[test]
    fn settings_that_would_trust_the_wrong_ones_are_refused() {
        let check =
            |network: &str, header| Proxies::check(&[network.to_owned()], header).map_err(|error| error.to_string());
        for everybody in ["0.0.0.0/0", "::/0"] {
            assert!(check(everybody, "forwarded").expect_err("refused").contains("everybody"));
        }
        for bad in ["", "10.0.0.0/33", "localhost", "10.0.0"] {
            assert!(check(bad, "forwarded").expect_err("refused").contains("10.0.0.0/8"), "{bad}");
        }
        assert!(check("10.0.0.0/8", "X-Real-IP").expect_err("refused").contains("x-forwarded-for"));
    }

    proptest! {
        #[test]
        fn whatever_is_written_the_last_hop_decides(written in "[ -~]{0,200}") {
            let some = proxies("x-forwarded-for");
            let line = format!("{written},192.0.2.1");
            prop_assert_eq!(client(&some, "10.0.0.1", "x-forwarded-for", &[&line]), "192.0.2.1");
        }
    }
}

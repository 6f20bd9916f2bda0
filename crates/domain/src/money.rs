//! Money: whole minor units of one currency, never a float.

use std::fmt;
use std::str::FromStr;

/// A currency by its ISO 4217 code, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// The text is no [`Currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a currency's code of three letters, such as EUR")]
pub struct NotACurrency;

impl Currency {
    /// Currencies that prices may be set in, and their digits behind the point as the payment provider counts them: for
    /// some others it differs from ISO 4217, and a price a hundred times too high is nobody's joke.
    const PRICED: [(&'static str, usize); 19] = [
        ("AUD", 2),
        ("BRL", 2),
        ("CAD", 2),
        ("CHF", 2),
        ("CZK", 2),
        ("DKK", 2),
        ("EUR", 2),
        ("GBP", 2),
        ("HKD", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("MXN", 2),
        ("NOK", 2),
        ("NZD", 2),
        ("PLN", 2),
        ("RON", 2),
        ("SEK", 2),
        ("SGD", 2),
        ("USD", 2),
    ];

    /// Its code.
    pub fn as_str(&self) -> &str {
        // Made of ASCII letters alone.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits behind the point; `None` for currencies that no price is set in.
    fn decimals(self) -> Option<usize> {
        Self::PRICED.iter().find(|(code, _)| *code == self.as_str()).map(|(_, decimals)| *decimals)
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    /// Small letters are taken, too: some write codes so.
    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| NotACurrency)?;
        let is_code = bytes.iter().all(u8::is_ascii_alphabetic);
        if is_code { Ok(Self(bytes.map(|byte| byte.to_ascii_uppercase()))) } else { Err(NotACurrency) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({self})")
    }
}

/// An amount of money. Text form: `9.00 EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// How much, in the currency's smallest unit: cents, yen.
    pub minor: u64,
    /// Of which currency.
    pub currency: Currency,
}

/// The text is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPrice {
    /// Not an amount and a currency.
    #[error("expected a price such as `9.00 EUR`, with as many digits behind the point as the currency has")]
    Shape,
    /// A currency that prices are not set in.
    #[error("expected a price in one of {}", Currency::PRICED.map(|(code, _)| code).join(", "))]
    Currency,
    /// Nothing, or more than a card is charged with.
    #[error("expected a price of more than 0 and at most {} minor units", Money::MAX_MINOR)]
    Amount,
}

impl Money {
    /// No payment is larger, minor units: the provider's own limit of eight digits.
    pub const MAX_MINOR: u64 = 99_999_999;
}

impl FromStr for Money {
    type Err = NotAPrice;

    fn from_str(text: &str) -> Result<Self, NotAPrice> {
        let (amount, code) = text.trim().split_once(' ').ok_or(NotAPrice::Shape)?;
        let currency: Currency = code.trim().parse().map_err(|_| NotAPrice::Shape)?;
        let decimals = currency.decimals().ok_or(NotAPrice::Currency)?;
        let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let has_part = amount.contains('.');
        if whole.is_empty() || !is_number(whole) || !is_number(part) || (has_part && part.len() != decimals) {
            return Err(NotAPrice::Shape);
        }
        // `9. JPY` is no amount either.
        if has_part && decimals == 0 {
            return Err(NotAPrice::Shape);
        }
        let digits = format!("{whole}{part:0<decimals$}");
        let minor: u64 = digits.parse().map_err(|_| NotAPrice::Amount)?;
        if (1..=Self::MAX_MINOR).contains(&minor) { Ok(Self { minor, currency }) } else { Err(NotAPrice::Amount) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.currency.decimals() {
            Some(decimals) if decimals > 0 => {
                let unit = 10_u64.pow(decimals as u32);
                write!(f, "{}.{:0decimals$} {}", self.minor / unit, self.minor % unit, self.currency)
            }
            Some(_) => write!(f, "{} {}", self.minor, self.currency),
            None => write!(f, "{} minor units of {}", self.minor, self.currency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_price_is_read_to_the_cent() {
        for (text, minor, shown) in [
            ("9.00 EUR", 900, "9.00 EUR"),
            ("9 EUR", 900, "9.00 EUR"),
            ("0.05 usd", 5, "0.05 USD"),
            ("19.99 GBP", 1999, "19.99 GBP"),
            ("1200 JPY", 1200, "1200 JPY"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!((money.minor, money.to_string().as_str()), (minor, shown), "{text}");
        }
    }

    #[test]
    fn what_could_be_meant_otherwise_is_refused() {
        for text in [
            "",
            "9",
            "EUR",
            "9.0 EUR",
            "9.000 EUR",
            "9,00 EUR",
            "-9.00 EUR",
            "9. EUR",
            ".90 EUR",
            "9.00 JPY",
            "9.00EUR",
            "1e3 EUR",
        ] {
            assert_eq!(text.parse::<Money>(), Err(NotAPrice::Shape), "{text}");
        }
        assert_eq!("9.00 ISK".parse::<Money>(), Err(NotAPrice::Currency));
        assert_eq!("0.00 EUR".parse::<Money>(), Err(NotAPrice::Amount));
        assert_eq!("1000000.00 EUR".parse::<Money>(), Err(NotAPrice::Amount));
    }

    proptest! {
        #[test]
        fn a_price_survives_its_text_form(minor in 1..=Money::MAX_MINOR, of in 0..Currency::PRICED.len()) {
            let money = Money { minor, currency: Currency::PRICED[of].0.parse().unwrap() };
            prop_assert_eq!(money.to_string().parse(), Ok(money));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,30}") {
            let _ = text.parse::<Money>();
        }
    }
}

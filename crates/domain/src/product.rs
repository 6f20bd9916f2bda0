//! What can be bought: credits, one by one, many at once, or some each month. One credit pays for one track.

use crate::account::PersonName;
use crate::job::UnknownName;
use crate::label::Label;
use crate::money::Money;
use std::fmt;
use std::str::FromStr;

/// How a product is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductKind {
    /// One master.
    Single,
    /// Several masters at once.
    Pack,
    /// Some masters each month, until it is cancelled.
    Monthly,
}

impl ProductKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Single, Self::Pack, Self::Monthly];

    /// Its name in the settings and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Pack => "pack",
            Self::Monthly => "monthly",
        }
    }
}

impl FromStr for ProductKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownName { of: "product" })
    }
}

impl fmt::Display for ProductKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its name in forms and in the database.
    pub id: Label,
    /// What visitors and the payment page call it.
    pub name: String,
    /// How it is paid for.
    pub kind: ProductKind,
    /// Credits that it gives; each month, where it is monthly.
    pub credits: u32,
    /// What it costs; each month, where it is monthly.
    pub price: Money,
}

/// A product's settings are wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    /// Its name is none.
    #[error("product `{id}`: expected a name of 1 to {} characters on one line", PersonName::MAX_CHARS)]
    Name {
        /// Which product.
        id: Label,
    },
    /// Its number of credits does not go with its kind.
    #[error(
        "product `{id}`: a single master gives 1 credit, a pack 2 to {most}, a month 1 to {most}; found {found}",
        most = Products::MOST_CREDITS
    )]
    Credits {
        /// Which product.
        id: Label,
        /// What was set.
        found: u32,
    },
    /// Two have one name.
    #[error("two products are called `{id}`: give each an id of its own")]
    Twice {
        /// The name.
        id: Label,
    },
    /// Too many to choose from.
    #[error("expected at most {} products, found {found}", Products::MOST)]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

/// All that can be bought, in the order in which it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Products(Vec<Product>);

impl Products {
    /// More than this nobody compares.
    pub const MOST: usize = 12;
    /// More credits nobody buys at once.
    pub const MOST_CREDITS: u32 = 1000;

    /// Checks what an operator set.
    pub fn check(products: Vec<Product>) -> Result<Self, ProductError> {
        if products.len() > Self::MOST {
            return Err(ProductError::TooMany { found: products.len() });
        }
        for (index, product) in products.iter().enumerate() {
            let Product { id, name, kind, credits, .. } = product;
            // What a person may be called a product may be, too.
            if name.parse::<PersonName>().is_err() {
                return Err(ProductError::Name { id: id.clone() });
            }
            let fits = match kind {
                ProductKind::Single => 1..=1,
                ProductKind::Pack => 2..=Self::MOST_CREDITS,
                ProductKind::Monthly => 1..=Self::MOST_CREDITS,
            };
            if !fits.contains(credits) {
                return Err(ProductError::Credits { id: id.clone(), found: *credits });
            }
            if products[..index].iter().any(|earlier| earlier.id == *id) {
                return Err(ProductError::Twice { id: id.clone() });
            }
        }
        Ok(Self(products))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Product> {
        self.0.iter()
    }

    /// The one with this id.
    pub fn find(&self, id: &str) -> Option<&Product> {
        self.iter().find(|product| product.id.as_str() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str, kind: ProductKind, credits: u32) -> Product {
        let price = "9.00 EUR".parse().unwrap();
        Product { id: id.parse().unwrap(), name: "One master".to_owned(), kind, credits, price }
    }

    #[test]
    fn products_are_told_apart_and_give_what_their_kind_gives() {
        use ProductKind::{Monthly, Pack, Single};
        let good = vec![product("single", Single, 1), product("pack", Pack, 10), product("plan", Monthly, 1)];
        let products = Products::check(good.clone()).unwrap();
        assert_eq!(products.find("pack"), Some(&good[1]));
        assert_eq!(products.find("other"), None);
        for (kind, credits) in [(Single, 0), (Single, 2), (Pack, 1), (Pack, 1001), (Monthly, 0)] {
            let error = Products::check(vec![product("a", kind, credits)]).unwrap_err();
            assert_eq!(error, ProductError::Credits { id: "a".parse().unwrap(), found: credits });
        }
        let twice = Products::check(vec![product("a", Single, 1), product("a", Pack, 2)]).unwrap_err();
        assert!(matches!(twice, ProductError::Twice { .. }));
        let nameless = Product { name: "a\nb".to_owned(), ..product("a", Single, 1) };
        assert!(matches!(Products::check(vec![nameless]), Err(ProductError::Name { .. })));
        let many = (0..13).map(|index| product(&format!("p{index}"), Single, 1)).collect();
        assert!(matches!(Products::check(many), Err(ProductError::TooMany { found: 13 })));
    }
}

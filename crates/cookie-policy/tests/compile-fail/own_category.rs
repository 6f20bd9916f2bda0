//! A category that the policy does not know.

use cookie_policy::{Category, InCategory};

enum Advertising {}

impl InCategory for Advertising {
    const CATEGORY: Category = Category::Essential;
}

fn main() {}

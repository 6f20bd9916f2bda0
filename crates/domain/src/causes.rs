//! What a log or a terminal says of an error.
//!
//! Not here: what a visitor is told, which names no causes.

use std::error::Error;

/// An error with all its causes, in one text.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the file cannot be read")]
    struct Unread(#[source] std::io::Error);

    #[test]
    fn every_cause_is_named_after_what_it_caused() {
        let inner = std::io::Error::other("the disk is gone");
        assert_eq!(causes(&inner), "the disk is gone");
        assert_eq!(causes(&Unread(inner)), "the file cannot be read: the disk is gone");
    }
}

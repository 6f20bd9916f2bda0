//! How many uploads run at one time, in all and by visitor.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::SessionId;

/// Counts uploads. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Uploads {
    per_visitor: usize,
    in_all: usize,
    running: Arc<Mutex<Running>>,
}

#[derive(Debug, Default)]
struct Running {
    in_all: usize,
    by_visitor: HashMap<SessionId, usize>,
}

/// Why an upload has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// This visitor has as many running as one may have.
    Visitor,
    /// All visitors together have.
    Service,
}

/// A running upload; it is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    uploads: Uploads,
    visitor: Option<SessionId>,
}

impl Uploads {
    pub(crate) fn new(per_visitor: usize, in_all: usize) -> Self {
        Self { per_visitor, in_all, running: Arc::default() }
    }

    /// Counts one more, if there is room. Whoever has no session yet counts towards all only.
    pub(crate) fn begin(&self, visitor: Option<SessionId>) -> Result<Permit, Full> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.in_all >= self.in_all {
            return Err(Full::Service);
        }
        if let Some(visitor) = visitor {
            let theirs = running.by_visitor.entry(visitor).or_default();
            if *theirs >= self.per_visitor {
                return Err(Full::Visitor);
            }
            *theirs += 1;
        }
        running.in_all += 1;
        Ok(Permit { uploads: self.clone(), visitor })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = self.uploads.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.in_all -= 1;
        if let Some(visitor) = self.visitor
            && let Some(theirs) = running.by_visitor.get_mut(&visitor)
        {
            *theirs -= 1;
            if *theirs == 0 {
                running.by_visitor.remove(&visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(digit: char) -> SessionId {
        digit.to_string().repeat(64).parse().expect("64 digits")
    }

    #[test]
    fn one_visitor_cannot_take_all_the_room_and_gives_back_what_ends() {
        let uploads = Uploads::new(2, 3);
        let first = uploads.begin(Some(visitor('a'))).expect("room");
        let _second = uploads.begin(Some(visitor('a'))).expect("room");
        assert_eq!(uploads.begin(Some(visitor('a'))).err(), Some(Full::Visitor));
        let _other = uploads.begin(None).expect("room");
        assert_eq!(uploads.begin(None).err(), Some(Full::Service));
        drop(first);
        uploads.begin(Some(visitor('a'))).expect("room again");
    }
}

//! The twelve purposes that the policy promises, and which declared items serve each.
//!
//! The words for them are in [`super::texts`]; which item serves what is declared in [`crate::registry`].

use cookie_policy::Registry;

/// A group of purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Security,
    Experience,
    Improvement,
}

impl Area {
    /// The keys of its purposes, in the order of the policy.
    pub(crate) const fn purposes(self) -> [&'static str; 4] {
        match self {
            Self::Security => ["login-state", "security-tokens", "session-management", "account-protection"],
            Self::Experience => ["preferences", "form-data", "navigation", "accessibility"],
            Self::Improvement => ["performance", "feature-usage", "error-tracking", "ab-testing"],
        }
    }
}

/// The names of the items that serve a purpose; none where nothing is stored for it.
pub(crate) fn served_by(registry: &'static Registry, purpose: &str) -> Vec<&'static str> {
    let items = registry.items().iter().filter(|item| item.spec.purposes.contains(&purpose));
    items.map(|item| item.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::registry::SITE;

    const AREAS: [Area; 3] = [Area::Security, Area::Experience, Area::Improvement];

    #[test]
    fn each_of_the_twelve_purposes_has_an_item_save_the_one_that_needs_none() {
        let all: Vec<_> = AREAS.into_iter().flat_map(Area::purposes).collect();
        assert_eq!(all.len(), 12);
        let without: Vec<_> = all.into_iter().filter(|purpose| served_by(&SITE, purpose).is_empty()).collect();
        assert_eq!(without, ["account-protection"]);
    }

    #[test]
    fn no_item_has_a_purpose_that_the_policy_does_not_explain() {
        let explained: Vec<_> = AREAS.into_iter().flat_map(Area::purposes).chain(["consent"]).collect();
        for item in SITE.items() {
            assert!(item.spec.purposes.iter().all(|purpose| explained.contains(purpose)), "{}", item.name);
        }
    }

    #[test]
    fn every_language_explains_all_areas() {
        for language in Language::ALL {
            assert_eq!(language.words().policy.groups.each_ref().map(|group| group.area), AREAS);
        }
    }
}

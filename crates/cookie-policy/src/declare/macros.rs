//! `declare!` and `registry!`.

/// Declares cookies and web-storage items, each as a type.
///
/// `cookie`, `local_storage` or `session_storage`, a type name, the literal name in the browser, the category, and those
/// fields of [`Spec`](crate::Spec) that differ from the defaults ([`Spec::COOKIE`](crate::Spec::COOKIE),
/// [`Spec::STORAGE`](crate::Spec::STORAGE)); `purposes` has no default.
///
/// ```
/// use cookie_policy::{Access, Life, declare};
///
/// declare! {
///     /// Light, dark, or as the system says.
///     pub cookie ThemeMode = "theme-mode" in Functional {
///         purposes: &["preferences"],
///         life: Life::days(90),
///         access: Access::Script,
///     }
///     /// A half-filled form.
///     pub local_storage UploadDraft = "upload-draft" in Functional {
///         purposes: &["form-data"],
///         life: Life::days(7),
///     }
/// }
/// ```
#[macro_export]
macro_rules! declare {
    ($($(#[$meta:meta])* $vis:vis $kind:ident $type:ident = $name:literal in $category:ident {
        $($field:ident: $value:expr),* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis enum $type {}
        impl $crate::Declared for $type {
            type Category = $crate::$category;
            const DECLARATION: $crate::Declaration = $crate::Declaration {
                name: $name,
                kind: $crate::declare!(@kind $kind),
                category: $crate::Category::$category,
                spec: $crate::Spec { $($field: $value,)* ..$crate::declare!(@spec $kind) },
            };
        }
        $crate::declare!(@trait $kind $type);
    )*};
    (@kind cookie) => { $crate::Kind::Cookie };
    (@kind local_storage) => { $crate::Kind::LocalStorage };
    (@kind session_storage) => { $crate::Kind::SessionStorage };
    (@spec cookie) => { $crate::Spec::COOKIE };
    (@spec $storage:ident) => { $crate::Spec::STORAGE };
    (@trait cookie $type:ident) => { impl $crate::Cookie for $type {} };
    (@trait $storage:ident $type:ident) => {};
}

/// Gathers declared items into a [`Registry`](crate::Registry), checked while compiling.
///
/// Two items of one name, an item without a purpose, a persistent item without a life, or a registry without
/// [`CookieConsent`](crate::CookieConsent) does not compile.
///
/// ```
/// use cookie_policy::{CookieConsent, Registry, registry};
///
/// static SITE: Registry = registry! { version: 1, date: "2026-01-31", items: [CookieConsent] };
/// assert_eq!(SITE.version(), 1);
/// ```
#[macro_export]
macro_rules! registry {
    (version: $version:expr, date: $date:expr, items: [$($item:ty),* $(,)?] $(,)?) => {
        const {
            $crate::Registry::checked($version, $date, const { &[$($crate::entry::<$item>()),*] })
        }
    };
}

//! Who somebody is: [`local`] checks passwords on this machine, [`supabase`] asks a project of Supabase, [`passkeys`]
//! checks what devices sign, and [`totp`] codes of authenticator apps, whose keys [`seal`] keeps from whoever reads the
//! database alone. [`breached`] knows passwords that were stolen elsewhere, where the operator has a list.

pub mod breached;
pub mod local;
pub mod passkeys;
pub mod seal;
pub mod supabase;
pub mod totp;

/// Where passwords are checked.
#[derive(Debug, Clone, Default)]
pub enum Identity {
    /// On this machine.
    #[default]
    Local,
    /// At Supabase.
    Supabase(supabase::Supabase),
}

impl Identity {
    /// The project, where there is one.
    pub fn supabase(&self) -> Option<&supabase::Supabase> {
        match self {
            Self::Local => None,
            Self::Supabase(supabase) => Some(supabase),
        }
    }
}

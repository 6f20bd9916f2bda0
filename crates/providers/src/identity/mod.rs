//! Who somebody is: [`local`] checks passwords on this machine, [`supabase`] asks a project of Supabase.

pub mod local;
pub mod supabase;

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

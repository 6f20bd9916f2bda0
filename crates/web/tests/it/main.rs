//! Everything that this crate is tested for from outside, in one program: linking is what tests cost, in time and on disk.

mod account_attacks;
mod accounts;
mod activity;
mod admin;
mod admin_new;
mod analytics;
mod canaries;
mod common;
mod cookies;
mod crawled;
mod factor_attacks;
mod factors;
mod operator;
mod passkeys;
mod payment_attacks;
mod payment_property;
mod payments;
mod proxies;
mod quota;
mod references;
mod routes;
mod settings;
mod supabase;
mod supabase_attacks;
mod usage;
mod whose;

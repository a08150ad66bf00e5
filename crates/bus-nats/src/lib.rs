//! Hints between the nodes of one realm: how do they travel over NATS?
//!
//! Each node publishes its hints under one subject and hears those of the others there. What it publishes, its own
//! listeners hear at once, whether NATS is there or not. NATS promises nothing and neither does this crate: who may
//! have missed something is told so, and reads the store. It will never know what a hint is about.

mod bus;
mod payload;
mod quiet;
mod settings;

pub use bus::NatsBus;
pub use settings::{NatsSettings, SettingsError};

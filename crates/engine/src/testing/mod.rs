//! What stands in for the outside in tests: a store in memory and a clock that stands still.

mod blobs;
mod clock;
mod memory;

pub use blobs::MemoryBlobs;
pub use clock::ManualClock;
pub use memory::MemoryStore;

//! Random bytes of the operating system.

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandom;

/// `N` bytes that nobody can guess, for keys, nonces and the secrets of invites.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_not_the_same_twice() {
        assert_ne!(bytes::<16>().unwrap(), bytes::<16>().unwrap());
    }
}

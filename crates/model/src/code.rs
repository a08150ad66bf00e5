//! Codes: six hexadecimal digits that people can read to each other.

/// Makes a type of codes that cannot be taken for codes of another kind.
macro_rules! code {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The code with this number; only its lowest 24 bits count.
            pub fn new(number: u32) -> Self {
                Self(number & 0x00FF_FFFF)
            }

            /// The number behind the digits.
            pub fn number(self) -> u32 {
                self.0
            }

            /// Reads six hexadecimal digits in any case; anything else is not a code.
            pub fn parse(text: &str) -> Option<Self> {
                $crate::code::number(text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:06x}", self.0)
            }
        }
    };
}

pub(crate) use code;

/// The number that six hexadecimal digits in any case mean.
pub(crate) fn number(text: &str) -> Option<u32> {
    let digits =
        text.len() == crate::limits::CODE_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
    if digits { u32::from_str_radix(text, 16).ok() } else { None }
}

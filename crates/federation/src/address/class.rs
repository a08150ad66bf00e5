//! The classes of IP addresses, by the IANA registries of special-purpose addresses (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who an address may belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// This machine.
    Loopback,
    /// A network of our own: RFC 1918, unique local (RFC 4193), and the space that providers and
    /// overlay networks share (RFC 6598).
    Private,
    /// Nobody that a realm could be: unspecified, link-local, multicast, documentation, reserved …
    Special,
    /// A machine on the open network.
    Public,
}

/// The class of an address. Forms of IPv6 that stand for an IPv4 address have the class of that.
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => classify_v4(address),
            None => classify_v6(address),
        },
    }
}

/// Whether a link connects to an address of this class; `allows_private` is the link's own setting.
pub fn may_connect(class: AddressClass, allows_private: bool) -> bool {
    match class {
        AddressClass::Public => true,
        AddressClass::Loopback | AddressClass::Private => allows_private,
        AddressClass::Special => false,
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    match address.octets() {
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
            AddressClass::Private
        }
        // This network, multicast, reserved and the limited broadcast; link-local, and with it the
        // metadata services of clouds; protocol assignments and three networks for documentation;
        // 6to4 relays; benchmarks.
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..] => AddressClass::Special,
        _ => AddressClass::Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        [0xfc00..=0xfdff, ..] => AddressClass::Private,
        // Protocol assignments with Teredo and ORCHID, then two networks for documentation.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressClass::Special,
        // Nothing outside of 2000::/3 is given to anybody as a unicast address.
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Special,
    }
}

/// The IPv4 address that an IPv4-mapped, a NAT64 (RFC 6052) or a 6to4 (RFC 3056) address stands for.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    // tidy: address classes
    use super::AddressClass::{Loopback, Private, Public, Special};
    use super::*;

    /// Built from numbers, since no source names addresses that belong to someone.
    fn v4(octets: [u8; 4]) -> IpAddr {
        Ipv4Addr::from(octets).into()
    }

    #[test]
    fn every_block_of_ipv4_ends_where_its_registry_says() {
        for (first, last, class) in [
            ([0, 0, 0, 0], [0, 255, 255, 255], Special),
            ([1, 0, 0, 0], [9, 255, 255, 255], Public),
            ([10, 0, 0, 0], [10, 255, 255, 255], Private),
            ([11, 0, 0, 0], [100, 63, 255, 255], Public),
            ([100, 64, 0, 0], [100, 127, 255, 255], Private),
            ([100, 128, 0, 0], [126, 255, 255, 255], Public),
            ([127, 0, 0, 0], [127, 255, 255, 255], Loopback),
            ([128, 0, 0, 0], [169, 253, 255, 255], Public),
            ([169, 254, 0, 0], [169, 254, 255, 255], Special),
            ([169, 255, 0, 0], [172, 15, 255, 255], Public),
            ([172, 16, 0, 0], [172, 31, 255, 255], Private),
            ([172, 32, 0, 0], [191, 255, 255, 255], Public),
            ([192, 0, 0, 0], [192, 0, 0, 255], Special),
            ([192, 0, 1, 0], [192, 0, 1, 255], Public),
            ([192, 0, 2, 0], [192, 0, 2, 255], Special),
            ([192, 0, 3, 0], [192, 88, 98, 255], Public),
            ([192, 88, 99, 0], [192, 88, 99, 255], Special),
            ([192, 88, 100, 0], [192, 167, 255, 255], Public),
            ([192, 168, 0, 0], [192, 168, 255, 255], Private),
            ([192, 169, 0, 0], [198, 17, 255, 255], Public),
            ([198, 18, 0, 0], [198, 19, 255, 255], Special),
            ([198, 20, 0, 0], [198, 51, 99, 255], Public),
            ([198, 51, 100, 0], [198, 51, 100, 255], Special),
            ([198, 51, 101, 0], [203, 0, 112, 255], Public),
            ([203, 0, 113, 0], [203, 0, 113, 255], Special),
            ([203, 0, 114, 0], [223, 255, 255, 255], Public),
            ([224, 0, 0, 0], [255, 255, 255, 255], Special),
        ] {
            assert_eq!((classify(v4(first)), classify(v4(last))), (class, class), "{first:?}");
        }
    }

    #[test]
    fn every_block_of_ipv6_has_its_class() {
        for (text, class) in [
            ("::", Special),
            ("::1", Loopback),
            ("::2", Special),
            // IPv4-compatible, long out of use.
            ("::127.0.0.1", Special),
            ("64:ff9b:1::1", Special),
            ("100::1", Special),
            ("1fff::1", Special),
            ("2001::1", Special),
            ("2001:1ff:ffff::", Special),
            ("2001:200::", Public),
            ("2001:db7:ffff::1", Public),
            ("2001:db8::1", Special),
            ("2001:db8:ffff::1", Special),
            ("2001:db9::1", Public),
            ("2400:cb00::1", Public),
            ("2620:4f:8000::1", Public),
            ("3ffe::1", Public),
            ("3fff::1", Special),
            ("3fff:fff:ffff::1", Special),
            ("3fff:1000::1", Public),
            ("4000::1", Special),
            ("5f00::1", Special),
            ("fbff::1", Special),
            ("fc00::1", Private),
            ("fdff:ffff::1", Private),
            ("fe00::1", Special),
            ("fe80::1", Special),
            ("fec0::1", Special),
            ("ff02::1", Special),
        ] {
            assert_eq!(classify(text.parse().unwrap()), class, "{text}");
        }
    }

    #[test]
    fn what_stands_for_an_ipv4_address_has_its_class() {
        for (octets, class) in [
            ([127, 0, 0, 1], Loopback),
            ([10, 0, 0, 1], Private),
            ([169, 254, 169, 254], Special),
            ([0, 0, 0, 0], Special),
            ([9, 9, 9, 9], Public),
        ] {
            let address = Ipv4Addr::from(octets);
            let [high, low] = [address.to_bits() >> 16, address.to_bits() & 0xffff];
            for text in [
                format!("::ffff:{high:x}:{low:x}"),
                format!("64:ff9b::{high:x}:{low:x}"),
                format!("2002:{high:x}:{low:x}::1"),
            ] {
                assert_eq!(classify(text.parse().unwrap()), class, "{text}");
            }
        }
    }

    #[test]
    fn private_addresses_only_if_the_link_says_so_and_special_ones_never() {
        for (class, without, with) in [
            (Public, true, true),
            (Private, false, true),
            (Loopback, false, true),
            (Special, false, false),
        ] {
            assert_eq!((may_connect(class, false), may_connect(class, true)), (without, with));
        }
    }
}

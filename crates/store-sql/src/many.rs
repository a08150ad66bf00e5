//! Many rows named in one statement, of which only a few are to be kept ready.

/// Names the last row again and again, up to a power of two: so there are few lengths of lists.
pub(crate) fn fill_up<T: Copy>(rows: &mut Vec<T>) {
    if let Some(last) = rows.last().copied() {
        rows.resize(rows.len().next_power_of_two(), last);
    }
}

/// So many parameters, `?1, ?2`.
pub(crate) fn marks(count: usize) -> String {
    (1..=count).map(|nth| format!("?{nth}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_is_named_again() {
        for (rows, filled) in [
            (vec![], vec![]),
            (vec![5], vec![5]),
            (vec![5, 6, 7], vec![5, 6, 7, 7]),
            (vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5, 5, 5, 5]),
        ] {
            let mut named = rows.clone();
            fill_up(&mut named);
            assert_eq!(named, filled, "{rows:?}");
        }
        assert_eq!((marks(0).as_str(), marks(3).as_str()), ("", "?1, ?2, ?3"));
    }
}

//! The Merkle tree of RFC 6962, section 2.1, over SHA-256.
//!
//! Leaves and nodes are hashed under different prefixes, so that no node can be passed off as a leaf.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// The hash of a leaf: SHA-256 of `0x00` and its bytes.
#[must_use]
pub fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

/// The hash of a node over two others: SHA-256 of `0x01`, the left and the right one.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over leaf hashes, in this order. Over none it is the SHA-256 of nothing.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [only] => *only,
        many => {
            let (left, right) = many.split_at(split(many.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The hashes that lead from the leaf at `index` to the root, lowest first: the audit path of RFC 6962, section 2.1.1.
/// None: there is no such leaf.
#[must_use]
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    match leaves {
        [] => None,
        [_] => (index == 0).then(Vec::new),
        many => {
            let (left, right) = many.split_at(split(many.len()));
            let (mut path, other) = match index.checked_sub(left.len()) {
                None => (self::path(left, index)?, right),
                Some(index) => (self::path(right, index)?, left),
            };
            path.push(root(other));
            Some(path)
        }
    }
}

/// The root that a leaf hash at `index` of `count` comes to along its audit path. None: the path does not fit.
#[must_use]
pub fn root_along(leaf: Hash, index: usize, count: usize, path: &[Hash]) -> Option<Hash> {
    match (count, path.split_last()) {
        (1, None) => (index == 0).then_some(leaf),
        (2.., Some((other, below))) => match index.checked_sub(split(count)) {
            None => Some(node(&root_along(leaf, index, split(count), below)?, other)),
            Some(right) => Some(node(other, &root_along(leaf, right, count - split(count), below)?)),
        },
        _ => None,
    }
}

/// The largest power of two below `count`.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use remedy_domain::canonical::hex;

    /// The leaves and roots of Certificate Transparency's own tests (`merkle_tree_test.cc`), which RFC 6962
    /// implementations share.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_the_published_ones() {
        let leaves: Vec<_> = LEAVES.iter().map(|bytes| leaf(bytes)).collect();
        for (count, expected) in ROOTS.iter().enumerate() {
            assert_eq!(hex(&root(&leaves[..count])), *expected, "over {count} leaves");
        }
    }

    proptest! {
        #[test]
        fn every_leaf_has_a_path_to_the_root_and_to_no_other(count in 1_u8..70, at: prop::sample::Index, bit in 0_usize..256) {
            let leaves: Vec<_> = (0..count).map(|n| leaf(&[n])).collect();
            let index = at.index(leaves.len());
            let path = path(&leaves, index).unwrap();
            let whole = Some(root(&leaves));
            prop_assert_eq!(root_along(leaves[index], index, leaves.len(), &path), whole);
            let mut other = leaves[index];
            other[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(root_along(other, index, leaves.len(), &path), whole);
        }

        #[test]
        fn order_and_number_matter(count in 2_u8..40, at: prop::sample::Index) {
            let leaves: Vec<_> = (0..count).map(|n| leaf(&[n])).collect();
            let index = at.index(leaves.len() - 1);
            let mut swapped = leaves.clone();
            swapped.swap(index, index + 1);
            prop_assert_ne!(root(&swapped), root(&leaves));
            let mut fewer = leaves.clone();
            fewer.remove(index);
            prop_assert_ne!(root(&fewer), root(&leaves));
        }
    }
}

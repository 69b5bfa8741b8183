//! `make skew`: runs an old version and this one on the same buckets: `skew <folder of the old binaries>`; or stores
//! this version's forms as fixtures: `skew --formats <folder>`.

use std::path::Path;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--formats", folder] => remedy_tests::fixtures::write(Path::new(folder)).await,
        [old] => remedy_tests::skew::play(Path::new(old)).await,
        _ => panic!("usage: skew <folder of the old binaries> | skew --formats <folder>"),
    }
}

//! Where evidence is read from.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use remedy_aws::{Connect as _, Session, environment::Access, objects::Bucket};
use remedy_domain::Fault;
use remedy_evidence::{Archive, NotAKey};

/// So many objects are fetched at once.
const AT_ONCE: usize = 32;

/// A bucket, or a folder downloaded from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `s3://<bucket>`.
    Bucket(String),
    /// A folder.
    Folder(PathBuf),
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("s3://").map(|rest| rest.strip_suffix('/').unwrap_or(rest)) {
            None => Ok(Self::Folder(text.into())),
            Some(name) if !name.is_empty() && !name.contains('/') => Ok(Self::Bucket(name.to_owned())),
            Some(_) => Err("name a whole bucket: s3://<bucket>"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "s3://{name}"),
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}

/// Why evidence could not be read.
#[derive(Debug)]
pub(crate) struct Unread(String);

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Unread {
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self(format!("{} cannot be read: {error}", path.display()))
    }

    pub(crate) fn key(path: &Path, error: NotAKey) -> Self {
        Self(format!("{}: {error}", path.display()))
    }

    pub(crate) fn nothing_in(source: &Source) -> Self {
        Self(format!("there is nothing in {source}: is it the evidence bucket, or a folder downloaded from it?"))
    }
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}

impl Source {
    /// Reads everything there is.
    pub(crate) fn read(&self) -> Result<Archive, Unread> {
        let mut archive = Archive::default();
        match self {
            Self::Folder(folder) => read_folder(folder, "", &mut archive)?,
            Self::Bucket(name) => {
                let access = Access::from_process().map_err(|error| Unread(error.to_string()))?;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| Unread(error.to_string()))?;
                runtime.block_on(read_bucket(name, &access, &mut archive))?;
            }
        }
        Ok(archive)
    }
}

/// Reads a folder and those in it; `prefix` is what the keys of its files begin with.
fn read_folder(folder: &Path, prefix: &str, archive: &mut Archive) -> Result<(), Unread> {
    let unread = |error: io::Error| Unread::file(folder, &error);
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let key = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(unread)?.is_dir() {
            read_folder(&entry.path(), &format!("{key}/"), archive)?;
        } else {
            let bytes = std::fs::read(entry.path()).map_err(|error| Unread::file(&entry.path(), &error))?;
            archive.add(&key, &bytes);
        }
    }
    Ok(())
}

async fn read_bucket(name: &str, access: &Access, archive: &mut Archive) -> Result<(), Fault> {
    let client = aws_sdk_s3::Client::connect(&Session::with_access(access));
    let bucket = Bucket::new(&client, name, None);
    let get = |key: String| async move {
        let bytes = bucket.get(&key).await?;
        bytes.map(|bytes| (key, bytes)).ok_or_else(|| Fault::transient("s3:GetObject", "gone-while-reading"))
    };
    let mut reads = stream::iter(bucket.list("").await?).map(get).buffer_unordered(AT_ONCE);
    while let Some((key, bytes)) = reads.try_next().await? {
        archive.add(&key, &bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_whole() {
        assert_eq!("s3://evidence/".parse(), Ok(Source::Bucket("evidence".into())));
        assert_eq!("./evidence".parse(), Ok(Source::Folder("./evidence".into())));
        assert!("s3://evidence/2026".parse::<Source>().is_err());
        assert!("s3://".parse::<Source>().is_err());
    }
}

//! The sources of evidence.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
};

use futures_util::{StreamExt as _, stream};
use remedy_aws::{
    Connect as _, Session,
    environment::Access,
    objects::{Bucket, Got},
};
use remedy_domain::Fault;
use remedy_evidence::{Archive, Name, NotAKey, Reading};

/// So many objects are fetched at once.
const AT_ONCE: usize = 32;
/// The maximum length of a manifest, seal or key, in bytes.
const LONGEST: u64 = 64 << 20;

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

    pub(crate) fn listing(path: &Path) -> Self {
        Self(format!("{}: not all that `aws s3api list-object-versions` answers, in JSON", path.display()))
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
    /// The bucket's name, if it is one.
    pub(crate) fn bucket(&self) -> Option<String> {
        match self {
            Self::Bucket(name) => Some(name.clone()),
            Self::Folder(_) => None,
        }
    }

    /// Reads everything there is, and the findings of the bucket's versions.
    pub(crate) fn read(&self) -> Result<Archive, Unread> {
        let mut archive = self.read_seals()?;
        if let Self::Bucket(name) = self {
            within(async |client| {
                read_versions(&Bucket::new(&client, name, None), &mut archive).await;
                Ok(())
            })?;
        }
        Ok(archive)
    }

    /// Reads everything in a place whose versions do not matter.
    pub(crate) fn read_seals(&self) -> Result<Archive, Unread> {
        let mut archive = Archive::default();
        match self {
            Self::Folder(folder) => read_folder(folder, "", &mut archive)?,
            Self::Bucket(name) => within(async |client| read_bucket(&client, name, &mut archive).await)?,
        }
        Ok(archive)
    }
}

/// Runs what needs AWS, with the credentials of the environment.
fn within(work: impl AsyncFnOnce(aws_sdk_s3::Client) -> Result<(), Fault>) -> Result<(), Unread> {
    let access = Access::from_process().map_err(|error| Unread(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Unread(error.to_string()))?;
    let client = aws_sdk_s3::Client::connect(&Session::with_access(&access));
    runtime.block_on(work(client)).map_err(Unread::from)
}

/// Reads a folder and those in it; `prefix` is what the keys of its files begin with.
fn read_folder(folder: &Path, prefix: &str, archive: &mut Archive) -> Result<(), Unread> {
    let unread = |error: io::Error| Unread::file(folder, &error);
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let key = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(unread)?.is_dir() {
            read_folder(&entry.path(), &format!("{key}/"), archive)?;
        } else if let Err(error) = read_file(&entry.path(), &key, archive) {
            archive.add_unreadable(&key, &error.to_string());
        }
    }
    Ok(())
}

/// Reads a file: in pieces, if it may be of any length.
fn read_file(path: &Path, key: &str, archive: &mut Archive) -> io::Result<()> {
    if !matches!(Name::of(key), Name::Record(_)) {
        archive.add(key, &std::fs::read(path)?);
        return Ok(());
    }
    let (mut file, mut reading, mut piece) = (std::fs::File::open(path)?, Reading::default(), vec![0; 1 << 16]);
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            archive.add_record(key, reading);
            return Ok(());
        }
        reading.take(piece.get(..length).unwrap_or_default());
    }
}

/// One object, as it was read.
enum Object {
    Record(Reading),
    Other(Vec<u8>),
}

async fn read_bucket(client: &aws_sdk_s3::Client, name: &str, archive: &mut Archive) -> Result<(), Fault> {
    let bucket = Bucket::new(client, name, None);
    let get = |key: String| async move {
        let object = read_object(&bucket, &key).await;
        (key, object)
    };
    let mut reads = stream::iter(bucket.list("").await?).map(get).buffer_unordered(AT_ONCE);
    while let Some((key, object)) = reads.next().await {
        match object {
            Ok(Object::Record(reading)) => archive.add_record(&key, reading),
            Ok(Object::Other(bytes)) => archive.add(&key, &bytes),
            Err(fault) if fault.is_transient() => return Err(fault),
            Err(fault) => archive.add_unreadable(&key, &fault.code),
        }
    }
    Ok(())
}

async fn read_object(bucket: &Bucket<'_>, key: &str) -> Result<Object, Fault> {
    let (mut reading, mut bytes) = (Reading::default(), Vec::new());
    let is_record = matches!(Name::of(key), Name::Record(_));
    let longest = if is_record { u64::MAX } else { LONGEST };
    let mut take = |piece: &[u8]| if is_record { reading.take(piece) } else { bytes.extend_from_slice(piece) };
    match bucket.pieces(key, longest, &mut take).await? {
        Got::Whole if is_record => Ok(Object::Record(reading)),
        Got::Whole => Ok(Object::Other(bytes)),
        // No object of Remedy's is so long: it only matters that it is no manifest.
        Got::TooLarge => Ok(Object::Other(Vec::new())),
        Got::Nothing => Err(Fault::transient("s3:GetObject", "gone-while-reading")),
    }
}

/// The reader may not be allowed to list versions: then they are not checked, and the report says so.
async fn read_versions(bucket: &Bucket<'_>, archive: &mut Archive) {
    match bucket.versions().await {
        Ok(versions) => {
            versions.markers.iter().for_each(|key| archive.add_marker(key));
            versions.older.iter().for_each(|key| archive.add_older_version(key));
        }
        Err(fault) => {
            let _told = writeln!(io::stderr(), "remedy: versions were not looked at: {}", fault.code);
        }
    }
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

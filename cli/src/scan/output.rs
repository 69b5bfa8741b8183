//! Where results go: standard output, or a folder with a file for each format.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, IsTerminal as _, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use remedy_scan::{Scan, asff, csv, ocsf, oscal, page, xlsx};

use super::{
    arguments::{Format, Output},
    print::{self, Detail, Style},
};

/// Findings name resources and what is wrong with them: they are the owner's business alone.
const OWN: u32 = 0o600;

/// Why a result was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotWritten {
    #[error("standard output takes one format: name a folder with --out for several")]
    Several,
    #[error("a workbook is nothing for a terminal: name a folder with --out, or send standard output to a file")]
    Terminal,
    #[error("the result cannot be written to standard output ({}); see that it takes it", .0.kind())]
    Output(#[source] io::Error),
    #[error("standard output was closed")]
    Closed,
    #[error("{} cannot be written: {source}; name a folder that you may write with --out", file.display())]
    File { file: PathBuf, source: io::Error },
}

impl NotWritten {
    fn of(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Output(error) }
    }
}

/// Prints on standard output.
pub(super) fn text(print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), NotWritten> {
    let mut out = BufWriter::new(io::stdout().lock());
    print(&mut out).and_then(|()| out.flush()).map_err(NotWritten::of)
}

/// What is written, and where.
pub(super) struct Writing {
    formats: Vec<Format>,
    folder: Option<PathBuf>,
    detail: Detail,
}

impl Writing {
    pub(super) fn of(output: &Output) -> Result<Self, NotWritten> {
        let folder = output.out.clone().or_else(|| output.resume.clone());
        let mut formats = output.formats.clone();
        formats.sort();
        formats.dedup();
        if formats.is_empty() {
            formats = if folder.is_some() { vec![Format::Json, Format::Html] } else { vec![Format::Table] };
        }
        if folder.is_none() && formats.len() > 1 {
            return Err(NotWritten::Several);
        }
        if folder.is_none() && formats == [Format::Xlsx] && io::stdout().is_terminal() {
            return Err(NotWritten::Terminal);
        }
        let detail = if output.plan { Detail::Plans } else { Detail::Counts };
        Ok(Self { formats, folder, detail })
    }

    /// With a folder, the table is printed beside its files.
    pub(super) fn write(&self, scan: &Scan) -> Result<(), NotWritten> {
        let Some(folder) = &self.folder else {
            return self.formats.iter().try_for_each(|format| text(|mut out| self.one(*format, &mut out, scan)));
        };
        std::fs::create_dir_all(folder).map_err(|source| NotWritten::File { file: folder.clone(), source })?;
        for format in self.formats.iter().filter(|format| **format != Format::Table) {
            let file = folder.join(name(*format));
            let written = replaced(&file, |out| self.one(*format, out, scan));
            written.map_err(|source| NotWritten::File { file, source })?;
        }
        if self.formats.contains(&Format::Oscal) {
            catalogue(folder)?;
        }
        let details = self.formats.iter().filter(|format| **format != Format::Table).max();
        let details = details.map(|_| self.shown(folder));
        text(|mut out| print::table(&mut out, scan, self.detail, &Style::of_terminal(details)))
    }

    /// What a person opens first.
    fn shown(&self, folder: &Path) -> PathBuf {
        let first = if self.formats.contains(&Format::Html) { Some(&Format::Html) } else { self.formats.last() };
        folder.join(first.map_or("", |format| name(*format)))
    }

    fn one(&self, format: Format, out: &mut impl Write, scan: &Scan) -> io::Result<()> {
        match format {
            Format::Table => print::table(out, scan, self.detail, &Style::of_terminal(None)),
            Format::Json => print::json(out, scan),
            Format::Jsonl => print::jsonl(out, scan),
            Format::Csv => csv::write(out, scan),
            Format::Xlsx => xlsx::write(out, scan),
            Format::Html => page::html(out, scan),
            Format::Ocsf => ocsf::write(out, scan),
            Format::Asff => asff::write(out, scan),
            Format::Oscal => oscal::write(out, scan),
        }
    }
}

/// OSCAL results refer to the catalogue of paragraphs by its name.
fn catalogue(folder: &Path) -> Result<(), NotWritten> {
    let unwritten = |file: PathBuf| move |source| NotWritten::File { file, source };
    let (name, text) = oscal::catalogue_file().map_err(unwritten(folder.to_owned()))?;
    let file = folder.join(name);
    replaced(&file, |out| out.write_all(text.as_bytes())).map_err(unwritten(file))
}

/// A reader of the folder sees the old file, or the new one, and never half of one.
fn replaced(file: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let unfinished = unfinished(file);
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(OWN).open(&unfinished)?;
    let mut out = BufWriter::new(open);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&unfinished, file)
}

/// Beside the file, so that it can take its place.
fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".unfinished");
    PathBuf::from(name)
}

/// What its file is called.
fn name(format: Format) -> &'static str {
    match format {
        Format::Table => "scan.txt",
        Format::Json => "scan.json",
        Format::Jsonl => "scan.jsonl",
        Format::Csv => "scan.csv",
        Format::Xlsx => "scan.xlsx",
        Format::Html => "index.html",
        Format::Ocsf => "scan.ocsf.jsonl",
        Format::Asff => "scan.asff.json",
        Format::Oscal => "scan.oscal.json",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn each_format_has_a_file_of_its_own() {
        let all = Format::value_variants();
        let names: BTreeSet<_> = all.iter().map(|format| name(*format)).collect();
        assert_eq!(names.len(), all.len());
        let beside = unfinished(Path::new("a/scan.json"));
        assert_eq!(beside, Path::new("a/scan.json.unfinished"));
    }
}

//! What a scan has found so far, a line each, in a file: so that a scan that ended early can be resumed.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use remedy_domain::{AccountId, Region, Timestamp, renamed};
use remedy_scan::{Cell, FORMAT, Finding};
use serde::{Deserialize, Serialize};

/// Findings name resources and what is wrong with them: they are the owner's business alone.
const OWN: u32 = 0o600;
const NAME: &str = "journal.jsonl";

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoJournal {
    #[error("{} cannot be written: {source}; name a folder that you may write with --out", file.display())]
    Unwritten { file: PathBuf, source: io::Error },
    #[error("{} cannot be read: {source}; name the folder of a scan that was made with --out", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} is damaged in line {line}; begin anew with --out", file.display())]
    Damaged { file: PathBuf, line: usize },
    #[error("{} is of a scan with another {what}; begin anew with --out", file.display())]
    Other { file: PathBuf, what: &'static str },
}

/// What must be the same in a scan that is resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    pub(super) version: String,
    pub(super) begun: Timestamp,
    pub(super) account: AccountId,
    pub(super) settings: String,
    pub(super) exemptions: Option<String>,
    /// The resources that were asked for; all if there are none.
    pub(super) resources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum Line {
    Scan(Head),
    Finding(Box<Finding>),
    Cell(Cell),
}

/// A [`Line`] that is written.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum Written<'a> {
    Scan(&'a Head),
    Finding(&'a Finding),
    Cell(&'a Cell),
}

/// A control, an account and a Region.
type Place = (String, AccountId, Region);

/// What was found before.
#[derive(Debug, Default)]
pub(super) struct Before {
    cells: BTreeMap<Place, Cell>,
    findings: BTreeMap<Place, BTreeMap<String, Finding>>,
}

/// The file that findings are written to.
#[derive(Debug)]
pub(super) struct Journal {
    file: Option<(File, PathBuf)>,
    failed: Option<io::Error>,
}

impl Journal {
    /// None is kept.
    pub(super) fn none() -> Self {
        Self { file: None, failed: None }
    }

    /// Begins one in a folder.
    pub(super) fn begin(folder: &Path, head: &Head) -> Result<Self, NoJournal> {
        let path = folder.join(NAME);
        let unwritten = |source| NoJournal::Unwritten { file: path.clone(), source };
        std::fs::create_dir_all(folder).map_err(unwritten)?;
        let file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(OWN).open(&path).map_err(unwritten)?;
        let mut journal = Self { file: Some((file, path.clone())), failed: None };
        journal.write(&Written::Scan(head));
        journal.end().map(|()| journal)
    }

    /// Goes on with one. Whoever wrote it may have been killed in the midst of a line: the last one counts only if it ended.
    pub(super) fn resume(folder: &Path, head: &Head) -> Result<(Self, Before, Timestamp), NoJournal> {
        let path = folder.join(NAME);
        let unreadable = |source| NoJournal::Unreadable { file: path.clone(), source };
        let text = std::fs::read(&path).map_err(unreadable)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (begun, before) = read(&path, text.get(..whole).unwrap_or_default(), head)?;
        let file = OpenOptions::new().append(true).open(&path).map_err(unreadable)?;
        let whole = u64::try_from(whole).unwrap_or(u64::MAX);
        file.set_len(whole).map_err(|source| NoJournal::Unwritten { file: path.clone(), source })?;
        Ok((Self { file: Some((file, path)), failed: None }, before, begun))
    }

    pub(super) fn finding(&mut self, finding: &Finding) {
        self.write(&Written::Finding(finding));
    }

    pub(super) fn cell(&mut self, cell: &Cell) {
        self.write(&Written::Cell(cell));
    }

    /// A scan goes on without its journal, and says so at its end.
    fn write(&mut self, line: &Written<'_>) {
        let Some((file, _)) = self.file.as_mut().filter(|_| self.failed.is_none()) else { return };
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            file.write_all(&line)
        });
        self.failed = written.err();
    }

    /// Whether all of it was written.
    pub(super) fn end(&mut self) -> Result<(), NoJournal> {
        match (self.failed.take(), &self.file) {
            (Some(source), Some((_, path))) => Err(NoJournal::Unwritten { file: path.clone(), source }),
            _ => Ok(()),
        }
    }
}

fn read(path: &Path, text: &[u8], head: &Head) -> Result<(Timestamp, Before), NoJournal> {
    let mut before = Before::default();
    let mut begun = None;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let damaged = || NoJournal::Damaged { file: path.to_owned(), line: index + 1 };
        match (serde_json::from_slice(line).map_err(|_| damaged())?, begun) {
            (Line::Scan(found), None) => begun = Some(checked(path, &found, head)?),
            (Line::Finding(finding), Some(_)) => before.add(*finding),
            (Line::Cell(cell), Some(_)) => before.looked(cell),
            _ => return Err(damaged()),
        }
    }
    let begun = begun.ok_or_else(|| NoJournal::Damaged { file: path.to_owned(), line: 1 })?;
    Ok((begun, before))
}

/// When the scan began, if it is of the same kind.
fn checked(path: &Path, found: &Head, head: &Head) -> Result<Timestamp, NoJournal> {
    let other = |what| NoJournal::Other { file: path.to_owned(), what };
    match () {
        () if found.format != FORMAT || found.version != head.version => Err(other("version of Remedy")),
        () if found.account != head.account => Err(other("account")),
        () if found.settings != head.settings => Err(other("settings file")),
        () if found.exemptions != head.exemptions => Err(other("set of exemptions")),
        () if found.resources != head.resources => Err(other("choice of resources")),
        () => Ok(found.begun),
    }
}

impl Before {
    /// What an earlier build wrote is found under the id that the control has now.
    fn looked(&mut self, cell: Cell) {
        let cell = Cell { control: renamed::current(&cell.control).to_owned(), ..cell };
        self.cells.insert((cell.control.clone(), cell.account.clone(), cell.region.clone()), cell);
    }

    fn add(&mut self, finding: Finding) {
        let finding = Finding { control: renamed::current(&finding.control).to_owned(), ..finding };
        let place = (finding.control.clone(), finding.account.clone(), finding.region.clone());
        self.findings.entry(place).or_default().insert(finding.hash.clone(), finding);
    }

    /// What was found in a place, and its cell if it was looked at to the end and nothing of it was left unread.
    pub(super) fn of(&mut self, cell: &Cell) -> (Option<Cell>, BTreeMap<String, Finding>) {
        let place = (cell.control.clone(), cell.account.clone(), cell.region.clone());
        let mut findings = self.findings.remove(&place).unwrap_or_default();
        findings.retain(|_, finding| finding.unread.is_none());
        let done = self.cells.remove(&place).filter(|done| done.unread.is_none() && done.targets == findings.len());
        (done, findings)
    }
}

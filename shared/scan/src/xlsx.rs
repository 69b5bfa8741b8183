//! The scan as a workbook: Office Open XML (ECMA-376), for whoever works with tables. The same scan gives the same bytes.
//!
//! Every text is written as a text, whatever it begins with, and nothing as a formula.

mod tables;

use std::io::{self, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::{Scan, said};

/// Excel takes 32,767 units of UTF-16 in a cell; a character is up to two.
const TEXT: usize = 16_000;
/// Excel takes 1,048,576 rows in a sheet.
const ROWS: usize = 1_000_000;

/// A cell of a sheet.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Count(usize),
}

/// A sheet: a head, and rows that can be filtered.
struct Table {
    name: &'static str,
    /// The columns, and how wide they are in characters.
    head: Vec<(&'static str, u8)>,
    rows: Vec<Vec<Value>>,
    /// What stands below, and is not filtered.
    below: Vec<Vec<Value>>,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

/// Writes the workbook.
pub fn write(out: &mut impl Write, scan: &Scan) -> io::Result<()> {
    let bytes = workbook(scan).and_then(|mut workbook| workbook.save_to_buffer()).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn workbook(scan: &Scan) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_timestamp(scan.begun.as_second())?;
    let version = format!("Remedy {}", scan.version);
    let properties = DocProperties::new().set_title("Remedy scan").set_author(version).set_creation_datetime(&created);
    workbook.set_properties(&properties);
    for table in tables::all(scan) {
        sheet(workbook.add_worksheet(), &table)?;
    }
    Ok(workbook)
}

fn sheet(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    sheet.set_name(table.name)?.set_freeze_panes(1, 0)?;
    for (column, (title, width)) in (0..).zip(&table.head) {
        sheet.set_column_width(column, f64::from(*width))?.write_string_with_format(0, column, *title, &bold)?;
    }
    let kept = table.rows.iter().take(ROWS);
    let mut row = 0;
    for values in kept {
        row += 1;
        line(sheet, row, values)?;
    }
    let last: u16 = table.head.len().saturating_sub(1).try_into().unwrap_or_default();
    sheet.autofilter(0, 0, row, last)?;
    let more = table.rows.len().saturating_sub(ROWS);
    let more =
        (more > 0).then(|| vec![Value::from(format!("{more} more rows do not fit here; csv and json have them"))]);
    for values in more.iter().chain(&table.below) {
        row += 1;
        line(sheet, row, values)?;
    }
    Ok(())
}

fn line(sheet: &mut Worksheet, row: u32, values: &[Value]) -> Result<(), XlsxError> {
    for (column, value) in (0..).zip(values) {
        match value {
            Value::Text(text) if text.is_empty() => {}
            Value::Text(text) => {
                sheet.write_string(row, column, readable(text))?;
            }
            Value::Count(count) => {
                sheet.write_number(row, column, f64::from(u32::try_from(*count).unwrap_or(u32::MAX)))?;
            }
        }
    }
    Ok(())
}

/// The text without the characters that XML 1.0 cannot have and `rust_xlsxwriter` does not escape, and not too long.
fn readable(text: &str) -> String {
    said::at_most(TEXT, &text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
}

#[cfg(test)]
mod tests;

//! The table of controls, as wide as the terminal.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table, presets::NOTHING};

use super::{Ink, OfControl, Style};

/// Narrower than this, the paragraphs are left out.
const WITH_PARAGRAPHS: u16 = 100;
/// Narrower than this, exemptions also.
const WITH_EXEMPT: u16 = 80;
/// Narrower than this, what would be done stands on a line of its own.
const ON_ONE_LINE: u16 = 70;

/// The columns that there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Sign,
    Control,
    Paragraphs,
    Looked,
    Drifted,
    Exempt,
    Unread,
    Would,
}

impl Column {
    const ALL: [Self; 8] = [
        Self::Sign,
        Self::Control,
        Self::Paragraphs,
        Self::Looked,
        Self::Drifted,
        Self::Exempt,
        Self::Unread,
        Self::Would,
    ];

    fn head(self) -> &'static str {
        match self {
            Self::Sign => "",
            Self::Control => "CONTROL",
            Self::Paragraphs => "45 CFR",
            Self::Looked => "LOOKED",
            Self::Drifted => "DRIFTED",
            Self::Exempt => "EXEMPT",
            Self::Unread => "UNREAD",
            Self::Would => "WOULD",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Looked | Self::Drifted | Self::Exempt | Self::Unread)
    }

    fn fits(self, width: Option<u16>) -> bool {
        let least = match self {
            Self::Paragraphs => WITH_PARAGRAPHS,
            Self::Exempt => WITH_EXEMPT,
            Self::Would => ON_ONE_LINE,
            _ => 0,
        };
        width.is_none_or(|width| width >= least)
    }
}

/// A line a control that has something to say; those without drift in one line.
pub(super) fn print(out: &mut impl Write, controls: &[OfControl<'_>], style: &Style) -> io::Result<()> {
    let (quiet, loud): (Vec<_>, Vec<_>) = controls.iter().partition(|one| one.has_no_drift());
    if !loud.is_empty() {
        let columns: Vec<_> = Column::ALL.into_iter().filter(|column| column.fits(style.width)).collect();
        let would_beside = columns.contains(&Column::Would);
        let table = table(&loud, &columns, style).to_string();
        // The head is no control.
        let mut lines = table.lines();
        if would_beside {
            lines.try_for_each(|line| writeln!(out, "{}", line.trim_end()))?;
        } else {
            lines.by_ref().take(1).try_for_each(|line| writeln!(out, "{}", line.trim_end()))?;
            for (line, one) in lines.zip(&loud) {
                writeln!(out, "{}", line.trim_end())?;
                let would = one.would();
                if !would.is_empty() {
                    writeln!(out, "    {would}")?;
                }
            }
        }
    }
    if !quiet.is_empty() {
        let looked: usize = quiet.iter().map(|one| one.looked).sum();
        let ids: Vec<_> = quiet.iter().map(|one| one.id).collect();
        writeln!(out, "{}", wrapped(&format!("  no drift in {looked} checks: {}", ids.join(", ")), style.width))?;
    }
    Ok(())
}

fn table(controls: &[&OfControl<'_>], columns: &[Column], style: &Style) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    match style.ink {
        Ink::Colour => table.enforce_styling(),
        Ink::Plain => table.force_no_tty(),
    };
    match style.width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(columns.iter().map(|column| column.head()));
    for control in controls {
        let cells = columns.iter().map(|column| cell(control, *column));
        table.add_row(Row::from(cells.collect::<Vec<_>>()));
    }
    for (index, column) in columns.iter().enumerate() {
        let Some(own) = table.column_mut(index) else { continue };
        if column.is_number() {
            own.set_cell_alignment(CellAlignment::Right);
        }
        if *column != Column::Would {
            own.set_constraint(ColumnConstraint::ContentWidth);
        }
        // One space before each column, and one after it: two between them.
        own.set_padding(if *column == Column::Sign { (0, 0) } else { (1, 1) });
    }
    table
}

fn cell(control: &OfControl<'_>, column: Column) -> comfy_table::Cell {
    let (sign, colour) = sign(control);
    // Nothing was looked at: a zero would look like order.
    let is_known = control.looked > 0 || control.unread == 0;
    let number = |count: usize| if is_known { count.to_string() } else { "–".to_owned() };
    let text = match column {
        Column::Sign => sign.to_owned(),
        Column::Control => control.id.to_owned(),
        Column::Paragraphs => match control.requirements {
            [] => String::new(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} +{}", rest.len()),
        },
        Column::Looked => control.looked.to_string(),
        Column::Drifted => number(control.drifted),
        Column::Exempt => number(control.exempt),
        Column::Unread => control.unread.to_string(),
        Column::Would => control.would(),
    };
    let is_loud = match column {
        Column::Sign => true,
        Column::Drifted => control.drifted > 0,
        _ => false,
    };
    let cell = comfy_table::Cell::new(text);
    match colour.filter(|_| is_loud) {
        Some(colour) => cell.fg(colour),
        None => cell,
    }
}

/// A sign and its colour, which never says more than the sign.
fn sign(control: &OfControl<'_>) -> (&'static str, Option<Color>) {
    match control {
        one if one.drifted > 0 => ("!", Some(Color::Red)),
        one if one.contained + one.dormant > 0 => ("=", Some(Color::Yellow)),
        one if one.exempt > 0 => ("~", Some(Color::Magenta)),
        one if one.unread > 0 => ("?", Some(Color::Cyan)),
        _ => ("", None),
    }
}

/// At spaces, so that nothing is cut.
fn wrapped(text: &str, width: Option<u16>) -> String {
    let Some(width) = width.map(usize::from) else { return text.to_owned() };
    let mut lines = vec![String::new()];
    let indent = text.len() - text.trim_start().len();
    for word in text.split_whitespace() {
        let fits = |line: &String| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width;
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = format!("{}{word}", " ".repeat(indent)),
            Some(line) if fits(line) => *line = format!("{line} {word}"),
            _ => lines.push(format!("{}{word}", " ".repeat(indent + 2))),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use remedy_scan::{State, Unread, Would};

    use super::*;

    fn printed(width: Option<u16>, ink: Ink) -> String {
        let requirements = vec!["164.312(a)(1)".to_owned(), "164.312(e)(1)".to_owned()];
        let why = Unread { state: State::Denied, detail: "s3:GetEncryptionConfiguration".to_owned() };
        let of = |id, looked, drifted, unread| OfControl {
            id,
            requirements: &requirements,
            reversible: id != "kms-key-pending-deletion",
            looked,
            drifted,
            contained: 0,
            dormant: 0,
            exempt: 0,
            unread,
            would: if drifted > 0 { BTreeMap::from([(Would::Auto, drifted)]) } else { BTreeMap::new() },
            why: (unread > 0).then_some(&why),
        };
        let controls = [
            of("s3-bucket-public", 47, 6, 0),
            of("kms-key-pending-deletion", 9, 1, 0),
            of("s3-bucket-default-key", 0, 0, 47),
            of("quiet", 9, 0, 0),
        ];
        let mut out = Vec::new();
        print(&mut out, &controls, &Style { width, ink, details: None }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_go_as_the_terminal_gets_narrower_and_no_name_is_cut() {
        let wide = printed(None, Ink::Plain);
        assert!(wide.contains("164.312(a)(1) +1") && wide.contains("6 auto"), "{wide}");
        assert!(wide.contains("1 auto, cannot be reverted"), "{wide}");
        assert!(wide.lines().nth(3).unwrap().starts_with('?') && wide.contains('–'), "{wide}");
        assert!(wide.ends_with("  no drift in 9 checks: quiet\n"), "{wide}");
        let middle = printed(Some(99), Ink::Plain);
        assert!(!middle.contains("45 CFR") && middle.contains("EXEMPT"), "{middle}");
        let narrow = printed(Some(60), Ink::Plain);
        assert!(!narrow.contains("EXEMPT") && narrow.contains("\n    6 auto\n"), "{narrow}");
        for (text, width) in [(&middle, 99), (&narrow, 60)] {
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            for name in [
                "s3-bucket-public",
                "kms-key-pending-deletion",
                "s3-bucket-default-key",
                "s3:GetEncryptionConfiguration",
            ] {
                assert!(text.contains(name), "{name}: {text}");
            }
        }
    }

    #[test]
    fn colour_adds_nothing_to_the_text() {
        let coloured = printed(Some(120), Ink::Colour);
        assert!(coloured.contains("\u{1b}["), "{coloured}");
        let mut plain = String::new();
        let mut parts = coloured.split('\u{1b}');
        plain.push_str(parts.next().unwrap());
        for part in parts {
            plain.push_str(part.split_once('m').unwrap().1);
        }
        let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        assert_eq!(trimmed(&plain), trimmed(&printed(Some(120), Ink::Plain)));
    }
}

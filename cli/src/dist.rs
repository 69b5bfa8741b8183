//! Completions and manual pages, for the archive that `make dist` packs.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Command};
use clap_complete::{Shell, generate_to};

/// Where they are written.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder, which gets the folders `completions` and `man`
    folder: PathBuf,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: Command) -> ExitCode {
    match written(&arguments.folder, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let folder = arguments.folder.display();
            // Where even that cannot be written, the status says it.
            let _unsaid =
                writeln!(io::stderr(), "remedy: {folder} cannot be written: {error}; name one that you may write");
            ExitCode::from(2)
        }
    }
}

fn written(folder: &Path, mut command: Command) -> io::Result<()> {
    let (completions, pages) = (folder.join("completions"), folder.join("man"));
    std::fs::create_dir_all(&completions)?;
    std::fs::create_dir_all(&pages)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command, "remedy", &completions)?;
    }
    clap_mangen::generate_to(command, &pages)
}

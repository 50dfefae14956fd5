//! The program `windlass-server`: reads the command line, starts logging, and hands over to `boot`.

use std::io::{self, Write as _};
use std::{error::Error, process::ExitCode};

use clap::Parser as _;
use server::{
    args::{
        Args, BackupArgs, Command, DoctorArgs, KeyArgs, ReportFormat, RestoreArgs, ServeArgs,
        ValidateArgs,
    },
    boot, shutdown, telemetry, validate,
};
use tokio_util::sync::CancellationToken;

/// The exit code of `validate` where something in a folder cannot be used.
const CANNOT_BE_USED: u8 = 2;
/// The exit codes of `doctor`: something does not hold; or nobody can say, because not everything could be looked at.
const FOUND: u8 = 1;
const COULD_NOT_LOOK: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let serve_args = match Args::parse().command {
        Command::Validate(args) => return check_folders(&args),
        Command::Doctor(args) => return examine(&args).await,
        Command::Key(args) => return look_after_key(&args).await,
        Command::Backup(args) => return back_up(&args).await,
        Command::Restore(args) => return restore(&args).await,
        Command::Serve(args) => args,
    };
    if let Err(error) = telemetry::start() {
        return explain(&error);
    }
    serve(serve_args).await
}

/// Nothing runs beside it, so it may block; without log lines, so that its output is the findings alone.
fn check_folders(args: &ValidateArgs) -> ExitCode {
    let report = validate::validate(&args.folders);
    if let Err(error) = writeln!(io::stdout(), "{report}") {
        return explain(&error);
    }
    match report.has_errors() {
        true => ExitCode::from(CANNOT_BE_USED),
        false => ExitCode::SUCCESS,
    }
}

/// Without log lines, so that its output is the report alone.
async fn examine(args: &DoctorArgs) -> ExitCode {
    let could_not_look = ExitCode::from(COULD_NOT_LOOK);
    let report = match boot::doctor(args).await {
        Ok(report) => report,
        Err(error) => {
            explain(&error);
            return could_not_look;
        }
    };
    let text = match args.format {
        ReportFormat::Text => Ok(report.to_string()),
        ReportFormat::Json => serde_json::to_string_pretty(&report).map_err(io::Error::from),
    };
    if let Err(error) = text.and_then(|text| writeln!(io::stdout(), "{text}")) {
        explain(&error);
        return could_not_look;
    }
    match (report.has_findings(), report.is_partial()) {
        (true, _) => ExitCode::from(FOUND),
        (false, true) => could_not_look,
        (false, false) => ExitCode::SUCCESS,
    }
}

/// Without log lines, as the others.
async fn look_after_key(args: &KeyArgs) -> ExitCode {
    match boot::look_after_key(args).await {
        Ok(said) => match writeln!(io::stdout(), "{said}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => explain(&error),
        },
        Err(error) => explain(&error),
    }
}

/// Without log lines. A signal lets go of the file that was begun.
async fn back_up(args: &BackupArgs) -> ExitCode {
    let stop = CancellationToken::new();
    let done = tokio::select! {
        done = boot::back_up(args) => done,
        signal = shutdown::on_signal(&stop) => match signal {
            Ok(name) => Err(boot::BackupCommandError::Stopped(name)),
            Err(error) => return explain(&error),
        },
    };
    let said = match done {
        // Standard output is the backup.
        Ok(contents) if boot::is_pipe(&args.to) => writeln!(io::stderr(), "Wrote {contents}."),
        Ok(contents) => writeln!(io::stdout(), "Wrote {contents}, to {}.", args.to.display()),
        Err(error) => return explain(&error),
    };
    match said {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => explain(&error),
    }
}

/// Without log lines, too.
async fn restore(args: &RestoreArgs) -> ExitCode {
    let said = match boot::restore(args).await {
        Ok(restored) => writeln!(io::stdout(), "{restored}"),
        Err(error) => return explain(&error),
    };
    match said {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => explain(&error),
    }
}

async fn serve(args: ServeArgs) -> ExitCode {
    let stop = CancellationToken::new();
    let mut server = std::pin::pin!(boot::serve(args, stop.clone()));
    tokio::select! {
        ended = &mut server => return report(ended),
        signal = shutdown::on_signal(&stop) => match signal {
            Ok(name) => tracing::info!(signal = name, "stopping"),
            Err(error) => return explain(&error),
        },
    }
    report(server.await)
}

fn report(ended: Result<(), boot::BootError>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => explain(&error),
    }
}

/// Every cause, once, on standard error: whoever started the program is looking there.
#[expect(
    clippy::print_stderr,
    reason = "the last words of the program, logging may not run yet"
)]
fn explain(error: &dyn Error) -> ExitCode {
    eprintln!("windlass-server: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::FAILURE
}

//! The program `windlass-server`: reads the command line, starts logging, and hands over to `boot`.

use std::{error::Error, process::ExitCode};

use clap::Parser as _;
use server::{
    args::{Args, Command},
    boot, shutdown, telemetry,
};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = telemetry::start() {
        return explain(&error);
    }
    match args.command {
        Command::Serve(args) => serve(args).await,
    }
}

async fn serve(args: server::args::ServeArgs) -> ExitCode {
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

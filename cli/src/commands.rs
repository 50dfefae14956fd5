//! One command a file. Each asks the server and prints the answer; none holds a rule about products.

mod attach;
mod cancel;
mod deploy;
mod deployments;
mod products;
mod show;

use domain::wire::EnvironmentView;

use crate::args::{Command, EnvironmentArg};
use crate::client::Client;
use crate::failure::Failure;
use crate::printer::Printer;

/// Carries a command out.
pub(crate) fn run(command: Command, client: &Client, printer: &mut Printer) -> Result<(), Failure> {
    match command {
        Command::Products => products::list_products(client, printer),
        Command::Deploy(args) => deploy::deploy_product(&args, client, printer),
        Command::Attach(args) => attach::attach(&args.operation, client, printer),
        Command::Cancel(args) => cancel::cancel_operation(&args.operation, client, printer),
        Command::Deployments(args) => deployments::list_product_deployments(&args, client, printer),
        Command::Show(args) => show::get_product_deployment(&args, client, printer),
    }
}

/// The environment that is meant: by id, by name, or the default one.
fn environment(arg: &EnvironmentArg, client: &Client) -> Result<EnvironmentView, Failure> {
    choose(arg.environment.as_deref(), client.environments()?)
}

fn choose(wanted: Option<&str>, all: Vec<EnvironmentView>) -> Result<EnvironmentView, Failure> {
    let position = match wanted {
        Some(wanted) => all
            .iter()
            .position(|one| one.id == wanted || one.name == wanted)
            .or_else(|| {
                all.iter()
                    .position(|one| one.name.eq_ignore_ascii_case(wanted))
            }),
        None if all.len() == 1 => Some(0),
        None => all.iter().position(|one| one.is_default),
    };
    let known = || all.iter().map(|one| one.name.clone()).collect();
    let missing = || match wanted {
        Some(wanted) => Failure::NoSuchEnvironment {
            wanted: wanted.to_owned(),
            known: known(),
        },
        None => Failure::NoDefaultEnvironment { known: known() },
    };
    let chosen = position.and_then(|position| all.get(position).cloned());
    chosen.ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use domain::timestamp::Timestamp;

    use super::*;

    fn check(wanted: Option<&str>, all: &[(&str, &str, bool)], expected: Option<&str>) {
        let view = |(id, name, is_default): &(&str, &str, bool)| EnvironmentView {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            kind: "DockerSocket".to_owned(),
            connection_string: String::new(),
            is_default: *is_default,
            created_at: Timestamp::from_millis(0),
        };
        let chosen = choose(wanted, all.iter().map(view).collect());
        let chosen = chosen.ok().map(|environment| environment.id);
        assert_eq!(chosen.as_deref(), expected, "{wanted:?} {all:?}");
    }

    #[test]
    fn environments_by_id_by_name_or_by_default() {
        let two = &[("1", "Prod", false), ("2", "prod", true)];
        check(Some("1"), two, Some("1"));
        check(Some("prod"), two, Some("2"));
        check(Some("PROD"), two, Some("1"));
        check(Some("x"), two, None);
        check(None, two, Some("2"));
        check(None, &[("1", "a", false)], Some("1"));
        check(None, &[("1", "a", false), ("2", "b", false)], None);
        check(None, &[], None);
    }
}

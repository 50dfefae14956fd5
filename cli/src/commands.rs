//! One command a file. Each asks the server and prints the answer; none holds a rule about products.

mod attach;
mod cancel;
mod change;
mod deploy;
mod deployments;
mod diff;
mod plan;
mod products;
mod releases;
mod show;
mod values;

use domain::wire::{EnvironmentView, ProductDeploymentDetail};

use crate::args::{Command, DeploymentArg, EnvironmentArg};
use crate::client::{Client, DeploymentFilter};
use crate::failure::Failure;
use crate::printer::Printer;

/// Carries a command out.
pub(crate) fn run(command: Command, client: &Client, printer: &mut Printer) -> Result<(), Failure> {
    match command {
        Command::Products => products::list_products(client, printer),
        Command::Deploy(args) => deploy::deploy_product(&args, client, printer),
        Command::Change(change) => change::change_product(&change, client, printer),
        Command::Plan(args) => plan::plan_operation(&args.change, client, printer),
        Command::Releases(args) => releases::list_releases(&args, client, printer),
        Command::Diff(args) => diff::diff_releases(&args, client, printer),
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

/// The deployed product that is meant: by its id or by its name.
fn deployment(arg: &DeploymentArg, client: &Client) -> Result<ProductDeploymentDetail, Failure> {
    let environment = environment(&arg.environment, client)?;
    match client.deployment(&environment.id, &arg.deployment) {
        Err(Failure::Refused(problem)) if problem.status == 404 => {
            let id = id_of(&arg.deployment, &environment, client)?;
            client.deployment(&environment.id, &id)
        }
        found => found,
    }
}

/// The id of what goes by a name. Names are looked for on the server, which gives a page of those that hold the text.
fn id_of(name: &str, environment: &EnvironmentView, client: &Client) -> Result<String, Failure> {
    let mut ids = Vec::new();
    let (mut page, mut seen) = (1, 0);
    loop {
        let filter = DeploymentFilter {
            search: Some(name),
            page: Some(page),
            ..DeploymentFilter::default()
        };
        let list = client.deployments(&environment.id, &filter)?;
        seen += list.product_deployments.len() as u64;
        let more = !list.product_deployments.is_empty() && seen < list.total;
        let named = |one: &domain::wire::DeploymentListItem| one.deployment_name == name;
        let found = list.product_deployments.into_iter().filter(named);
        ids.extend(found.map(|one| one.product_deployment_id));
        if !more {
            break;
        }
        page += 1;
    }
    match ids.pop() {
        Some(only) if ids.is_empty() => Ok(only),
        Some(last) => {
            ids.push(last);
            Err(Failure::AmbiguousDeployment {
                wanted: name.to_owned(),
                ids,
            })
        }
        None => Err(Failure::NoSuchDeployment {
            wanted: name.to_owned(),
            environment: environment.name.clone(),
        }),
    }
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

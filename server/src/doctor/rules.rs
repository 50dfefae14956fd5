//! The rules about the record: one active operation, events without gaps, final is final. Pure.

use std::collections::BTreeMap;

use domain::operation::{OperationStatus, StepState};

use super::engine_rules;
use super::report::{Finding, Rule};
use super::snapshot::Snapshot;
use crate::store::{ActiveFacts, DeploymentFacts, OperationFacts};

const CANCEL_ONE: &str = "Cancel all but one of them. This cannot come from Windlass itself: a unique index of the database is missing; \
     restore the database, or make the index anew.";
const RESTORE: &str = "Events are only ever written whole: somebody changed the database, or it lost data. Restore it from a backup, \
     and report it with this output.";
const REPORT: &str =
    "Restart windlass-server; where it is found again, report it with the operation's events.";

/// Everything that does not hold in a snapshot.
#[must_use]
pub fn examine(snapshot: &Snapshot) -> Vec<Finding> {
    let mut findings = one_active_operation(&snapshot.active);
    for operation in &snapshot.operations {
        findings.extend(events_without_gaps(operation));
        findings.extend(final_is_final(operation));
    }
    for deployment in &snapshot.deployments {
        findings.extend(status_fits(deployment));
    }
    for product in &snapshot.products {
        findings.extend(engine_rules::examine(product));
    }
    findings
}

fn one_active_operation(active: &[ActiveFacts]) -> Vec<Finding> {
    let mut by_product: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for operation in active {
        by_product
            .entry((operation.environment_id, operation.group_id.as_str()))
            .or_default()
            .push(operation.id.to_string());
    }
    by_product
        .into_iter()
        .filter(|(_, operations)| operations.len() > 1)
        .map(|((environment, group), operations)| Finding {
            rule: Rule::OneActiveOperation,
            subject: format!("product {group} in environment {environment}"),
            message: format!(
                "{} operations are active: {}.",
                operations.len(),
                operations.join(", ")
            ),
            advice: CANCEL_ONE,
        })
        .collect()
}

fn about(operation: &OperationFacts, rule: Rule, message: String, advice: &'static str) -> Finding {
    Finding {
        rule,
        subject: format!("operation {}", operation.id),
        message,
        advice,
    }
}

fn events_without_gaps(operation: &OperationFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |message| {
        findings.push(about(operation, Rule::EventsWithoutGaps, message, RESTORE));
    };
    match (operation.first_seq, operation.last_seq) {
        (Some(first), Some(last)) => {
            if first != 1 || last != operation.events {
                find(format!(
                    "It has {} events, but their numbers go from {first} to {last}.",
                    operation.events
                ));
            }
            if last != operation.event_seq {
                find(format!(
                    "Its last event has the number {last}, but its row says {}.",
                    operation.event_seq
                ));
            }
        }
        // The first event is written together with the operation.
        _ => find(format!(
            "It has no events, but its row says {}.",
            operation.event_seq
        )),
    }
    findings
}

fn final_is_final(operation: &OperationFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |message| findings.push(about(operation, Rule::FinalIsFinal, message, REPORT));
    let status = operation.status.as_str();
    let Some(deployment_status) = operation.deployment_status else {
        find(format!(
            "Its deployment {} is not recorded.",
            operation.deployment_id
        ));
        return findings;
    };
    if !operation.status.is_final() {
        if operation.finished_at.is_some() {
            find(format!("It is {status}, but has a time of its end."));
        }
        if operation.ends > 0 {
            find(format!("It is {status}, but an event tells its end."));
        }
        if !deployment_status.is_in_progress() {
            find(format!(
                "It is {status}, but its deployment is {deployment_status}."
            ));
        }
        return findings;
    }
    if operation.finished_at.is_none() {
        find(format!("It is {status}, but has no time of its end."));
    }
    if operation.owner.is_some() || operation.lease_until.is_some() {
        find(format!("It is {status}, but a node holds it still."));
    }
    match operation.end {
        None => find(format!(
            "It is {status}, but its last event does not tell the end."
        )),
        Some(end) => {
            if end.status != operation.status {
                find(format!(
                    "It is {status}, but its last event says {}.",
                    end.status.as_str()
                ));
            }
            // A later operation, or one that took the deployment's place, may have changed it since.
            if operation.is_newest
                && !deployment_status.is_terminal()
                && end.product_status != deployment_status
            {
                find(format!(
                    "Its last event says that the product is {}, but the deployment is {deployment_status}.",
                    end.product_status
                ));
            }
        }
    }
    if operation.ends > 1 {
        find(format!("{} of its events tell an end.", operation.ends));
    }
    for steps in &operation.open_steps {
        // A cancel leaves what it caught in the middle: undoing looked at what was there.
        let caught =
            operation.status != OperationStatus::Failed && steps.state == StepState::Unknown;
        if !caught {
            find(format!(
                "It is {status}, but {} of its steps are {}, such as '{}'.",
                steps.count,
                steps.state.as_str(),
                steps.example
            ));
        }
    }
    findings
}

/// A deployment is on its way exactly as long as an operation works on it, and so are its stacks.
fn status_fits(deployment: &DeploymentFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |message| {
        findings.push(Finding {
            rule: Rule::FinalIsFinal,
            subject: format!(
                "deployment {} ({})",
                deployment.id, deployment.deployment_name
            ),
            message,
            advice: REPORT,
        });
    };
    if deployment.active_operation.is_some() {
        return findings;
    }
    if deployment.status.is_in_progress() {
        find(format!(
            "It is {}, but no operation works on it.",
            deployment.status
        ));
    }
    for (stack, status) in &deployment.changing_stacks {
        find(format!(
            "Its stack '{stack}' is {status}, but no operation works on it."
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use domain::deployment::{ProductStatus, StackStatus};
    use domain::id::OperationId;
    use domain::timestamp::Timestamp;

    use super::*;
    use crate::store::{End, OpenSteps};

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    /// An operation that ended well, with a whole journal.
    fn succeeded() -> OperationFacts {
        OperationFacts {
            id: ID.parse().unwrap(),
            environment_id: ID.parse().unwrap(),
            group_id: "shop".to_owned(),
            deployment_id: ID.parse().unwrap(),
            status: OperationStatus::Succeeded,
            owner: None,
            lease_until: None,
            finished_at: Some(Timestamp::from_millis(1)),
            event_seq: 9,
            events: 9,
            first_seq: Some(1),
            last_seq: Some(9),
            ends: 1,
            end: Some(End {
                status: OperationStatus::Succeeded,
                product_status: ProductStatus::Running,
            }),
            open_steps: Vec::new(),
            deployment_status: Some(ProductStatus::Running),
            is_newest: true,
        }
    }

    /// One in the middle of its work.
    fn running() -> OperationFacts {
        OperationFacts {
            status: OperationStatus::Running,
            owner: Some("a".to_owned()),
            lease_until: Some(Timestamp::from_millis(1)),
            finished_at: None,
            ends: 0,
            end: None,
            deployment_status: Some(ProductStatus::Deploying),
            ..succeeded()
        }
    }

    fn check(operation: OperationFacts, expected: &[(Rule, &str)]) {
        let found = examine(&Snapshot {
            operations: vec![operation],
            ..Snapshot::default()
        });
        let found: Vec<_> = found
            .iter()
            .map(|finding| (finding.rule, finding.message.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn whole_operations_are_not_found() {
        check(succeeded(), &[]);
        check(running(), &[]);
        let queued = OperationFacts {
            status: OperationStatus::Queued,
            owner: None,
            lease_until: None,
            ..running()
        };
        check(queued, &[]);
    }

    #[test]
    fn gaps_and_lost_events_are_found() {
        use Rule::EventsWithoutGaps as Gaps;
        let gap = OperationFacts {
            events: 8,
            ..succeeded()
        };
        check(
            gap,
            &[(Gaps, "It has 8 events, but their numbers go from 1 to 9.")],
        );
        let headless = OperationFacts {
            events: 8,
            first_seq: Some(2),
            ..succeeded()
        };
        check(
            headless,
            &[(Gaps, "It has 8 events, but their numbers go from 2 to 9.")],
        );
        let from_zero = OperationFacts {
            events: 9,
            first_seq: Some(0),
            last_seq: Some(8),
            event_seq: 8,
            ..succeeded()
        };
        check(
            from_zero,
            &[(Gaps, "It has 9 events, but their numbers go from 0 to 8.")],
        );
        let ahead = OperationFacts {
            event_seq: 10,
            ..running()
        };
        check(
            ahead,
            &[(
                Gaps,
                "Its last event has the number 9, but its row says 10.",
            )],
        );
        let empty = OperationFacts {
            events: 0,
            first_seq: None,
            last_seq: None,
            ..running()
        };
        check(empty, &[(Gaps, "It has no events, but its row says 9.")]);
    }

    #[test]
    fn an_end_that_is_none_is_found() {
        use Rule::FinalIsFinal as Final;
        let timeless = OperationFacts {
            finished_at: None,
            ..succeeded()
        };
        check(
            timeless,
            &[(Final, "It is succeeded, but has no time of its end.")],
        );
        let owned = OperationFacts {
            owner: Some("a".to_owned()),
            ..succeeded()
        };
        check(
            owned,
            &[(Final, "It is succeeded, but a node holds it still.")],
        );
        let leased = OperationFacts {
            lease_until: Some(Timestamp::from_millis(1)),
            ..succeeded()
        };
        check(
            leased,
            &[(Final, "It is succeeded, but a node holds it still.")],
        );
        let untold = OperationFacts {
            ends: 0,
            end: None,
            ..succeeded()
        };
        check(
            untold,
            &[(
                Final,
                "It is succeeded, but its last event does not tell the end.",
            )],
        );
        let twice = OperationFacts {
            ends: 2,
            ..succeeded()
        };
        check(twice, &[(Final, "2 of its events tell an end.")]);
        let otherwise = OperationFacts {
            status: OperationStatus::Failed,
            ..succeeded()
        };
        check(
            otherwise,
            &[(Final, "It is failed, but its last event says succeeded.")],
        );
        let lost = OperationFacts {
            deployment_status: None,
            ..succeeded()
        };
        check(
            lost,
            &[(
                Final,
                "Its deployment 018f0000-0000-7000-8000-000000000001 is not recorded.",
            )],
        );
    }

    #[test]
    fn the_product_status_of_the_end_is_compared_with_the_newest_record() {
        let failed = || OperationFacts {
            deployment_status: Some(ProductStatus::Failed),
            ..succeeded()
        };
        let message =
            "Its last event says that the product is Running, but the deployment is Failed.";
        check(failed(), &[(Rule::FinalIsFinal, message)]);
        let older = OperationFacts {
            is_newest: false,
            ..failed()
        };
        check(older, &[]);
        let superseded = OperationFacts {
            deployment_status: Some(ProductStatus::Superseded),
            ..succeeded()
        };
        check(superseded, &[]);
    }

    #[test]
    fn steps_left_open_are_found() {
        let left = |status, state| OperationFacts {
            status,
            end: Some(End {
                status,
                product_status: ProductStatus::Failed,
            }),
            deployment_status: Some(ProductStatus::Failed),
            open_steps: vec![OpenSteps {
                state,
                count: 2,
                example: "start web/app".to_owned(),
            }],
            ..succeeded()
        };
        for (status, state, word) in [
            (
                OperationStatus::Failed,
                StepState::Started,
                "failed, but 2 of its steps are started",
            ),
            (
                OperationStatus::Failed,
                StepState::Unknown,
                "failed, but 2 of its steps are unknown",
            ),
            (
                OperationStatus::Cancelled,
                StepState::Pending,
                "cancelled, but 2 of its steps are pending",
            ),
            (
                OperationStatus::Cancelled,
                StepState::Started,
                "cancelled, but 2 of its steps are started",
            ),
        ] {
            let message = format!("It is {word}, such as 'start web/app'.");
            check(left(status, state), &[(Rule::FinalIsFinal, &message)]);
        }
        check(left(OperationStatus::Cancelled, StepState::Unknown), &[]);
    }

    #[test]
    fn an_active_operation_with_an_end_is_found() {
        use Rule::FinalIsFinal as Final;
        let ended = OperationFacts {
            ends: 1,
            ..running()
        };
        check(
            ended,
            &[(Final, "It is running, but an event tells its end.")],
        );
        let timed = OperationFacts {
            finished_at: Some(Timestamp::from_millis(1)),
            ..running()
        };
        check(
            timed,
            &[(Final, "It is running, but has a time of its end.")],
        );
        let resting = OperationFacts {
            deployment_status: Some(ProductStatus::Running),
            ..running()
        };
        check(
            resting,
            &[(Final, "It is running, but its deployment is Running.")],
        );
    }

    #[test]
    fn a_deployment_that_nobody_works_on_is_found() {
        let facts = |status, active: bool, changing: &[(&str, StackStatus)]| DeploymentFacts {
            id: ID.parse().unwrap(),
            group_id: "shop".to_owned(),
            deployment_name: "shop".to_owned(),
            status,
            active_operation: active.then(|| ID.parse::<OperationId>().unwrap()),
            changing_stacks: changing
                .iter()
                .map(|(stack, status)| ((*stack).to_owned(), *status))
                .collect(),
        };
        let check = |facts, expected: &[&str]| {
            let found = examine(&Snapshot {
                deployments: vec![facts],
                ..Snapshot::default()
            });
            assert!(
                found
                    .iter()
                    .all(|finding| finding.rule == Rule::FinalIsFinal)
            );
            let found: Vec<_> = found
                .iter()
                .map(|finding| finding.message.as_str())
                .collect();
            assert_eq!(found, expected);
        };
        let deploying = [("web", StackStatus::Deploying)];
        check(facts(ProductStatus::Running, false, &[]), &[]);
        check(facts(ProductStatus::Deploying, true, &deploying), &[]);
        check(
            facts(ProductStatus::Deploying, false, &[]),
            &["It is Deploying, but no operation works on it."],
        );
        check(
            facts(ProductStatus::Failed, false, &deploying),
            &["Its stack 'web' is Deploying, but no operation works on it."],
        );
    }

    #[test]
    fn two_active_operations_of_one_product_are_found() {
        let number = |number: u32| format!("018f0000-0000-7000-8000-00000000000{number}");
        let active = |id: u32, environment: u32, group: &str| ActiveFacts {
            id: number(id).parse().unwrap(),
            environment_id: number(environment).parse().unwrap(),
            group_id: group.to_owned(),
        };
        let examine = |active| {
            examine(&Snapshot {
                active,
                ..Snapshot::default()
            })
        };
        let fine = vec![
            active(1, 1, "shop"),
            active(2, 1, "blog"),
            active(3, 2, "shop"),
        ];
        assert_eq!(examine(fine), []);
        let found = examine(vec![active(1, 1, "shop"), active(2, 1, "shop")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule, Rule::OneActiveOperation);
        assert_eq!(
            found[0].message,
            format!("2 operations are active: {}, {}.", number(1), number(2))
        );
    }
}

//! The pictures, drawn of recorded states.

use leptos::prelude::*;

use super::Piece;
use super::samples::{
    at, chain, day, failed_run, finished_run, graph, operations, plain, previous_run, running_run,
    undone_run,
};
use crate::components::{Durations, HealthStrips, StackGraph, Timeline};
use crate::pictures::timeline::timeline;

/// Each picture of some recorded states.
#[component]
pub fn Pictures() -> impl IntoView {
    let previous = previous_run();
    let running = timeline(&running_run(), at(21), Some(&previous));
    let finished = timeline(&finished_run(), at(60), Some(&previous));
    let failed = timeline(&failed_run(), at(60), None);
    let undone = timeline(&undone_run(), at(60), None);
    view! {
        <Piece name="timeline-running" title="Timeline of an operation that runs">
            <Timeline drawn=Signal::stored(running) id="sample-running" title="While it runs" />
        </Piece>
        <Piece name="timeline-finished" title="Timeline of an operation that has ended">
            <Timeline drawn=Signal::stored(finished) id="sample-finished" title="Afterwards" />
        </Piece>
        <Piece name="timeline-failed" title="Timeline of an operation that failed">
            <Timeline drawn=Signal::stored(failed) id="sample-failed" title="After a failure" />
        </Piece>
        <Piece name="timeline-undone" title="Timeline of an operation that was taken back">
            <Timeline drawn=Signal::stored(undone) id="sample-undone" title="Taken back" />
        </Piece>
        <Piece name="graph" title="Stacks and what they depend on">
            <StackGraph stacks=graph() />
            <StackGraph stacks=plain() />
        </Piece>
        <Piece name="graph-chain" title="A long chain of stacks">
            <StackGraph stacks=chain() />
        </Piece>
        <Piece name="health-history" title="Health over a day">
            <HealthStrips timeline=day() />
        </Piece>
        <Piece name="durations" title="Durations of operations">
            <div class="card">
                <Durations operations=operations() />
            </div>
        </Piece>
    }
}

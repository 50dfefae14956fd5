//! What is wrong in the files of the sources.

use domain::product::Severity;
use domain::wire::SourceProblem;
use leptos::prelude::*;

use super::counted;
use crate::components::{Glyph, Icon, SectionTitle, Tone};

/// Every problem with its place and the way out.
#[component]
pub fn Problems(problems: Vec<SourceProblem>) -> impl IntoView {
    (!problems.is_empty()).then(|| {
        let count = counted(problems.len(), "problem");
        let lines = problems
            .into_iter()
            .map(|found| view! { <FoundProblem found /> })
            .collect_view();
        view! {
            <section aria-labelledby="problems">
                <SectionTitle title="Problems in the sources" id="problems".to_owned()>
                    <span class="soft small">{count}</span>
                </SectionTitle>
                <ul class="card found-problems">{lines}</ul>
            </section>
        }
    })
}

#[component]
fn FoundProblem(found: SourceProblem) -> impl IntoView {
    let SourceProblem { source_id, problem } = found;
    let (tone, glyph, word) = match problem.severity {
        Severity::Error => (Tone::Bad, Glyph::Failed, "Not used"),
        Severity::Warning => (Tone::Warn, Glyph::Warning, "Warning"),
    };
    let mut place = problem.file;
    for position in [problem.line, problem.column].into_iter().flatten() {
        place.push_str(&format!(":{position}"));
    }
    let field = (!problem.field.is_empty())
        .then(|| view! { <span class="soft">"at " <code>{problem.field}</code></span> });
    view! {
        <li class="found-problem">
            <span class=format!("badge badge--bare {}", tone.class())>
                <Icon glyph />
                {word}
            </span>
            <div class="found-problem__body">
                <p class="row">
                    <code class="found-problem__place">{place}</code>
                    {field}
                    <span class="soft">"in " {source_id}</span>
                </p>
                <p>{problem.message}</p>
                {problem.hint.map(|hint| view! { <p class="soft">{hint}</p> })}
            </div>
        </li>
    }
}
